import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { runCommand, wholeNumberFrom } from "../command.ts";
import { readConfig } from "../config.ts";
import { columnOf, fields, type LabelledCustomer, targetColumn } from "../customer.ts";
import { AppError, messageOf } from "../errors.ts";
import { generate, type SyntheticOptions } from "./synthetic.ts";

const beforeMrg = fields.slice(0, fields.findIndex(({ name }) => name === "zone2") + 1);
const afterMrg = fields.slice(beforeMrg.length);
const header = [
  "user_id",
  ...beforeMrg.map(({ name }) => columnOf(name)),
  "MRG",
  ...afterMrg.map(({ name }) => columnOf(name)),
  targetColumn,
];

// As in the real file: amounts with one decimal, REGULARITY whole.
function cell(customer: LabelledCustomer["customer"], { name, kind }: (typeof fields)[number]): string {
  const value = customer[name];
  if (value === null || value === undefined) return "";
  if (kind === "numeric") return name === "regularity" ? String(value) : `${value}.0`;
  return /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
}

function line({ customer, churned }: LabelledCustomer): string {
  const cells = [
    customer.user_id,
    ...beforeMrg.map((field) => cell(customer, field)),
    "NO",
    ...afterMrg.map((field) => cell(customer, field)),
    churned ? "1" : "0",
  ];
  return `${cells.join(",")}\n`;
}

/**
 * Writes synthetic customers as a CSV in the columns of the real file. The file appears whole or not at all.
 * @returns the share who churned.
 * @throws AppError `unavailable` when the folder cannot be written to.
 */
export function writeSample(file: string, options: SyntheticOptions, onRows: (rows: number) => void): number {
  const temporary = `${file}.writing-${process.pid}`;
  let churned = 0;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const descriptor = openSync(temporary, "w");
    try {
      let rows = 0;
      let chunk = `${header.join(",")}\n`;
      for (const labelled of generate(options)) {
        chunk += line(labelled);
        churned += labelled.churned ? 1 : 0;
        if (++rows % 10_000 !== 0) continue;
        writeSync(descriptor, chunk);
        chunk = "";
        onRows(rows);
      }
      writeSync(descriptor, chunk);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw new AppError("unavailable", `cannot write ${file}: ${messageOf(error)}; choose another place with --out`, {
      cause: error,
    });
  }
  return churned / options.rows;
}

if (import.meta.main) {
  const command = new Command("data:sample")
    .description("Makes synthetic customers in the shape of the Expresso data")
    .option("--rows <n>", "customers to make", wholeNumberFrom(1), 100_000)
    .option("--seed <n>", "the same seed makes the same customers", wholeNumberFrom(0), 1)
    .option("--out <file>", "CSV to write (default: sample.csv in DATA_DIR/raw)")
    .action(({ rows, seed, out }: { rows: number; seed: number; out?: string }) => {
      const file = out ?? join(readConfig(process.env).DATA_DIR, "raw", "sample.csv");
      const { isTTY } = process.stderr;
      const rate = writeSample(file, { rows, seed }, (done) => {
        if (isTTY) process.stderr.write(`\r${done.toLocaleString("en")} of ${rows.toLocaleString("en")} customers`);
      });
      if (isTTY) process.stderr.write("\r\u001b[K");
      process.stdout.write(
        `${file}: ${rows.toLocaleString("en")} synthetic customers, ${(100 * rate).toFixed(2)} % churned\n`,
      );
    });
  await runCommand(command, process.env);
}
