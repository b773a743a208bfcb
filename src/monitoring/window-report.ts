import { z } from "zod";
import type { MonitorPass } from "./monitors.ts";

export type WindowSummary = Pick<
  MonitorPass,
  "rows" | "from" | "to" | "coverage" | "confusion" | "calibration" | "roc"
>;

const time = z.iso.datetime();
export const windowSchema = z.object({
  from: time.nullable(),
  to: time.nullable(),
  rows: z.int(),
  coverage: z.number().nullable(),
  predictions_per_second: z.number().nullable(),
  confusion: z.object({
    true_positives: z.int(),
    false_positives: z.int(),
    false_negatives: z.int(),
    true_negatives: z.int(),
  }),
  calibration: z.array(z.object({ predicted: z.number(), observed: z.number(), rows: z.int() })),
  roc: z.array(z.object({ false_positive_rate: z.number(), true_positive_rate: z.number() })),
});
export type PresentedWindow = z.output<typeof windowSchema>;

export const exampleWindow: PresentedWindow = {
  from: "2026-11-23T12:03:20.000Z",
  to: "2026-11-23T12:09:59.000Z",
  rows: 2000,
  coverage: 0.925,
  predictions_per_second: 5,
  confusion: { true_positives: 290, false_positives: 130, false_negatives: 60, true_negatives: 1370 },
  calibration: [{ predicted: 0.011, observed: 0.012, rows: 1210 }],
  roc: [
    { false_positive_rate: 0, true_positive_rate: 0 },
    { false_positive_rate: 0.09, true_positive_rate: 0.83 },
    { false_positive_rate: 1, true_positive_rate: 1 },
  ],
};

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();

export function presentWindow(window: WindowSummary | null): PresentedWindow {
  const {
    rows = 0,
    from = null,
    to = null,
    coverage = Number.NaN,
    confusion = {},
    calibration = [],
    roc = [],
  } = window ?? {};
  const seconds = from === null || to === null ? 0 : (to - from) / 1000;
  return {
    from: iso(from),
    to: iso(to),
    rows,
    coverage: Number.isFinite(coverage) ? coverage : null,
    predictions_per_second: seconds > 0 ? rows / seconds : null,
    confusion: {
      true_positives: confusion["1:1"] ?? 0,
      false_positives: confusion["0:1"] ?? 0,
      false_negatives: confusion["1:0"] ?? 0,
      true_negatives: confusion["0:0"] ?? 0,
    },
    calibration,
    roc: roc.map(({ falsePositiveRate, truePositiveRate }) => ({
      false_positive_rate: falsePositiveRate,
      true_positive_rate: truePositiveRate,
    })),
  };
}
