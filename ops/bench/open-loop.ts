import { connect, type Socket } from "node:net";

export interface OpenLoad {
  url: string;
  body: string;
  /** Requests per second that are wanted, however long the answers take. */
  rate: number;
  /** Connections to take them; a request that finds all of them waiting for an answer is not sent. */
  connections: number;
  seconds: number;
  /** The clock, in milliseconds, by which goodput is counted: another one leaves out time that is not the service's. */
  clock?: () => number;
}

export interface OpenLoadResult {
  /** Requests that were due in the time. */
  due: number;
  unsent: number;
  /** Answers by status; 0 for a connection that broke. */
  statuses: Map<number, number>;
  /** 200s per second on the clock, without the first fifth of the time. */
  goodput: number;
  /** Milliseconds from sending to a 200, without the first fifth of the time. */
  p50: number;
  p99: number;
}

const tick = 1;
const openingTogether = 200;
const statusAt = "HTTP/1.1 ".length;

interface Connection {
  socket: Socket;
  sentAt: number;
}

/** Whether a buffer holds a whole answer: those of this service state their length. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  const length = text.match(/content-length: (\d+)/i)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

function open(port: number, onAnswer: (connection: Connection, status: number) => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const connection: Connection = { socket, sentAt: 0 };
    let text = "";
    socket.once("connect", () => resolve(connection));
    socket.on("error", reject);
    socket.on("close", () => onAnswer(connection, 0));
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (!isWhole(text)) return;
      const status = Number(text.slice(statusAt, statusAt + 3));
      text = "";
      onAnswer(connection, status);
    });
  });
}

/** The value below which a share of the sorted values lies; NaN without any. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Sends POST requests at a rate that does not depend on how fast they are answered: what wrk cannot do. */
export async function runOpenLoad({
  url,
  body,
  rate,
  connections,
  seconds,
  clock = () => performance.now(),
}: OpenLoad): Promise<OpenLoadResult> {
  const { port, pathname, host } = new URL(url);
  const request = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  const settled = (seconds * 1000) / 5;
  let started = Number.POSITIVE_INFINITY;
  let settledAt = Number.NaN;
  let isOver = false;
  let free: Connection[] = [];

  function onAnswer(connection: Connection, status: number): void {
    if (isOver) return;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 0) return;
    const time = performance.now();
    if (status === 200 && settledAt >= 0) latencies.push(time - connection.sentAt);
    free.push(connection);
  }

  const all: Connection[] = [];
  while (all.length < connections) {
    const count = Math.min(openingTogether, connections - all.length);
    all.push(...(await Promise.all(Array.from({ length: count }, () => open(Number(port), onAnswer)))));
  }
  free = [...all];
  let due = 0;
  let unsent = 0;
  started = performance.now();
  const end = started + seconds * 1000;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const time = performance.now();
      if (Number.isNaN(settledAt) && time - started >= settled) settledAt = clock();
      const now = Math.floor(((Math.min(time, end) - started) / 1000) * rate);
      for (; due < now; due++) {
        const connection = free.pop();
        if (!connection) unsent++;
        else {
          connection.sentAt = time;
          connection.socket.write(request);
        }
      }
      if (time < end) return;
      clearInterval(timer);
      resolve();
    }, tick);
  });
  isOver = true;
  const counted = (clock() - settledAt) / 1000;
  for (const { socket } of all) socket.destroy();
  latencies.sort((a, b) => a - b);
  return {
    due,
    unsent,
    statuses,
    goodput: latencies.length / counted,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}
