import { connect } from "node:net";
import fc from "fast-check";
import { keys } from "./keys.ts";

/** What is written to a socket: pieces in turn, and how it ends. */
export interface RawCase {
  name: string;
  pieces: readonly (string | Uint8Array)[];
  /** Milliseconds between two pieces. */
  pause: number;
  /** `half-close`: no more will come; `reset`: gone without a word; `wait`: the answer is awaited. */
  end: "half-close" | "reset" | "wait";
  /** Statuses of the first answer that are right; 0 stands for a closed connection. */
  wanted: readonly number[];
}

export interface RawAnswer {
  /** Of every answer on the connection; 0 at last when the server closed it without one. */
  statuses: number[];
  text: string;
  seconds: number;
  /** Whether nothing happened for too long. */
  isHung: boolean;
}

/** Writes a case to a socket of its own and reads until the server closes it, answers, or `patience` (ms) is over. */
export function exchange(port: number, { pieces, pause, end }: RawCase, patience: number): Promise<RawAnswer> {
  const started = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    let timers: Timer[] = [];
    const finish = (isHung: boolean) => {
      for (const timer of timers) clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)]
        .map(([, status]) => Number(status))
        .filter((status) => status !== 100);
      resolve({
        statuses: statuses.length > 0 ? statuses : [0],
        text,
        seconds: (performance.now() - started) / 1000,
        isHung,
      });
    };
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    // A reset is an answer too: the server wants no more of it.
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
    socket.on("connect", () => {
      timers = pieces.map((piece, i) => setTimeout(() => socket.write(piece), i * pause));
      const last = pieces.length * pause + 20;
      if (end === "half-close") timers.push(setTimeout(() => socket.end(), last));
      if (end === "reset") timers.push(setTimeout(() => socket.resetAndDestroy(), last));
      timers.push(setTimeout(() => finish(end !== "half-close" || text === ""), patience));
    });
  });
}

const head = (lines: readonly string[], route = "POST /predict HTTP/1.1"): string =>
  [
    route,
    "host: local",
    `x-api-key: ${keys.admin}`,
    "content-type: application/json",
    "connection: close",
    ...lines,
    "",
    "",
  ].join("\r\n");

const chunked = (parts: readonly string[]): string =>
  `${parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join("")}0\r\n\r\n`;

const customer = '{"user_id":"of a socket","regularity":3}';
const refused = [400, 413, 414, 431, 501, 505, 0];

/** Cuts a text into parts at some of its places. */
const cut = (text: string): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 6 }).map((places) => {
    const sorted = [0, ...places.sort((a, b) => a - b), text.length];
    return sorted.slice(1).map((end, i) => text.slice(sorted[i], end));
  });

const floods: RawCase[] = [
  ["1000 headers", head(Array.from({ length: 1000 }, (_, i) => `x-${i}: ${"y".repeat(20)}`))],
  ["a header of 100 kB", head([`x: ${"y".repeat(100_000)}`])],
  ["a header without end", `${head([]).trimEnd()}\r\nx: ${"y".repeat(1_000_000)}`],
  ["an address of 100 kB", head([], `GET /${"a".repeat(100_000)} HTTP/1.1`)],
  ["bytes that are no request", "\u0000\u0001\u0002\r\n\r\n"],
  ["TLS", Buffer.from("16030100a5010000a10303", "hex").toString("latin1")],
  ["a length that is no number", head(["content-length: ten"]) + customer],
  ["a negative length", head(["content-length: -1"]) + customer],
  ["a length and chunks", head(["content-length: 5", "transfer-encoding: chunked"]) + chunked([customer])],
  ["two lengths", head(["content-length: 5", `content-length: ${customer.length}`]) + customer],
  ["a chunk whose size is no number", `${head(["transfer-encoding: chunked"])}zz\r\n${customer}\r\n0\r\n\r\n`],
  ["a chunk of 2^64 bytes", `${head(["transfer-encoding: chunked"])}ffffffffffffffffff\r\n${customer}\r\n0\r\n\r\n`],
  [
    "a body larger than its limit in chunks",
    head(["transfer-encoding: chunked"]) + chunked(Array(80).fill("x".repeat(1024))),
  ],
  ["a length with a sign", head([`content-length: +${customer.length}`]) + customer],
  ["a length in hexadecimal", head([`content-length: 0x${customer.length.toString(16)}`]) + customer],
  ["a list of lengths", head([`content-length: ${customer.length}, ${customer.length}`]) + customer],
  ["a coding that only ends in chunked", head(["transfer-encoding: xchunked"]) + chunked([customer])],
  ["two codings", head(["transfer-encoding: identity, chunked"]) + chunked([customer])],
  [
    "a space before the colon",
    head(["transfer-encoding : chunked", `content-length: ${customer.length}`]) + chunked([customer]),
  ],
  ["a header line that is folded", head([`content-length: ${customer.length}`, "x-a: b", " c: d"]) + customer],
  ["a carriage return within a header", head([`content-length: ${customer.length}`, "x-a: b\rc: d"]) + customer],
  [
    "header lines after the body",
    head(["transfer-encoding: chunked"]) + chunked([customer]).replace(/\r\n$/, "x: y\r\n\r\n"),
  ],
  ["an extension of a chunk without end", `${head(["transfer-encoding: chunked"])}1;${"a".repeat(50_000)}\r\n`],
  ["lines without carriage return", head([]).replaceAll("\r", "")],
  ["no host", "GET /models HTTP/1.1\r\n\r\n"],
  ["a method that does not exist", head([], "FOO /predict HTTP/1.1")],
  ["a length of 10 GB", head(["content-length: 10000000000"]) + customer],
].map(([name, text]) => ({
  name: name as string,
  pieces: [text as string],
  pause: 0,
  end: "half-close",
  wanted: refused,
}));

/** The first asks to close: it is answered or cut off, and the second is not answered. */
const pipelined: RawCase = {
  name: "two requests with bodies at once",
  pieces: [(head([`content-length: ${customer.length}`]) + customer).repeat(2)],
  pause: 0,
  end: "half-close",
  wanted: [200, 0],
};

const slow = fc
  .tuple(cut(customer), fc.boolean(), fc.integer({ min: 0, max: 40 }))
  .map(([parts, isChunked, pause]): RawCase => {
    const pieces = isChunked
      ? [
          head(["transfer-encoding: chunked"]),
          ...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`),
          "0\r\n\r\n",
        ]
      : [head([`content-length: ${customer.length}`]), ...parts];
    return {
      name: isChunked ? "a body in chunks" : "a body in pieces",
      pieces,
      pause,
      end: "wait",
      wanted: [200, 401],
    };
  });

const truncated = fc
  .tuple(
    fc.integer({ min: 0, max: customer.length - 1 }),
    fc.boolean(),
    fc.constantFrom("half-close" as const, "reset" as const),
  )
  .map(([length, isChunked, end]): RawCase => {
    const part = customer.slice(0, length);
    const body = isChunked ? `${customer.length.toString(16)}\r\n${part}` : part;
    const header = isChunked ? "transfer-encoding: chunked" : `content-length: ${customer.length}`;
    return { name: "a body that breaks off", pieces: [head([header]), body], pause: 5, end, wanted: [400, 0] };
  });

const whole = head([`content-length: ${customer.length}`]) + customer;
const flipped = fc
  .tuple(fc.nat({ max: whole.length - 1 }), fc.uint8Array({ minLength: 1, maxLength: 6 }))
  .map(([at, noise]): RawCase => {
    const bytes = Buffer.from(whole);
    bytes.set(noise.subarray(0, bytes.length - at), at);
    const wanted = [200, 401, 404, 405, 408, 411, 415, 417, 422, ...refused];
    return { name: "a request with bytes changed", pieces: [bytes], pause: 0, end: "half-close", wanted };
  });

/** Requests that no well-behaved client writes. */
export const rawCases = (count: number, seed: number): RawCase[] => [
  ...floods,
  pipelined,
  ...fc.sample(fc.oneof(slow, truncated, flipped), { numRuns: count, seed }),
];

/** Senders that stop in the middle of the body, or send header lines for ever. */
export const stalled: readonly RawCase[] = [
  {
    name: "a sender that stops",
    pieces: [head([`content-length: ${customer.length}`]), customer.slice(0, 9)],
    pause: 0,
    end: "wait",
    wanted: [408],
  },
  {
    name: "a CSV that drips",
    pieces: [
      head(["transfer-encoding: chunked"], "POST /feedback/batch HTTP/1.1").replace("application/json", "text/csv"),
      "10\r\nuser_id,churned\n\r\n",
      ...Array.from({ length: 40 }, () => "4\r\na,1\n\r\n"),
    ],
    pause: 1000,
    end: "wait",
    wanted: [408],
  },
  {
    name: "header lines without end",
    pieces: ["POST /predict HTTP/1.1\r\nhost: local\r\n", ...Array.from({ length: 28 }, (_, i) => `x-${i}: y\r\n`)],
    pause: 1000,
    end: "wait",
    wanted: [0, 400, 408],
  },
];
