import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";

export interface Load {
  url: string;
  body: string;
  connections: number;
  seconds: number;
}

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

async function runAutocannon({ url, body, connections, seconds }: Load): Promise<LoadResult> {
  const result = await autocannon({
    url,
    body,
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

async function runWrk({ url, body, connections, seconds }: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-load-"));
  const script = join(folder, "post.lua");
  writeFileSync(
    script,
    `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = ${JSON.stringify(body)}
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
