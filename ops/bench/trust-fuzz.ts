import { fuzzService } from "../../src/testing/fuzz/session.ts";
import { trainModel } from "./trained-model.ts";
import type { TrustRow } from "./trust-row.ts";

export interface FuzzOptions {
  cases: number;
  seed: number;
}

const rawCases = 2000;

/** Fuzzing of every route and of the sockets, longer than the tests do and with another seed. */
export async function trustFuzz({ cases, seed }: FuzzOptions): Promise<TrustRow[]> {
  const { directory, remove } = await trainModel(20_000, 50);
  try {
    process.stderr.write(`fuzz: ${cases} requests with the seed ${seed}\n`);
    const { routes, raw, errors, isAlive } = await fuzzService({ dataDirectory: directory, cases, rawCases, seed });
    for (const failure of [routes.failure, ...raw.failures]) if (failure) process.stderr.write(`fuzz: ${failure}\n`);
    if (errors !== "") process.stderr.write(`fuzz: the service logged: ${errors.slice(0, 2000)}\n`);
    const count = (isOf: (status: number) => boolean) =>
      [...routes.statuses].filter(([status]) => isOf(status)).reduce((sum, [, found]) => sum + found, 0);
    return [
      {
        label: `Fuzz: requests to every route (seed ${seed})`,
        value: routes.cases.toLocaleString("en"),
        wanted: `≥ ${cases.toLocaleString("en")}`,
      },
      {
        label: "Fuzz: accepted, refused",
        value: `${count((status) => status > 0 && status < 400).toLocaleString("en")}, ${count((status) => status >= 400 && status < 500).toLocaleString("en")}`,
        wanted: "",
      },
      { label: "Fuzz: 5xx", value: String(count((status) => status >= 500)), wanted: "0" },
      { label: "Fuzz: no answer within 10 s", value: String(count((status) => status === 0)), wanted: "0" },
      {
        label: "Fuzz: answers other than described",
        value: routes.failure === null ? "0" : "1, see above",
        wanted: "0",
      },
      {
        label: "Fuzz: broken, slow and flooding connections, those answered wrongly",
        value: `${raw.cases.toLocaleString("en")}, ${raw.failures.length}`,
        wanted: "0 wrongly",
      },
      {
        label: "Fuzz: errors logged, service alive",
        value: `${errors === "" ? "none" : "some, see above"}, ${isAlive ? "yes" : "no"}`,
        wanted: "none, yes",
      },
    ];
  } finally {
    remove();
  }
}
