import { printTable } from "./table.ts";
import { type CrashOptions, trustCrash } from "./trust-crash.ts";
import { type FuzzOptions, trustFuzz } from "./trust-fuzz.ts";
import { type OverloadOptions, trustOverload } from "./trust-overload.ts";

/** What the service promises, put to the test for longer than CI has time for. */
export async function benchTrust(options: CrashOptions & FuzzOptions & OverloadOptions): Promise<void> {
  const rows = [...(await trustCrash(options)), ...(await trustFuzz(options)), ...(await trustOverload(options))];
  printTable("Trust: what was done to the service, and what came of it", [
    ["", "measured", "wanted"],
    ...rows.map(({ label, value, wanted }) => [label, value, wanted]),
  ]);
}
