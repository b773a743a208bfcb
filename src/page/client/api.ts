import type { fields } from "../../customer.ts";
import type { shownMetrics } from "../../monitoring/metric-titles.ts";
import type { pagePanels } from "../../monitoring/page-panels.ts";
import type { alarmSchema, PresentedResult, verdictSchema } from "../../monitoring/report.ts";
import type { PageFigures } from "../figures.ts";
import { byId } from "./dom.ts";

type Output<S extends { _zod: { output: unknown } }> = S["_zod"]["output"];
export type Result = PresentedResult;
export type Alarm = Output<typeof alarmSchema>;
export type PanelKey = keyof typeof pagePanels;

export interface Monitoring {
  scenario: string;
  since: string;
  rows: number;
  verdict: Output<typeof verdictSchema>;
  alarms: Alarm[];
  results: Result[];
}
export interface Setup {
  metrics: { metric: (typeof shownMetrics)[number]; title: string }[];
  scenarios: { name: string; about: string }[];
  /** Whether this key may switch the scenario, and be told of replayed customers. */
  may_switch: boolean;
  may_predict: boolean;
  feedback_delay: number;
  /** Predictions in a full window. */
  window: number;
  least: { rows: number; labels: number; coverage: number };
  fields: ((typeof fields)[number] & { levels: string[] })[];
}
export type WindowFigures = PageFigures & {
  at: number;
  /** When the service was started. */
  started_at: number;
  /** Predictions since then. */
  answered: number;
  model: { version: string; trained_at: number; importance: Record<string, number> };
  rejections: { reason: string; count: number }[];
};
export interface Bin {
  bin: string;
  reference: number;
  current: number;
}
export interface Distributions {
  features: { feature: string; bins: Bin[] }[];
  score: { bins: Bin[] };
}

const keyName = "churnwatch-key";
const silence = 40_000;
const patience = 20_000;
const retryAfter = 2000;
export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether the service was told a key. */
export const hasKey = (): boolean => Boolean(sessionStorage.getItem(keyName));

/** What was asked for, or why it could not be had. */
export type Answer<T> = { value: T } | { error: string };

export const attempt = <T>(asked: Promise<T>): Promise<Answer<T>> =>
  asked.then(
    (value) => ({ value }),
    (error) => ({ error: messageOf(error) }),
  );

/** What the service answered when it did not do what was asked. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

let asking: Promise<void> | null = null;

function askForKey(): Promise<void> {
  const dialog = byId<HTMLDialogElement>("key");
  byId("key-refused").hidden = !hasKey();
  asking ??= new Promise<void>((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        sessionStorage.setItem(keyName, byId<HTMLInputElement>("key-value").value);
        asking = null;
        resolve();
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}

async function send(path: string, options: RequestInit = {}): Promise<Response> {
  const key = sessionStorage.getItem(keyName);
  const headers = new Headers(options.headers);
  if (key) headers.set("authorization", `Bearer ${key}`);
  // A connection that broke without a word would be waited for as long as the system does.
  const signal = options.signal ?? AbortSignal.timeout(patience);
  const response = await fetch(path, { ...options, headers, signal }).catch((error: unknown) => {
    throw new Error("the service does not answer", { cause: error });
  });
  if (response.ok) return response;
  if (response.status === 401) {
    await askForKey();
    return send(path, options);
  }
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Refused(response.status, detail ?? `the service answered ${response.status}`);
}

export const get = async <T>(path: string): Promise<T> => (await send(path)).json() as Promise<T>;

export const post = async <T>(path: string, body: unknown): Promise<T> =>
  (
    await send(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  ).json() as Promise<T>;

export type Connection = "connecting" | "live" | "lost";

/** Follows the service's events for ever; a lost connection is told and taken up again. */
export async function followEvents(
  onEvent: (type: string) => void,
  onState: (state: Connection, reason?: string) => void,
): Promise<never> {
  for (;;) {
    try {
      await readEvents(onEvent, () => onState("live"));
    } catch (error) {
      onState("lost", messageOf(error));
      await pause(retryAfter);
      continue;
    }
    onState("lost", "the service ended the stream");
    await pause(retryAfter);
  }
}

async function readEvents(onEvent: (type: string) => void, onOpen: () => void): Promise<void> {
  const broken = new AbortController();
  let timer = setTimeout(() => broken.abort(), silence);
  const response = await send("/events", { signal: broken.signal });
  onOpen();
  const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    clearTimeout(timer);
    timer = setTimeout(() => broken.abort(), silence);
    const messages = (rest + value).split("\n\n");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const type = /^event: (.+)$/m.exec(message)?.[1];
      if (type) onEvent(type);
    }
  }
  clearTimeout(timer);
}
