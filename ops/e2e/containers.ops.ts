import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { run, startEngine } from "./engine.ts";
import { until } from "./processes.ts";
import { makeImages } from "./stand-ins.ts";
import { composeCommand, howToInstall, toolSets } from "./tools.ts";

const compose = composeCommand();
const tools = toolSets.at(-1);
const found =
  compose && tools ? await startEngine() : { reason: `Prometheus or docker compose is not here: ${howToInstall}` };

if ("reason" in found || !compose || !tools) {
  const { reason } = found as { reason: string };
  process.stderr.write(`containers are not run: ${reason}\n`);
  test.skip(`the containers of compose.yaml (${reason})`, () => {});
} else {
  const engine = found;
  const file = join(import.meta.dir, "..", "compose.yaml");
  // Few customers a second, for a first start that many parts share two cores with.
  const environment = {
    ...engine.environment,
    REPLAY_RATE: "20",
    FEEDBACK_DELAY: "2",
    MONITOR_EVERY: "5",
    ALERT_WEBHOOK_URL: "http://alerts.example.org/",
  };
  const call = (...words: string[]) => run([...compose, "-f", file, ...words], { env: environment });
  const succeed = async (...words: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await call(...words);
    expect(exitCode, `${words.join(" ")}: ${stderr.slice(-3000)}`).toBe(0);
    return stdout;
  };
  const get = async (address: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await engine.inNetwork(
      "curl",
      "-fsS",
      "-m",
      "10",
      `http://127.0.0.1:${address}`,
    );
    if (exitCode !== 0) throw new Error(`${address}: ${stderr}`);
    return stdout;
  };
  const query = async (expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const answer = await get(`9090/api/v1/query?query=${encodeURIComponent(expression)}`);
    return (JSON.parse(answer) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } })
      .data.result;
  };

  describe("the containers of compose.yaml", () => {
    beforeAll(async () => {
      const { services } = JSON.parse(await succeed("config", "--format", "json")) as {
        services: Record<string, { image: string }>;
      };
      await makeImages(
        engine,
        tools,
        Object.fromEntries(Object.entries(services).map(([name, { image }]) => [name, image])),
      );
      const { exitCode, stderr } = await call(
        "up",
        "-d",
        "--pull",
        "never",
        "--no-build",
        "--wait",
        "--wait-timeout",
        "240",
      );
      const logs = exitCode === 0 ? "" : (await call("logs", "--tail", "15")).stdout;
      expect(exitCode, `${stderr.slice(-2000)}\n${logs}`).toBe(0);
    }, 400_000);

    afterAll(async () => {
      await call("--profile", "train", "down", "-v", "-t", "5");
      await engine.stop();
    }, 60_000);

    test("become healthy one after the other, from nothing to a trained model", async () => {
      const { stdout } = await call("ps", "--format", "{{.Service}} {{.Health}}");
      expect(stdout.trim().split("\n").sort()).toEqual(
        ["alertmanager", "churnwatch", "grafana", "prometheus", "pushgateway"].map((name) => `${name} healthy`),
      );
      expect((JSON.parse(await get("8000/models")) as { models: unknown[] }).models).toHaveLength(1);
    });

    test("answer at their ports, on loopback only", async () => {
      for (const address of ["8000/health/ready", "9090/-/ready", "9091/-/ready", "9093/-/ready", "3000/api/health"])
        await get(address);
      const { stdout } = await engine.inNetwork("ss", "-Htln");
      const listening = stdout
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/)[3] ?? "")
        .filter((address) => /:(8000|3000|909[013])$/.test(address));
      expect(listening).toHaveLength(5);
      for (const address of listening) expect(address).toStartWith("127.0.0.1:");
    });

    test("find each other: Prometheus scrapes all of them, and knows Alertmanager and the rules", async () => {
      const up = await until("all targets to be up", async () => {
        const targets = (await query("up")).filter(({ value }) => value[1] === "1");
        return targets.length === 4 ? targets : null;
      });
      expect(up.map(({ metric }) => metric.job ?? "").sort()).toEqual([
        "alertmanager",
        "churnwatch",
        "prometheus",
        "pushgateway",
      ]);
      expect(await get("9090/api/v1/alertmanagers")).toContain("alertmanager:9093");
      expect(await get("9090/api/v1/rules")).toContain("ChurnServiceDown");
      const { config } = JSON.parse(await get("9093/api/v2/status")) as { config: { original: string } };
      expect(config.original.match(/webhook_configs:/g)).toHaveLength(3);
      await until("replayed predictions", async () =>
        (await query("sum(churn_predictions_total) > 0")).length > 0 ? true : null,
      );
    }, 90_000);

    test("run as nobody special, on files that they cannot change", async () => {
      for (const name of ["churnwatch", "prometheus", "pushgateway", "alertmanager", "grafana"]) {
        expect((await succeed("exec", "-T", name, "id", "-u")).trim(), name).not.toBe("0");
        const { exitCode } = await call("exec", "-T", name, "touch", "/etc/changed");
        expect(exitCode, name).not.toBe(0);
      }
    });

    test("hold the native libraries of this platform alone", async () => {
      const files = await succeed("exec", "-T", "churnwatch", "find", "node_modules", "-name", "*.node", "-type", "f");
      const platform = `linux/${process.arch}/`;
      const onnx = files.split("\n").filter((file) => file.includes("onnxruntime"));
      expect(onnx).toEqual([expect.stringContaining(`${platform}onnxruntime_binding.node`)]);
      expect(files.split("\n").filter((file) => file.includes("duckdb"))).toHaveLength(1);
    });

    test("tell an address that this machine can call", async () => {
      expect(await succeed("logs", "--no-log-prefix", "churnwatch")).toContain(
        "Churnwatch serves at http://localhost:8000",
      );
    });

    test("hold the packages of production that bun.lock pins, and say so in a bill of materials", async () => {
      const { services } = JSON.parse(await succeed("config", "--format", "json")) as {
        services: Record<string, { image: string }>;
      };
      const out = join(engine.folder, "churnwatch.cdx.json");
      const command = join(import.meta.dir, "..", "supply-chain", "sbom.ts");
      const { exitCode, stderr } = await run(
        [process.execPath, command, services.churnwatch?.image ?? "none", "--out", out],
        { env: engine.environment },
      );
      expect(exitCode, stderr).toBe(0);
      const { components } = (await Bun.file(out).json()) as { components: { purl: string; hashes?: unknown[] }[] };
      const packages = components.filter(({ purl }) => purl.startsWith("pkg:npm/"));
      expect(packages.length).toBeGreaterThan(30);
      for (const { purl, hashes } of packages) expect(hashes, `${purl} is not in bun.lock`).toHaveLength(1);
      const names = packages.map(({ purl }) => purl);
      expect(names.some((purl) => purl.startsWith("pkg:npm/elysia@"))).toBe(true);
      expect(names.some((purl) => purl.startsWith("pkg:npm/typescript@"))).toBe(false);
    }, 60_000);

    test("train in a container of its own, whose figures reach Prometheus and whose model serves", async () => {
      await succeed(
        "--profile",
        "train",
        "run",
        "--rm",
        "-T",
        "train",
        "--rows",
        "5000",
        "--rounds",
        "10",
        "--seed",
        "2",
      );
      const versions = JSON.parse(await get("8000/models")) as { models: { version: string; serving: boolean }[] };
      expect(versions.models).toHaveLength(2);
      const newest = versions.models
        .map(({ version }) => version)
        .sort()
        .at(-1) as string;
      await until("the new version to serve", async () => {
        const { models } = JSON.parse(await get("8000/models")) as typeof versions;
        return models.find(({ version }) => version === newest)?.serving || null;
      });
      await until("the training in Prometheus", async () => {
        const [sample] = await query("churn_training_duration_seconds");
        return sample?.metric.model_version === newest && sample.metric.job === "churn_train" ? sample : null;
      });
    }, 120_000);

    test("are backed up and restored as ops/README.md says", async () => {
      await succeed("exec", "-T", "churnwatch", "bun", "src/backup/command.ts", "save", "data/backup-1");
      await succeed("cp", "churnwatch:/app/data/backup-1", join(engine.folder, "backup-1"));
      await run(["chmod", "-R", "go+rX", join(engine.folder, "backup-1")]);
      await succeed("stop", "churnwatch");
      const restored = await succeed(
        ...["run", "--rm", "-T", "--no-deps", "-v", `${engine.folder}/backup-1:/backup:ro`, "churnwatch"],
        ...["bun", "src/backup/command.ts", "restore", "/backup"],
      );
      expect(restored).toMatch(/^restored [\d,]+ predictions/);
      await succeed("start", "churnwatch");
      await until("the service to be ready again", async () => get("8000/health/ready"));
    }, 90_000);

    test("are started again when they crash", async () => {
      const { stdout: processes } = await run(
        ["docker", "inspect", "-f", "{{.State.Pid}}", (await succeed("ps", "-q", "churnwatch")).trim()],
        { env: environment },
      );
      // Of a container that does not run it is 0: all processes of this group.
      expect(Number(processes)).toBeGreaterThan(1);
      process.kill(Number(processes), "SIGKILL");
      const restarts = await until("the service to be started again", async () => {
        const [id] = (await succeed("ps", "-q", "churnwatch")).trim().split("\n");
        if (!id) return null;
        const { stdout } = await run(["docker", "inspect", "-f", "{{.RestartCount}}", id], { env: environment });
        return Number(stdout) > 0 ? Number(stdout) : null;
      });
      expect(restarts).toBe(1);
      await until("the service to be ready again", async () => get("8000/health/ready"));
    }, 90_000);

    test("the service ends by itself when it is told to, and all of them are down within five seconds", async () => {
      await succeed("stop", "churnwatch");
      const id = (await succeed("ps", "-a", "-q", "churnwatch")).trim();
      const { stdout } = await run(["docker", "inspect", "-f", "{{.State.ExitCode}} {{.State.OOMKilled}}", id], {
        env: environment,
      });
      expect(stdout.trim()).toBe("0 false");
      await succeed("start", "churnwatch");
      await until("the service to be ready again", async () => get("8000/health/ready"));
      const before = performance.now();
      await succeed("down");
      expect(performance.now() - before).toBeLessThan(5000);
    }, 60_000);
  });
}
