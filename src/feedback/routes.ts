import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { Elysia } from "elysia";
import { z } from "zod";
import { exampleCustomer, storableText } from "../customer.ts";
import { AppError, type Flaw } from "../errors.ts";
import type { Role } from "../http/access.ts";
import { brokenOff, checkDeclaredLength, checkEncoding, decoded, isCsv, readJson, readJsonText } from "../http/body.ts";
import { describe, guardProblems } from "../http/describe.ts";
import type { Lanes } from "../http/lane.ts";
import { describeIssues, parseJson } from "../json.ts";
import type { Feedback, FeedbackOutcome, FeedbackService, FeedbackStatus } from "./service.ts";

const singleLimit = 16 * 1024;
const batchLimit = 16 * 1024 * 1024;
const csvLimit = 64 * 1024 * 1024;
const csvTime = 300_000;
const lineLimit = 1_000_000;
// Labels that are checked before others get their turn.
const portion = 500;
const rejectedLimit = 1000;
const latestTime = Date.UTC(3000, 0);
const columns = ["prediction_id", "user_id", "churned", "observed_at"];

const feedbackSchema = z
  .strictObject({
    prediction_id: z.string().min(1).max(64).optional(),
    user_id: storableText.min(1).optional(),
    churned: z.union([z.boolean(), z.literal(0), z.literal(1)], "expected true, false, 0 or 1"),
    observed_at: z
      .union(
        [
          z.iso
            .datetime({ offset: true })
            .refine(
              (text) => Date.parse(text) >= 0 && Date.parse(text) <= latestTime,
              "expected a time of 1970 to 2999",
            ),
          z.int().min(0).max(latestTime),
        ],
        "expected an ISO 8601 time or milliseconds since 1970, until the year 3000",
      )
      .nullish(),
  })
  .refine(({ prediction_id, user_id }) => (prediction_id === undefined) !== (user_id === undefined), {
    error: "give either prediction_id or user_id",
    path: ["prediction_id"],
  });
const batchSchema = z.strictObject({ feedback: z.array(z.unknown()).min(1).max(100_000) });

const statusSchema = z.enum(["recorded", "unchanged", "corrected", "pending"]);
const answerSchema = z.object({ prediction_id: z.string().nullable(), status: statusSchema });
const summarySchema = z.object({
  counts: z.record(z.enum([...statusSchema.options, "rejected"]), z.int()),
  rejected: z.array(z.object({ line: z.int(), message: z.string() })),
});

interface CsvRecord {
  info: { lines: number };
  record: Record<string, string>;
}

type Summary = z.output<typeof summarySchema>;

const exampleFeedback = { prediction_id: "019a1f6e-6c00-7c3e-8f8e-3f5d0c9a7b21", churned: true };
const exampleSummary = { counts: { recorded: 1, unchanged: 0, corrected: 0, pending: 1, rejected: 0 }, rejected: [] };

function toFeedback({ prediction_id, user_id, churned, observed_at }: z.output<typeof feedbackSchema>): Feedback {
  return {
    target: prediction_id === undefined ? { userId: user_id as string } : { predictionId: prediction_id },
    churned: churned === true || churned === 1,
    observedAt: observed_at === null || observed_at === undefined ? undefined : new Date(observed_at).getTime(),
  };
}

/**
 * The columns that a header line names, in any case and order.
 * @throws AppError `invalid_input` for one that is unknown, doubled or missing.
 */
function readHeader(header: readonly string[]): string[] {
  const names = header.map((name) => name.trim().toLowerCase());
  const flaws = names
    .map((name, i): Flaw | null => {
      const path = `line 1, column ${i + 1}`;
      if (!columns.includes(name)) return { path, message: `is not one of ${columns.join(", ")}` };
      return names.indexOf(name) < i ? { path, message: `is ${name} for the second time` } : null;
    })
    .filter((flaw) => flaw !== null)
    .slice(0, 10);
  if (!names.includes("churned")) flaws.push({ path: "line 1", message: "there is no column churned" });
  if (!names.includes("user_id") && !names.includes("prediction_id"))
    flaws.push({ path: "line 1", message: "there is no column user_id and none prediction_id" });
  const [first] = flaws;
  if (first) throw new AppError("invalid_input", `the header of the CSV: ${first.path}: ${first.message}`, { flaws });
  return names;
}

/** A line of CSV as the JSON that says the same; blank cells are absent. */
function fromCsv(record: Record<string, string>): unknown {
  const cells = Object.entries(record).filter(([, value]) => value !== "");
  const values = Object.fromEntries(cells) as Record<string, unknown>;
  const truth: Record<string, boolean> = { "0": false, "1": true, false: false, true: true };
  if (typeof values.churned === "string") values.churned = truth[values.churned.toLowerCase()] ?? values.churned;
  if (typeof values.observed_at === "string" && /^\d+$/.test(values.observed_at))
    values.observed_at = Number(values.observed_at);
  return values;
}

export interface FeedbackRoutesOptions {
  service: FeedbackService;
  lanes: Lanes;
  authorize(request: Request, role: Role): string;
}

export function feedbackRoutes({ service, lanes, authorize }: FeedbackRoutesOptions) {
  const emptySummary = (): Summary => ({
    counts: { recorded: 0, unchanged: 0, corrected: 0, pending: 0, rejected: 0 },
    rejected: [],
  });

  function reject(summary: Summary, line: number, message: string): void {
    summary.counts.rejected++;
    if (summary.rejected.length < rejectedLimit) summary.rejected.push({ line, message });
  }

  /** Records what is valid among `entries`, a line number and a value each, and lets others have their turn. */
  async function recordAll(summary: Summary, entries: readonly [number, unknown][]): Promise<void> {
    const valid: [number, Feedback][] = [];
    for (const [line, value] of entries) {
      const parsed = feedbackSchema.safeParse(value);
      if (parsed.success) valid.push([line, toFeedback(parsed.data)]);
      else reject(summary, line, describeIssues(parsed.error.issues));
    }
    const outcomes = valid.length === 0 ? [] : await service.record(valid.map(([, feedback]) => feedback));
    outcomes.forEach((outcome: FeedbackOutcome, i) => {
      if (outcome.status === "rejected") reject(summary, (valid[i] as [number, Feedback])[0], outcome.reason);
      else summary.counts[outcome.status]++;
    });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async function recordCsv(request: Request): Promise<Summary> {
    const summary = emptySummary();
    if (!request.body)
      throw new AppError("malformed_body", "the CSV is empty: send a header line and one line for each label", {
        flaws: [{ path: "line 1", message: "there is none" }],
      });
    checkEncoding(request);
    checkDeclaredLength(request, csvLimit);
    const parser = parse({
      bom: true,
      columns: readHeader,
      info: true,
      max_record_size: 4096,
      skip_empty_lines: true,
    });
    let entries: [number, unknown][] = [];
    try {
      await pipeline(decoded(request, csvLimit, csvTime), parser, async (records: AsyncIterable<CsvRecord>) => {
        for await (const { info, record } of records) {
          entries.push([info.lines, fromCsv(record)]);
          if (info.lines > lineLimit)
            throw new AppError(
              "payload_too_large",
              `the CSV has more than ${lineLimit} lines: send it in parts; ${describeCounts(summary)} before that`,
              { flaws: [{ path: `line ${info.lines}`, message: "is one too many" }] },
            );
          if (entries.length < portion) continue;
          await recordAll(summary, entries);
          entries = [];
        }
      });
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (!(error instanceof CsvError)) throw brokenOff(error);
      await recordAll(summary, entries);
      // The parser quotes the cell, where there may be a person.
      const message = error.message.replace(/: a quote is found on field .*/s, "");
      const flaw: Flaw = { path: `line ${(error as { lines?: number }).lines ?? "?"}`, message };
      throw new AppError("malformed_body", `the CSV is broken: ${message}; ${describeCounts(summary)} before that`, {
        cause: error,
        flaws: [flaw],
      });
    }
    await recordAll(summary, entries);
    return summary;
  }

  async function recordJson(request: Request): Promise<Summary> {
    const { feedback } = await readJson(request, batchSchema, batchLimit);
    const summary = emptySummary();
    const entries = feedback.map((value, i): [number, unknown] => [i + 1, value]);
    for (let i = 0; i < entries.length; i += portion) await recordAll(summary, entries.slice(i, i + portion));
    return summary;
  }

  return new Elysia({ name: "feedback" })
    .post(
      "/feedback",
      async function giveFeedback({ request }): Promise<{ prediction_id: string | null; status: FeedbackStatus }> {
        authorize(request, "feedback");
        await lanes.single.check();
        const text = await readJsonText(request, singleLimit);
        return lanes.single.run(async () => {
          const outcome = await service.recordOne(toFeedback(parseJson(text, feedbackSchema)));
          return { prediction_id: outcome.predictionId, status: outcome.status };
        });
      },
      {
        parse: "none",
        detail: describe({
          summary: "What really happened to a customer",
          description:
            "By prediction_id, or by user_id for the user's last prediction. The observation made last is believed; a label for a user without predictions waits for the first.",
          tag: "feedback",
          body: { schema: feedbackSchema, example: exampleFeedback },
          answer: {
            schema: answerSchema,
            example: { prediction_id: exampleFeedback.prediction_id, status: "recorded" },
          },
          problems: [...guardProblems, 400, 404, 408, 413, 415, 422, 503],
        }),
      },
    )
    .post(
      "/feedback/batch",
      async function giveFeedbackBatch({ request }): Promise<Summary> {
        authorize(request, "feedback");
        return lanes.bulk.run(() => (isCsv(request) ? recordCsv(request) : recordJson(request)));
      },
      {
        parse: "none",
        detail: describe({
          summary: "Many labels at once, as JSON or streamed as CSV",
          description: `Valid lines are recorded, the others listed with their number (the first ${rejectedLimit}). At most 100000 labels as JSON, ${lineLimit} lines of at most 4096 bytes as CSV. Sending a file again, or its parts in another order, ends in the same state.`,
          tag: "feedback",
          body: {
            schema: batchSchema,
            example: { feedback: [exampleFeedback, { user_id: exampleCustomer.user_id, churned: 0 }] },
            csv: `user_id,churned,observed_at\n${exampleCustomer.user_id},0,2026-11-23T12:00:00Z\n`,
          },
          answer: { schema: summarySchema, example: exampleSummary },
          problems: [...guardProblems, 400, 408, 413, 415, 422, 503],
        }),
      },
    );
}

const describeCounts = ({ counts }: Summary): string =>
  Object.entries(counts)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
