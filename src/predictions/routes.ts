import { Elysia } from "elysia";
import { z } from "zod";
import { customerSchema, exampleCustomer } from "../customer.ts";
import { AppError, type RejectionReason, rejectionReasons } from "../errors.ts";
import type { Role } from "../http/access.ts";
import { readJson, readJsonText } from "../http/body.ts";
import { describe, guardProblems } from "../http/describe.ts";
import type { Lanes } from "../http/lane.ts";
import { createQueryReader } from "../http/query.ts";
import { parseJson } from "../json.ts";
import type { Explanation } from "../models/explanation.ts";
import type { Label } from "../storage/labels.ts";
import type { PredictionRecord, PredictionService } from "./service.ts";

const singleLimit = 64 * 1024;
const batchLimit = 4 * 1024 * 1024;

const predictionSchema = z.object({
  prediction_id: z.uuidv7(),
  user_id: z.string(),
  probability: z.number().min(0).max(1),
  churn: z.boolean(),
  threshold: z.number().min(0).max(1),
  model_version: z.string(),
});
const batchSchema = z.strictObject({ customers: z.array(customerSchema).min(1).max(1000) });
const time = z.iso.datetime();
const labelSchema = z.object({ churned: z.boolean(), observed_at: time, received_at: time });
const recordSchema = predictionSchema.extend({
  predicted_at: time,
  source: z.enum(["request", "replay"]),
  customer: customerSchema,
  feedback: labelSchema.nullable(),
  history: z.array(labelSchema.extend({ status: z.enum(["recorded", "unchanged", "corrected"]) })),
});

const examplePrediction = {
  prediction_id: "019a1f6e-6c00-7c3e-8f8e-3f5d0c9a7b21",
  user_id: exampleCustomer.user_id,
  probability: 0.012,
  churn: false,
  threshold: 0.41,
  model_version: "20261123T120000",
};

const explanationSchema = z.object({
  base: z.number().meta({ description: "mean log-odds of the customers of training, after calibration" }),
  contributions: z
    .record(z.string(), z.number())
    .meta({ description: "what each field adds to the log-odds, after calibration (exact SHAP values)" }),
  raw_score: z
    .number()
    .meta({ description: "base + contributions = ln(probability / (1 − probability)), after calibration" }),
  reasons: z.array(z.string()).meta({ description: "up to three fields that count most, the largest first" }),
}) satisfies z.ZodType<Explanation>;
const exampleExplanation: Explanation = {
  base: -2.61,
  contributions: { region: -1.2, regularity: -0.6 },
  raw_score: -4.41,
  reasons: ["region is DAKAR: lowers the risk", "number of active days (regularity) is 41: lowers the risk"],
};
const querySchema = z.strictObject({ explain: z.enum(["true", "false"]).optional() });
const batchQuerySchema = z.strictObject({
  explain: z.never({ error: "a batch is not explained: send POST /predict?explain=true for each customer" }).optional(),
});

const readQuery = createQueryReader(querySchema);
const readBatchQuery = createQueryReader(batchQuerySchema);

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const presentLabel = (label: Label) => ({
  churned: label.churned,
  observed_at: iso(label.observedAt),
  received_at: iso(label.receivedAt),
});

function present({ prediction, label, history }: PredictionRecord) {
  return {
    prediction_id: prediction.id,
    user_id: prediction.userId,
    probability: prediction.probability,
    churn: prediction.churn === 1,
    threshold: prediction.threshold,
    model_version: prediction.modelVersion,
    predicted_at: iso(prediction.predictedAt),
    source: prediction.source,
    customer: JSON.parse(prediction.customer),
    feedback: label && presentLabel(label),
    history: history.map((entry) => ({ ...presentLabel(entry), status: entry.status })),
  };
}

export interface PredictionRoutesOptions {
  service: PredictionService;
  lanes: Lanes;
  authorize(request: Request, role: Role): string;
  onRejected(reason: RejectionReason): void;
}

export function predictionRoutes({ service, lanes, authorize, onRejected }: PredictionRoutesOptions) {
  /** Counts what was wrong with a request. */
  function counted(error: unknown): unknown {
    const reason = error instanceof AppError && reasonOf(error);
    if (reason) onRejected(reason);
    return error;
  }

  return new Elysia({ name: "predictions" })
    .post(
      "/predict",
      async function predict({ request }) {
        authorize(request, "predict");
        await lanes.single.check();
        try {
          const { explain } = readQuery(request);
          const text = await readJsonText(request, singleLimit);
          return await lanes.single.run(async () => {
            const customer = parseJson(text, customerSchema);
            if (explain === "true") return service.explain({ customer, source: "request" });
            const [prediction] = await service.predict([{ customer, source: "request" }]);
            return prediction;
          });
        } catch (error) {
          throw counted(error);
        }
      },
      {
        parse: "none",
        detail: describe({
          summary: "Will this customer churn?",
          description:
            "Absent, null and blank values are missing; missing is information, never an error. With `?explain=true` the answer also says why: the log-odds that each field adds (exact SHAP values), all after calibration, so that base + contributions = raw_score = ln(probability / (1 − probability)). A model without trees (imported, or its file damaged) then answers 503 and stores nothing.",
          tag: "predictions",
          parameters: [
            { name: "explain", in: "query", description: "true: also say why; false when absent", example: "true" },
          ],
          body: { schema: customerSchema, example: exampleCustomer },
          answer: {
            schema: predictionSchema.extend({ explanation: explanationSchema.optional() }),
            example: { ...examplePrediction, explanation: exampleExplanation },
          },
          problems: [...guardProblems, 400, 408, 413, 415, 422, 503],
        }),
      },
    )
    .post(
      "/predict/batch",
      async function predictBatch({ request }) {
        authorize(request, "predict");
        try {
          readBatchQuery(request);
          return await lanes.bulk.run(async () => {
            const { customers } = await readJson(request, batchSchema, batchLimit);
            return {
              predictions: await service.predict(
                customers.map((customer) => ({ customer, source: "request" as const })),
              ),
            };
          });
        } catch (error) {
          throw counted(error);
        }
      },
      {
        parse: "none",
        detail: describe({
          summary: "Predictions for 1 to 1000 customers, all or nothing",
          tag: "predictions",
          body: { schema: batchSchema, example: { customers: [exampleCustomer] } },
          answer: {
            schema: z.object({ predictions: z.array(predictionSchema) }),
            example: { predictions: [examplePrediction] },
          },
          problems: [...guardProblems, 400, 408, 413, 415, 422, 503],
        }),
      },
    )
    .get(
      "/predictions/:id",
      function getPrediction({ request, params, set }) {
        authorize(request, "read");
        set.headers["cache-control"] = "no-store";
        return present(service.get(params.id));
      },
      {
        detail: describe({
          summary: "What was asked, answered and later learned",
          tag: "predictions",
          parameters: [
            {
              name: "id",
              in: "path",
              description: "prediction_id of an answer",
              example: examplePrediction.prediction_id,
            },
          ],
          answer: {
            schema: recordSchema,
            example: {
              ...examplePrediction,
              predicted_at: "2026-11-23T12:00:00.000Z",
              source: "request",
              customer: exampleCustomer,
              feedback: null,
              history: [],
            },
          },
          problems: [...guardProblems, 404],
        }),
      },
    );
}

/** Why a request was refused that is at fault itself. */
function reasonOf({ code, flaws }: AppError): RejectionReason | undefined {
  if (code === "invalid_input") return flaws[0]?.reason ?? "other";
  return rejectionReasons.find((reason) => reason === code);
}
