import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { runCommand, wholeNumberFrom } from "../command.ts";
import { readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { transfer } from "./transfer.ts";
import { unzip } from "./unzip.ts";

const address = "https://www.kaggle.com/api/v1/datasets/download/hamzaghanmi/expresso-churn-prediction-challenge";
const lineEvery = 3_000;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Shows how far the download is: a bar on a terminal, else a line every three seconds. */
function createBar(stream: NodeJS.WriteStream, now: () => number) {
  const started = now();
  let first: number | null = null;
  let lastLine = 0;
  return {
    show(received: number, total: number | null): void {
      const time = now();
      // Fewer than before: it started again.
      if (first === null || received < first) first = received;
      if (!stream.isTTY && time - lastLine < lineEvery && received !== total) return;
      lastLine = time;
      const rate = (received - first) / Math.max(0.001, (time - started) / 1000);
      const share = total ? received / total : 0;
      const bar = total
        ? `[${"#".repeat(Math.round(30 * share)).padEnd(30, "·")}] ${(100 * share).toFixed(0).padStart(3)} %  `
        : "";
      const left = total && rate > 0 ? `, ${Math.ceil((total - received) / rate)} s left` : "";
      const text = `${bar}${megabytes(received)}${total ? ` of ${megabytes(total)}` : ""} at ${megabytes(rate)}/s${left}`;
      stream.write(stream.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    },
    end: () => void (stream.isTTY && stream.write("\n")),
  };
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

interface DownloadOptions {
  force?: boolean;
  url: string;
  timeout: number;
  backoff: number;
}

async function download({ force, url, timeout, backoff }: DownloadOptions): Promise<void> {
  const folder = join(readConfig(process.env).DATA_DIR, "raw");
  const target = join(folder, "Train.csv");
  if (existsSync(target) && !force) {
    process.stdout.write(`${target} is there already (--force downloads it again)\n`);
    return;
  }
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new AppError("unavailable", `cannot write to ${folder}: ${messageOf(error)}`, { cause: error });
  }
  const archive = join(folder, "expresso.zip");
  if (force) rmSync(archive, { force: true });
  const bar = createBar(process.stderr, Date.now);
  // A download that was complete but could not be unpacked, for want of space for instance, is not fetched again.
  if (!existsSync(archive)) {
    try {
      await transfer({
        url,
        file: archive,
        retries: 5,
        backoff,
        timeout,
        onBytes: bar.show,
        onRetry: (reason) => {
          bar.end();
          process.stderr.write(`${reason}: trying again\n`);
        },
      });
    } finally {
      bar.end();
    }
  }
  process.stderr.write("unpacking\n");
  const written = await unzip(archive, ["Train.csv", "Test.csv"], folder);
  if (!written.includes(target)) {
    throw new AppError(
      "invalid_data",
      `there is no Train.csv in what ${new URL(url).host} sent (${archive}): look at the data set's page, then run it again with --force`,
    );
  }
  rmSync(archive);
  for (const path of written) process.stdout.write(`${path}  sha256 ${await sha256(path)}\n`);
  process.stdout.write("train on it with: bun run train\n");
}

if (import.meta.main) {
  const command = new Command("data:download")
    .description("Downloads the Expresso churn data from Kaggle into DATA_DIR/raw; goes on where it broke off")
    .option("--force", "download again even when Train.csv is there")
    .addOption(new Option("--url <url>", "another address of the ZIP").default(address).hideHelp())
    .addOption(
      new Option("--timeout <ms>", "how long nothing may arrive")
        .default(30_000)
        .argParser(wholeNumberFrom(1))
        .hideHelp(),
    )
    .addOption(
      new Option("--backoff <ms>", "wait before the first retry")
        .default(1_000)
        .argParser(wholeNumberFrom(0))
        .hideHelp(),
    )
    .action(download);
  await runCommand(command, process.env);
}
