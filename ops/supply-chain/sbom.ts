import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "bun";
import { Command } from "commander";
import { runCommand } from "../../src/command.ts";
import { AppError } from "../../src/errors.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { readInventory } from "./inventory.ts";
import { readLockFile } from "./lock-file.ts";

/** Unpacks those files of an image that say what is installed. @throws AppError `unavailable` when Docker cannot. */
async function unpack(image: string, folder: string): Promise<void> {
  const created = await $`docker create --network none ${image}`.nothrow().quiet();
  if (created.exitCode !== 0)
    throw new AppError("unavailable", `docker cannot open the image ${image}: ${String(created.stderr).trim()}`);
  const container = created.text().trim();
  try {
    const members = ["--wildcards", "app/*package.json", "var/lib/dpkg/status*"];
    const unpacked = await $`docker export ${container} | tar -x -C ${folder} ${members}`.nothrow().quiet();
    // An image without dpkg has no such member: tar then complains of that alone, after all else was unpacked.
    const complaints = String(unpacked.stderr).replaceAll(/^\S*tar: (var\/lib\/dpkg|Exiting ).*\n/gm, "");
    if (complaints !== "") throw new AppError("unavailable", `the image ${image} cannot be unpacked: ${complaints}`);
  } finally {
    await $`docker rm ${container}`.quiet();
  }
}

async function write(image: string, out: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-sbom-"));
  try {
    await unpack(image, folder);
    const inventory = readInventory(folder);
    const { name, version, engines } = JSON.parse(readFileSync(join(folder, "app/package.json"), "utf8")) as {
      name: string;
      version: string;
      engines: { bun: string };
    };
    const bom = billOfMaterials({ name, version, bun: engines.bun }, inventory, readLockFile(), new Date());
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${bom}\n`);
    process.stdout.write(
      `${out}: ${inventory.node.length} packages of npm and ${inventory.debian.length} of Debian in ${image}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const command = new Command("sbom")
  .description("Writes what is in an image of the service as a CycloneDX bill of materials; needs Docker")
  .argument("<image>", "the image, as docker build -t named it")
  .requiredOption("--out <file>", "the file to write, JSON")
  .action((image: string, { out }: { out: string }) => write(image, out));
await runCommand(command, process.env);
