import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../src/testing/service-process.ts";
import { verdictOf } from "./audit-verdict.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { readInventory } from "./inventory.ts";
import { readLockFile } from "./lock-file.ts";

const root = join(import.meta.dir, "..", "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const manifest = JSON.parse(read("package.json")) as {
  engines: { bun: string };
  packageManager: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  trustedDependencies?: string[];
};
const { dependencies, devDependencies } = manifest;
const locked = readLockFile();
const folder = temporaryFolder();
afterAll(() => folder.remove());

describe("packages", () => {
  test("are pinned exactly, and Bun too", () => {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).toMatch(/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(manifest.packageManager).toBe(`bun@${manifest.engines.bun}`);
    expect(manifest.engines.bun).toMatch(/^\d+\.\d+\.\d+$/);
    for (const [, tag] of read("ops/Dockerfile").matchAll(/^FROM oven\/bun:(\S+)/gm))
      expect((tag as string).replace(/-slim$/, "")).toBe(manifest.engines.bun);
  });

  test("are all in the lock file with a checksum, and come from the registry alone", () => {
    expect(locked.length).toBeGreaterThan(200);
    for (const { name, version, source, integrity } of locked) {
      expect(source, name).toBe("");
      expect(integrity, `${name}@${version}`).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    }
    const pins = new Set(locked.map(({ name, version }) => `${name}@${version}`));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(pins, name).toContain(version.startsWith("npm:") ? version.slice(4) : `${name}@${version}`);
  });

  test("run no script when they are installed", () => {
    expect(manifest.trustedDependencies).toEqual([]);
    expect(/"trustedDependencies": \[\s*"/.test(read("bun.lock"))).toBe(false);
    expect(read("ops/Dockerfile").match(/bun install.*/g)).toEqual([expect.stringContaining("--ignore-scripts")]);
  });

  test("of the last three days are not installed, and new ones are pinned", () => {
    const { install } = Bun.TOML.parse(read("bunfig.toml")) as {
      install: { exact: boolean; minimumReleaseAge: number; minimumReleaseAgeExcludes?: string[] };
    };
    expect(install.exact).toBe(true);
    expect(install.minimumReleaseAge).toBeGreaterThanOrEqual(3 * 86_400);
    expect(install.minimumReleaseAgeExcludes ?? []).toEqual([]);
  });

  test("are installed as locked by every command", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const [name, script] of Object.entries(scripts))
      if (script.includes("bun install")) expect(script, name).toContain("--frozen-lockfile");
  });
});

describe("the workflows", () => {
  const files = readdirSync(join(root, ".github/workflows"));
  interface Step {
    uses?: string;
    run?: string;
    with?: Record<string, unknown>;
  }
  interface Workflow {
    on: Record<string, unknown>;
    permissions: Record<string, string>;
    jobs: Record<string, { permissions?: Record<string, string>; container?: string; steps: Step[] }>;
  }
  const workflows = files.map((file): [string, Workflow] => [
    file,
    Bun.YAML.parse(read(`.github/workflows/${file}`)) as Workflow,
  ]);
  const jobs = workflows.flatMap(([file, { jobs }]) =>
    Object.entries(jobs).map(([name, job]) => ({ at: `${file} ${name}`, ...job })),
  );

  test("pin every action by its commit, with the version beside it, and every container by its digest", () => {
    const used = files.flatMap((file) => [...read(`.github/workflows/${file}`).matchAll(/uses: (.*)$/gm)]);
    expect(used.length).toBeGreaterThan(0);
    for (const [, action] of used) expect(action).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    for (const { at, container } of jobs) if (container) expect(container, at).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  test("may read the code and nothing else, and know no secret", () => {
    for (const [file, { on, permissions }] of workflows) {
      expect(permissions, file).toEqual({ contents: "read" });
      expect(Object.keys(on), file).not.toContain("pull_request_target");
      expect(read(`.github/workflows/${file}`), file).not.toContain("secrets.");
    }
    for (const { at, permissions } of jobs) expect(permissions ?? {}, at).toEqual({});
    const checkouts = jobs.flatMap(({ steps }) => steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")));
    expect(checkouts).toHaveLength(jobs.length);
    for (const { with: options } of checkouts) expect(options).toMatchObject({ "persist-credentials": false });
  });

  test("run what runs here, with no text of a contributor in a command", () => {
    const commands = jobs.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(commands).toContain(".ci/run");
    for (const command of commands) expect(command).not.toContain("${{");
    expect(read(".ci/run")).toMatch(/^step audit/m);
  });
});

describe("the audit", () => {
  test("tells clean, flawed and unreachable apart", () => {
    const run = (exitCode: number, stdout: string, stderr: string) => verdictOf({ exitCode, stdout, stderr });
    expect(run(0, "No vulnerabilities found\n", "")).toEqual({ isClean: true, unreachable: null });
    expect(run(1, "lodash  <4.17.21\n  high: …\n2 vulnerabilities (1 high, 1 low)\n", "")).toEqual({
      isClean: false,
      unreachable: null,
    });
    expect(run(1, "bun audit v1.4.5\n", "error: POST https://registry.example/-/npm/v1 - 405\n")).toEqual({
      isClean: false,
      unreachable: "POST /-/npm/v1 - 405",
    });
    // What is not understood counts as flawed.
    expect(run(1, "", "")).toEqual({ isClean: false, unreachable: null });
    expect(run(139, "", "")).toEqual({ isClean: false, unreachable: null });
  });
});

describe("the bill of materials", () => {
  interface Component {
    name: string;
    group?: string;
    version: string;
    purl: string;
    hashes?: { alg: string; content: string }[];
    licenses?: unknown[];
  }

  test("lists what is installed, with the checksums of the lock file", () => {
    mkdirSync(join(folder.path, "app/node_modules/@scope"), { recursive: true });
    for (const name of Object.keys(dependencies)) {
      const place = join(folder.path, "app/node_modules", name);
      mkdirSync(join(place, ".."), { recursive: true });
      mkdirSync(place);
      copyFileSync(join(root, "node_modules", name, "package.json"), join(place, "package.json"));
    }
    const nested = join(folder.path, "app/node_modules/elysia/node_modules/@scope/nested");
    mkdirSync(join(nested, "part"), { recursive: true });
    writeFileSync(join(nested, "package.json"), '{"name":"@scope/nested","version":"1.0.0","license":"MIT"}');
    writeFileSync(join(nested, "part/package.json"), '{"name":"no-package","version":"1.0.0"}');
    mkdirSync(join(folder.path, "var/lib/dpkg"), { recursive: true });
    writeFileSync(
      join(folder.path, "var/lib/dpkg/status"),
      "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9+deb12u10\n\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n",
    );
    const text = billOfMaterials(
      { name: "churnwatch", version: "0.1.0", bun: manifest.engines.bun },
      readInventory(folder.path),
      locked,
      new Date(0),
    );
    const bom = JSON.parse(text) as { bomFormat: string; specVersion: string; components: Component[] };
    expect([bom.bomFormat, bom.specVersion]).toEqual(["CycloneDX", "1.6"]);
    const named = (purl: string) => bom.components.find((component) => component.purl === purl);
    expect(bom.components).toHaveLength(Object.keys(dependencies).length + 3);
    for (const [name, version] of Object.entries(dependencies)) {
      const [real, pin] = version.startsWith("npm:")
        ? [version.slice(4, version.lastIndexOf("@")), version.slice(version.lastIndexOf("@") + 1)]
        : [name, version];
      const component = named(`pkg:npm/${real.replace("@", "%40")}@${pin}`);
      const integrity = locked.find((entry) => entry.name === real && entry.version === pin)?.integrity as string;
      expect(component?.hashes, name).toEqual([
        { alg: "SHA-512", content: Buffer.from(integrity.slice(7), "base64").toString("hex") },
      ]);
    }
    expect(named("pkg:npm/%40scope/nested@1.0.0")).toMatchObject({ group: "@scope", name: "nested" });
    expect(named("pkg:deb/debian/libc6@2.36-9+deb12u10?arch=amd64")).toMatchObject({ version: "2.36-9+deb12u10" });
    expect(named(`pkg:github/oven-sh/bun@bun-v${manifest.engines.bun}`)).toBeDefined();
    expect(text).not.toMatch(/no-package|"gone"/);
  });
});

describe("SECURITY.md", () => {
  test("names tests that exist", () => {
    const named = [...read("SECURITY.md").matchAll(/`((?:src|ops|scheduler)\/[\w./-]+)`/g)].map(
      ([, file]) => file as string,
    );
    expect(named.length).toBeGreaterThan(5);
    for (const file of named) expect(existsSync(join(root, file)), file).toBe(true);
  });
});
