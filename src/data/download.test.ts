import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Finished, poll, runCommandFile, temporaryFolder } from "../testing/service-process.ts";

const content = Buffer.from(`user_id,CHURN\n${Array.from({ length: 20_000 }, (_, i) => `${i},0\n`).join("")}`);

/** A ZIP of one stored file. */
function zip(name: string, data: Buffer, checksum = crc32(data)): Buffer {
  const header = (signature: number, extra: number) => {
    const fields = Buffer.alloc(extra);
    fields.writeUInt32LE(signature, 0);
    return fields;
  };
  const local = header(0x04034b50, 30);
  local.writeUInt16LE(20, 4);
  local.writeUInt32LE(checksum, 14);
  local.writeUInt32LE(data.length, 18);
  local.writeUInt32LE(data.length, 22);
  local.writeUInt16LE(name.length, 26);
  const central = header(0x02014b50, 46);
  central.writeUInt16LE(20, 6);
  local.copy(central, 16, 14, 28);
  const end = header(0x06054b50, 22);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, central, Buffer.from(name), end]);
}

const whole = zip("Train.csv", content);
const folder = temporaryFolder();
const DATA_DIR = folder.path;
let server: Server | undefined;

afterEach(() => {
  server?.close();
  folder.remove();
});

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<string> {
  let count = 0;
  server = createServer((request, response) => answer(request, response, ++count));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.zip`;
}

const download = (url: string, ...options: string[]): Promise<Finished> =>
  runCommandFile("data/download.ts", ["--url", url, "--timeout", "1000", "--backoff", "10", ...options], { DATA_DIR });

const part = join(DATA_DIR, "raw", "expresso.zip.part");
const target = join(DATA_DIR, "raw", "Train.csv");
const startOf = (request: IncomingMessage): number => Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);

/** Sends the ZIP from where it is asked for, honouring If-Range. */
function send(request: IncomingMessage, response: ServerResponse, body: Buffer, tag: string, dropAfter?: number): void {
  const start = request.headers["if-range"] === tag ? startOf(request) : 0;
  const range = { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` };
  response.writeHead(start > 0 ? 206 : 200, {
    etag: tag,
    "content-length": body.length - start,
    ...(start > 0 && range),
  });
  if (dropAfter === undefined) {
    response.end(body.subarray(start));
    return;
  }
  // A connection that breaks at once may take what it carried with it: it breaks when that has arrived.
  response.write(body.subarray(start, start + dropAfter));
  void poll(() => (existsSync(part) && statSync(part).size >= start + dropAfter) || undefined).finally(() =>
    response.destroy(),
  );
}

describe("bun run data:download", () => {
  test("goes on where a dropped connection stopped", async () => {
    const starts: number[] = [];
    const url = await serve((request, response, count) => {
      starts.push(startOf(request));
      send(request, response, whole, '"a"', count === 1 ? whole.length / 2 : undefined);
    });
    const { code, stderr, stdout } = await download(url);
    expect([code, stderr]).toEqual([0, expect.stringContaining("trying again")]);
    expect(stdout).toContain("sha256");
    expect(readFileSync(target)).toEqual(content);
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(0);
    expect(existsSync(join(DATA_DIR, "raw", "expresso.zip"))).toBe(false);
  });

  test("starts again when the server ignores the range or offers another file", async () => {
    for (const answer of ["ignores", "changed"]) {
      folder.remove();
      const other = zip("Train.csv", Buffer.from(answer.repeat(30_000)));
      const url = await serve((request, response, count) => {
        if (count === 1) return send(request, response, whole, '"a"', whole.length / 2);
        if (answer === "ignores") delete request.headers["if-range"];
        return send(request, response, answer === "ignores" ? whole : other, answer === "ignores" ? '"a"' : '"b"');
      });
      expect((await download(url)).code).toBe(0);
      expect(readFileSync(target)).toEqual(answer === "ignores" ? content : Buffer.from(answer.repeat(30_000)));
      server?.close();
    }
  });

  test("takes up in a second run what a first one could not finish", async () => {
    const broken = await serve((request, response) => send(request, response, whole, '"a"', 5_000));
    const first = await download(broken);
    expect([first.code, first.stderr]).toEqual([69, expect.stringContaining("run it again")]);
    server?.close();
    let start = 0;
    const mended = await serve((request, response) => {
      start = startOf(request);
      send(request, response, whole, '"a"');
    });
    expect((await download(mended)).code).toBe(0);
    expect(start).toBeGreaterThan(0);
    expect(readFileSync(target)).toEqual(content);
  }, 30_000);

  test("does nothing when the data is there, unless told to", async () => {
    const url = await serve((request, response) => send(request, response, whole, '"a"'));
    await download(url);
    expect((await download(url)).stdout).toContain("is there already");
    expect((await download(url, "--force")).stdout).toContain("sha256");
  });

  const fullDisk = "/dev/full";
  if (!existsSync(fullDisk)) process.stderr.write(`not tested: a full disk, as there is no ${fullDisk}\n`);
  test.skipIf(!existsSync(fullDisk))("unpacks in a second run what did not fit on the disk in the first", async () => {
    let requests = 0;
    const url = await serve((request, response, count) => {
      requests = count;
      send(request, response, whole, '"a"');
    });
    mkdirSync(join(DATA_DIR, "raw"), { recursive: true });
    symlinkSync(fullDisk, `${target}.unpacking`);
    const first = await download(url);
    expect([first.code, first.stderr]).toEqual([69, expect.stringContaining("no space left")]);
    expect(first.stderr).not.toContain("damaged");
    expect(existsSync(target)).toBe(false);
    rmSync(`${target}.unpacking`, { force: true });
    expect((await download(url)).code).toBe(0);
    expect(readFileSync(target)).toEqual(content);
    expect(requests).toBe(1);
  });

  test("fetches again with --force after a damaged ZIP", async () => {
    const url = await serve((request, response, count) =>
      send(request, response, count === 1 ? zip("Train.csv", content, 1) : whole, `"${count}"`),
    );
    expect((await download(url)).stderr).toContain("--force");
    expect((await download(url, "--force")).code).toBe(0);
    expect(readFileSync(target)).toEqual(content);
  });

  test.each([
    ["a damaged ZIP", zip("Train.csv", content, 1), 65, "damaged"],
    ["no ZIP at all", Buffer.from("<html>sign in</html>"), 65, "damaged"],
    ["a ZIP without Train.csv", zip("other.csv", content), 65, "no Train.csv"],
  ])("refuses %s and leaves no half file", async (_, body, code, message) => {
    const url = await serve((request, response) => send(request, response, body as Buffer, '"a"'));
    const finished = await download(url);
    expect([finished.code, finished.stderr]).toEqual([code as number, expect.stringContaining(message as string)]);
    expect(existsSync(target)).toBe(false);
  });

  test("says what to do when the server refuses or is not there", async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    const refused = await download(url);
    expect([refused.code, refused.stderr]).toEqual([69, expect.stringContaining("404")]);
    server?.close();
    const offline = await download(url);
    expect([offline.code, offline.stderr]).toEqual([69, expect.stringContaining("cannot be reached")]);
  }, 30_000);
});
