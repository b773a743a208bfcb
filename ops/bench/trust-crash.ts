import { crashService } from "../../src/testing/crash.ts";
import { median } from "./table.ts";
import { trainModel } from "./trained-model.ts";
import type { TrustRow } from "./trust-row.ts";

export interface CrashOptions {
  kills: number;
  seed: number;
}

const clients = 16;

/** Kills the service under load, again and again, and counts what it had acknowledged and does not have afterwards. */
export async function trustCrash({ kills, seed }: CrashOptions): Promise<TrustRow[]> {
  const { directory, remove } = await trainModel(20_000, 50);
  try {
    const report = await crashService({ dataDirectory: directory, kills, clients, seed });
    const count = (value: number) => value.toLocaleString("en");
    return [
      { label: `SIGKILLs under the load of ${clients} clients`, value: count(report.kills), wanted: "" },
      {
        label: "Acknowledged predictions, labels",
        value: `${count(report.predictions)}, ${count(report.labels)}`,
        wanted: "",
      },
      {
        label: "Meanwhile replayed, with label; results of monitors",
        value: `${count(report.replayed)}, ${count(report.released)}; ${count(report.monitored)}`,
        wanted: "> 0",
      },
      {
        label: "Of these lost, there twice",
        value: `${count(report.lost)}, ${count(report.duplicates)}`,
        wanted: "0, 0",
      },
      { label: "Replayed predictions without label, known or due", value: count(report.unscheduled), wanted: "0" },
      { label: "Damaged databases", value: count(report.damages.length), wanted: "0" },
      {
        label: "Start until readiness: median, longest (ms)",
        value: `${Math.round(median(report.startups))}, ${Math.round(Math.max(...report.startups))}`,
        wanted: "≤ 2000",
      },
    ];
  } finally {
    remove();
  }
}
