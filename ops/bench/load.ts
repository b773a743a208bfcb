import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";

export interface Load {
  url: string;
  body: string;
  /** Stands in the body: each request has another one of {@link users} in its place. */
  userId?: string;
  connections: number;
  seconds: number;
}

/** How many there are where each request is of another user. */
export const users = 200_000;

export interface LoadResult {
  requestsPerSecond: number;
  /** 99th percentile of the latency in milliseconds. */
  p99: number;
  failures: number;
}

/** wrk when it is installed, since it costs the measured server less of the machine; else autocannon. */
export const generator = Bun.which("wrk") ? "wrk" : "autocannon";

/** Sends POST requests from a fixed number of connections, each as soon as the one before it is answered. */
export function runLoad(load: Load): Promise<LoadResult> {
  return generator === "wrk" ? runWrk(load) : runAutocannon(load);
}

async function runAutocannon({ url, body, userId, connections, seconds }: Load): Promise<LoadResult> {
  let request = 0;
  const ofAnother = () => body.replace(userId as string, (request++ % users).toString(16).padStart(40, "0"));
  const result = await autocannon({
    url,
    body,
    ...(userId && { requests: [{ setupRequest: (sent) => ({ ...sent, body: ofAnother() }) }] }),
    connections,
    duration: seconds,
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  return {
    requestsPerSecond: result.requests.average,
    p99: result.latency.p99,
    failures: result.non2xx + result.errors,
  };
}

/** Random users of 40 hexadecimal digits, as those of the operator are, written into a request made in advance. */
const luaOfUsers = (body: string, userId: string): string => `
local ids, i = {}, 0
for n = 1, ${users} do ids[n] = string.format(string.rep("%08x", 5), math.random(0, 2^31), math.random(0, 2^31), math.random(0, 2^31), math.random(0, 2^31), n) end
local head, tail
init = function() head, tail = wrk.format(nil, nil, nil, ${JSON.stringify(body.replace(userId, "0".repeat(40)))}):match("^(.*)0000000000000000000000000000000000000000(.*)$") end
request = function() i = i % ${users} + 1 return head .. ids[i] .. tail end
`;

async function runWrk({ url, body, userId, connections, seconds }: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-load-"));
  const script = join(folder, "post.lua");
  writeFileSync(
    script,
    `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = ${JSON.stringify(body)}${userId ? luaOfUsers(body, userId) : ""}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %f %f %d\\n", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
`,
  );
  try {
    const run = Bun.spawn(["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const output = await new Response(run.stdout).text();
    const found = output.match(/^RESULT (\S+) (\S+) (\S+)$/m);
    if (!found) throw new Error(`wrk gave no result: ${output}`);
    return { requestsPerSecond: Number(found[1]), p99: Number(found[2]), failures: Number(found[3]) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
