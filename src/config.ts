import { z } from "zod";
import { readApiKeys } from "./api-keys.ts";
import { AppError } from "./errors.ts";

export const scenarioNames = [
  "none",
  "price-rise",
  "region-outage",
  "feed-break",
  "new-packs",
  "unit-change",
  "seasonal",
  "anomalies",
  "concept",
  "slow-drift",
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

const number = (min: number, max: number) => z.coerce.number().min(min).max(max);

/** Every setting: how it is read, what it does, what it is when it is unset. The only list of them. */
const settings = {
  HOST: { schema: z.string().min(1), default: "127.0.0.1", about: "address to listen on" },
  PORT: { schema: number(0, 65535).int(), default: "8000", about: "port to listen on; 0 takes a free one" },
  DATA_DIR: {
    schema: z.string().min(1),
    default: "data",
    about: "folder of the database, the models and the raw data",
  },
  PUSHGATEWAY_URL: {
    schema: z.union([z.literal(""), z.url({ protocol: /^https?$/ })]),
    default: "",
    about: "where training pushes its metrics; unset: no push",
  },
  API_KEYS: {
    schema: z.string().transform((text, { addIssue }) => {
      const keys = readApiKeys(text);
      if (typeof keys !== "string") return keys;
      addIssue(keys);
      return z.NEVER;
    }),
    default: "",
    about: "who may call: key:role+role,… with roles predict, feedback, read, admin; unset: open, on loopback only",
  },
  ALLOW_OPEN: {
    schema: z.enum(["0", "1"]),
    default: "0",
    about:
      "1 serves without API_KEYS on an address that others can reach (a container behind a published loopback port)",
  },
  RATE_LIMIT: {
    schema: z.union([z.literal("").transform(() => null), number(0, 1e6)]),
    default: "",
    about:
      "requests per second for each key, or each address without keys; 0: no limit; unset: 1000 with API_KEYS, no limit without",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: z.union([z.literal(""), z.url({ protocol: /^https?$/ })]),
    default: "",
    about: "where an OpenTelemetry collector takes traces of requests by OTLP over HTTP; unset: no traces",
  },
  LOG_LEVEL: { schema: z.enum(logLevels), default: "info", about: logLevels.join(" | ") },
  REPLAY_RATE: {
    schema: number(0, 1000),
    default: "5",
    about: "customers per second that the scheduler replays; 0: off",
  },
  FEEDBACK_DELAY: {
    schema: number(0, 365 * 86_400),
    default: "30",
    about: "seconds between a replayed prediction and its label",
  },
  FEEDBACK_DELAY_JITTER: { schema: number(0, 1), default: "0.5", about: "spread of that delay: 0.5 is ±50 %" },
  SCENARIO: {
    schema: z.enum(scenarioNames),
    default: "none",
    about: `drift that the replay plays: ${scenarioNames.join(" | ")}`,
  },
  MONITOR_EVERY: { schema: number(1, 86_400), default: "15", about: "seconds between monitor passes" },
  MONITOR_WINDOW: { schema: number(100, 1_000_000).int(), default: "2000", about: "predictions in a monitor window" },
  RETENTION_DAYS: {
    schema: number(1, 36_500),
    default: "90",
    about: "days that predictions, feedback and monitor results are kept",
  },
} as const;

type Settings = typeof settings;
const configSchema = z.object(
  Object.fromEntries(Object.entries(settings).map(([name, { schema }]) => [name, schema])) as {
    [K in keyof Settings]: Settings[K]["schema"];
  },
);
export type Config = Readonly<z.output<typeof configSchema>>;

/**
 * Reads the settings from an environment. An empty variable counts as unset.
 * @throws AppError `invalid_setting`, one flaw for each setting that has a value it cannot have.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(settings).map(([name, { default: value }]) => [name, environment[name] || value]),
  );
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  // Of each setting the first that is wrong with it.
  const issues = parsed.error.issues.filter(
    ({ path: [name] }, i, all) => i === all.findIndex(({ path: [other] }) => other === name),
  );
  const flaws = issues.map(({ path: [name], message }) => ({
    path: String(name),
    message: `is "${name === "API_KEYS" ? "…" : given[String(name)]}": ${message}`,
  }));
  const list = flaws.map((flaw) => `${flaw.path} ${flaw.message}`).join("; ");
  throw new AppError("invalid_setting", `bad setting: ${list} (see: bun run start --help)`, { flaws });
}

/** The settings as a table for `--help`. */
export function settingsHelp(): string {
  const lines = Object.entries(settings).map(
    ([name, { about, default: value }]) => `  ${name.padEnd(22)} ${about} (${value || "unset"})`,
  );
  return ["Settings (environment variables):", ...lines].join("\n");
}
