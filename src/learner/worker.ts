import { type Job, work } from "./crew.ts";

declare const self: Worker;

/** A helper of a crew, in a thread of its own. */
self.onmessage = ({ data }: MessageEvent<Job>) => work(data);
