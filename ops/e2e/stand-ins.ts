import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Engine, run, type Surroundings } from "./engine.ts";
import type { Tools } from "./tools.ts";

const root = join(import.meta.dir, "..", "..");

interface StandIn {
  image: string;
  /** Programs by their path in the image. */
  programs: Record<string, string>;
  /** Folders that belong to the user of the image. */
  own: string[];
  user: string;
  entrypoint?: string[];
  environment?: Record<string, string>;
  /** Adds what else the real image has. */
  complete?(folder: string): Promise<void> | void;
}

async function succeed(command: string[], surroundings: Surroundings = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, surroundings);
  if (exitCode !== 0)
    throw new Error(`${command.join(" ")} failed (${exitCode}): ${stderr.slice(-2000)}${stdout.slice(-2000)}`);
  return stdout;
}

/** The shared libraries of a program, and the loader that brings them in. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run(["ldd", program]);
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path as string);
}

async function install(folder: string, program: string, place: string): Promise<void> {
  for (const [from, to] of [[program, place], ...(await librariesOf(program)).map((path) => [path, path])]) {
    const target = join(folder, to as string);
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(from as string, target);
  }
}

/** Makes an image out of programs of this machine and busybox, under the name of the real one. */
async function make(
  engine: Engine,
  { image, programs, own, user, entrypoint, environment = {}, complete }: StandIn,
): Promise<void> {
  const folder = join(engine.folder, "image");
  for (const name of ["bin", "usr/local/bin", "etc", "tmp"]) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(join(folder, "tmp"), 0o1777);
  copyFileSync(Bun.which("busybox") as string, join(folder, "bin/busybox"));
  for (const applet of (await succeed(["busybox", "--list"])).trim().split("\n"))
    if (applet !== "busybox") symlinkSync("busybox", join(folder, "bin", applet));
  writeFileSync(
    join(folder, "etc/passwd"),
    "root:x:0:0::/:/bin/sh\nbun:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n",
  );
  writeFileSync(join(folder, "etc/group"), "root:x:0:\nbun:x:1000:\nnobody:x:65534:\n");
  for (const [place, program] of Object.entries(programs)) await install(folder, program, place);
  await complete?.(folder);
  for (const name of own) {
    mkdirSync(join(folder, name), { recursive: true });
    chownSync(join(folder, name), Number(user), Number(user));
  }
  const changes = [
    `USER ${user}`,
    ...Object.entries(environment).map(([name, value]) => `ENV ${name}=${value}`),
    ...(entrypoint ? [`ENTRYPOINT ${JSON.stringify(entrypoint)}`] : []),
  ].flatMap((change) => ["--change", change]);
  const archive = join(engine.folder, "image.tar");
  await succeed(["tar", "-C", folder, "-cf", archive, "."]);
  await succeed(["docker", "import", ...changes, archive, image], { env: engine.environment });
  rmSync(archive);
  rmSync(folder, { recursive: true });
}

/** What `bun install` needs in the builder, where there is no network. */
async function fillCache(engine: Engine, cache: string): Promise<void> {
  const project = join(engine.folder, "project");
  mkdirSync(project);
  for (const name of ["package.json", "bun.lock", "bunfig.toml"]) cpSync(join(root, name), join(project, name));
  await succeed([process.execPath, "install", "--frozen-lockfile", "--production", "--ignore-scripts"], {
    cwd: project,
    env: { ...process.env, BUN_INSTALL_CACHE_DIR: cache },
  });
  rmSync(project, { recursive: true });
}

/**
 * Makes the images that compose.yaml names: those of other projects as stand-ins out of the programs of this machine (Grafana as
 * a server of its health alone), and the service's own by its Dockerfile on a stand-in of Bun's.
 * @param images by the name of the service in compose.yaml
 */
export async function makeImages(engine: Engine, { path }: Tools, images: Record<string, string>): Promise<void> {
  const libraries = await librariesOf(
    join(root, "node_modules/onnxruntime-node/bin/napi-v6/linux", process.arch, "onnxruntime_binding.node"),
  );
  const bun: StandIn = {
    image: "oven/bun:1.4.5",
    programs: { "/usr/local/bin/bun": process.execPath, ...Object.fromEntries(libraries.map((each) => [each, each])) },
    own: [],
    user: "0",
  };
  await make(engine, {
    ...bun,
    environment: { BUN_INSTALL_CACHE_DIR: "/cache" },
    complete: (folder) => fillCache(engine, join(folder, "cache")),
  });
  await make(engine, { ...bun, image: "oven/bun:1.4.5-slim" });
  await succeed(["docker", "build", "-q", "-f", "ops/Dockerfile", "-t", images.churnwatch as string, "."], {
    cwd: root,
    env: engine.environment,
  });
  for (const [name, program] of [
    ["prometheus", path.prometheus],
    ["pushgateway", path["prometheus-pushgateway"]],
    ["alertmanager", path["prometheus-alertmanager"]],
  ] as const) {
    const place = `/bin/${name}`;
    await make(engine, {
      image: images[name] as string,
      programs: { [place]: program },
      own: [name],
      user: "65534",
      entrypoint: [place],
      // Debian keeps outside the programs what upstream builds into them.
      complete: (folder) =>
        cpSync(join(dirname(program), "../share/prometheus"), join(folder, "usr/share/prometheus"), {
          recursive: true,
          verbatimSymlinks: true,
        }),
    });
  }
  await make(engine, {
    image: images.grafana as string,
    programs: {},
    own: ["var/lib/grafana"],
    user: "472",
    complete(folder) {
      mkdirSync(join(folder, "www/api"), { recursive: true });
      writeFileSync(join(folder, "www/api/health"), '{"database":"ok"}');
      writeFileSync(join(folder, "run.sh"), "#!/bin/sh\nexec httpd -f -p 3000 -h /www\n", { mode: 0o755 });
    },
  });
}
