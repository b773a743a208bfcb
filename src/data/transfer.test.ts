import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "../testing/service-process.ts";
import { type TransferOptions, transfer } from "./transfer.ts";

const whole = Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 251));
const folder = temporaryFolder();
const file = join(folder.path, "data.zip");
const part = `${file}.part`;
let server: Server;
let ranges: (string | undefined)[];
let reasons: string[];

beforeEach(() => {
  mkdirSync(folder.path, { recursive: true });
  ranges = [];
  reasons = [];
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  folder.remove();
});

async function fetchFrom(answer: RequestListener, options: Partial<TransferOptions> = {}): Promise<void> {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    return answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await transfer({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    file,
    retries: 2,
    backoff: 1,
    timeout: 2_000,
    onBytes: () => {},
    onRetry: (reason) => void reasons.push(reason),
    ...options,
  });
}

/** What an earlier run left behind. */
function leave(bytes: Uint8Array, tag: string): void {
  writeFileSync(part, bytes);
  writeFileSync(`${part}.tag`, tag);
}

const sendWhole: RequestListener = (_, response) =>
  void response.writeHead(200, { etag: '"a"', "content-length": whole.length }).end(whole);

describe("transfer", () => {
  test("asks for the rest only, and joins it to what was there", async () => {
    leave(whole.subarray(0, 400), '"a"');
    const seen: [number, number | null][] = [];
    await fetchFrom(
      (_, response) =>
        void response
          .writeHead(206, { etag: '"a"', "content-range": "bytes 400-999/1000", "content-length": 600 })
          .end(whole.subarray(400)),
      { onBytes: (...now) => void seen.push(now) },
    );
    expect(ranges).toEqual(["bytes=400-"]);
    expect(readFileSync(file)).toEqual(whole);
    expect(seen.at(-1)).toEqual([1000, 1000]);
    expect([existsSync(part), existsSync(`${part}.tag`)]).toEqual([false, false]);
  });

  test("goes on after a part that is shorter than the one it asked for", async () => {
    leave(whole.subarray(0, 400), '"a"');
    await fetchFrom((request, response) => {
      const start = Number(request.headers.range?.match(/\d+/)?.[0]);
      const end = Math.min(999, start + 299);
      const headers = { "content-range": `bytes ${start}-${end}/1000`, "content-length": end - start + 1 };
      response.writeHead(206, headers).end(whole.subarray(start, end + 1));
    });
    expect(ranges).toEqual(["bytes=400-", "bytes=700-"]);
    expect(readFileSync(file)).toEqual(whole);
  });

  test.each([
    ["has nothing after what arrived", 416, {}, ""],
    ["sends another part than the one asked for", 206, { "content-range": "bytes 0-999/1000" }, whole],
    ["does not say which part it sends", 206, {}, whole],
  ])("starts again when the server %s", async (_, status, headers, body) => {
    leave(whole, '"a"');
    await fetchFrom((request, response) => {
      if (request.headers.range === undefined) return sendWhole(request, response);
      return response.writeHead(status, headers as Record<string, string>).end(body);
    });
    expect(ranges).toEqual(["bytes=1000-", undefined]);
    expect(readFileSync(file)).toEqual(whole);
  });

  test("does not join to bytes that nothing identifies", async () => {
    writeFileSync(part, "of another file");
    await fetchFrom(sendWhole);
    expect(ranges).toEqual([undefined]);
    expect(readFileSync(file)).toEqual(whole);
  });

  test("takes a file whose size the server does not tell", async () => {
    const totals = new Set<number | null>();
    await fetchFrom(
      (_, response) => {
        response.write(whole.subarray(0, 500));
        response.end(whole.subarray(500));
      },
      { onBytes: (_received, total) => void totals.add(total) },
    );
    expect(readFileSync(file)).toEqual(whole);
    expect([...totals]).toEqual([null]);
  });

  test.each([503, 429])("tries again after the answer %d", async (status) => {
    await fetchFrom((request, response) =>
      ranges.length === 1 ? response.writeHead(status).end() : sendWhole(request, response),
    );
    expect(reasons).toEqual([expect.stringContaining(`answered ${status}`)]);
    expect(readFileSync(file)).toEqual(whole);
  });

  test.each([403, 404])("does not insist after the answer %d", async (status) => {
    const refused = fetchFrom((_, response) => void response.writeHead(status).end());
    await expect(refused).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining(`${status}`) });
    expect(ranges).toHaveLength(1);
  });

  test("never calls a file complete that is shorter than announced", async () => {
    const short = fetchFrom(
      (_, response) => {
        response.writeHead(200, { etag: '"a"', "content-length": 2_000 });
        response.write(whole);
      },
      { timeout: 100 },
    );
    await expect(short).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("3 times") });
    expect(reasons).toEqual(Array(2).fill("nothing arrived for 0.1 s"));
    expect(existsSync(file)).toBe(false);
  });

  const fullDisk = "/dev/full";
  if (!existsSync(fullDisk)) process.stderr.write(`not tested: a full disk, as there is no ${fullDisk}\n`);
  test.skipIf(!existsSync(fullDisk))("says that the disk is full, once, and what to do", async () => {
    symlinkSync(fullDisk, part);
    const full = fetchFrom(sendWhole);
    await expect(full).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/no space.*make room/),
    });
    expect(ranges).toHaveLength(1);
    expect(existsSync(file)).toBe(false);
  });
});
