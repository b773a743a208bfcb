import { z } from "zod";
import { scenarioNames } from "../config.ts";
import { alarmSchema, exampleResult, resultSchema, verdictSchema } from "./report.ts";

export const scenarioSchema = z.object({ scenario: z.enum(scenarioNames), since: z.iso.datetime() });
export const latestSchema = scenarioSchema.extend({
  model_version: z.string().nullable(),
  rows: z.int(),
  verdict: verdictSchema,
  alarms: z.array(alarmSchema),
  results: z.array(resultSchema),
});
export const exampleLatest: z.output<typeof latestSchema> = {
  scenario: "none",
  since: "2026-11-23T12:00:00.000Z",
  model_version: "20261123T120000",
  rows: 2000,
  verdict: {
    severity: "ok",
    sentence:
      "The model can be believed: over the last 2,000 predictions nothing moved by more than chance, and labels show a ROC AUC of 0.943.",
    since: "2026-11-23T12:05:15.000Z",
    advice: "Nothing to do.",
  },
  alarms: [],
  results: [exampleResult],
};
const sharesSchema = z.array(z.object({ bin: z.string(), reference: z.number(), current: z.number() }));
export const distributionsSchema = z.object({
  features: z.array(z.object({ feature: z.string(), bins: sharesSchema })),
  score: z.object({ bins: sharesSchema }),
});
export const exampleDistributions: z.output<typeof distributionsSchema> = {
  features: [{ feature: "region", bins: [{ bin: "__missing__", reference: 0.39, current: 0.4 }] }],
  score: { bins: [{ bin: "<=0.0031", reference: 0.1, current: 0.11 }] },
};
export const switchSchema = z.strictObject({ scenario: z.enum(scenarioNames) });
