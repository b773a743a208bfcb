import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createDurability } from "../storage/durability.ts";
import { openStores } from "../storage/stores.ts";
import { anyPrediction, storePrediction } from "../testing/stored-prediction.ts";
import { joinPending } from "./beliefs.ts";
import { createFeedbackService, type Feedback, type FeedbackOutcome } from "./service.ts";

const users = ["ann", "bob", "\u0000", "__proto__"];
const versions = ["retired", "serving"];

/** A service on a database of its own, with a clock that the test sets. */
async function createFixture() {
  const { database, predictions, labels, close } = openStores(":memory:");
  const durability = await createDurability(database, ":memory:");
  const clock = { time: 1_000_000 };
  const service = createFeedbackService({ durability, predictions, labels, now: () => clock.time, onRecorded() {} });

  const ids: string[] = [];

  /** Stores a prediction as the prediction service does. */
  const predict = (userId: string, modelVersion: string): Promise<{ seq: number; id: string }> =>
    durability.commit(() => {
      const key = storePrediction(predictions, {
        ...anyPrediction,
        userId,
        predictedAt: clock.time,
        modelVersion,
      });
      joinPending(labels, key.seq, userId);
      ids.push(key.id);
      return key;
    });
  /** Records labels in which `prediction 0` is the first that was made. */
  const record = (feedbacks: readonly Feedback[]): Promise<FeedbackOutcome[]> =>
    service.record(
      feedbacks.map(({ target, ...said }) => ({
        ...said,
        target: "userId" in target ? target : { predictionId: ids[numberIn(target.predictionId)] ?? "no such" },
      })),
    );
  return { record, labels, clock, predict, close };
}
const numberIn = (name: string): number => Number(name.match(/^prediction (\d+)$/)?.[1] ?? -1);
type Fixture = Awaited<ReturnType<typeof createFixture>>;

interface Statement {
  churned: boolean;
  observedAt: number;
}

/** The simple model: all that was said of each prediction; the statement observed last is believed, of several the last to come. */
interface Model {
  predictions: { userId: string; said: Statement[] }[];
  pending: Map<string, Statement[]>;
  time: number;
}

const believed = (said: readonly Statement[]): Statement | undefined =>
  said.reduce<Statement | undefined>(
    (best, next) => (!best || next.observedAt >= best.observedAt ? next : best),
    undefined,
  );

function statusAfter(said: readonly Statement[], next: Statement): string {
  const before = believed(said);
  if (!before) return "recorded";
  return before.churned !== next.churned && next.observedAt >= before.observedAt ? "corrected" : "unchanged";
}

/** What the model answers to a label, and remembers. */
function say(model: Model, { target, churned, observedAt = model.time }: Feedback): string {
  const statement = { churned, observedAt };
  const prediction =
    "userId" in target
      ? model.predictions.findLast(({ userId }) => userId === target.userId)
      : model.predictions[numberIn(target.predictionId)];
  if (prediction) {
    const status = statusAfter(prediction.said, statement);
    prediction.said.push(statement);
    return status;
  }
  if ("predictionId" in target) return "rejected";
  model.pending.set(target.userId, [...(model.pending.get(target.userId) ?? []), statement]);
  return "pending";
}

interface Real extends Fixture {
  seqs: number[];
}
type Step = fc.AsyncCommand<Model, Real>;

/** Compares all beliefs. */
function compare(model: Model, { labels, seqs }: Real): void {
  model.predictions.forEach(({ said }, i) => {
    const label = labels.get(seqs[i] as number);
    const expected = believed(said);
    expect(label && { churned: label.churned, observedAt: label.observedAt }).toEqual(expected ?? null);
  });
}

const predictStep = fc.tuple(fc.constantFrom(...users), fc.constantFrom(...versions)).map(
  ([userId, version]): Step => ({
    check: () => true,
    toString: () => `predict ${userId}`,
    async run(model, real) {
      const waited = believed(model.pending.get(userId) ?? []);
      model.pending.delete(userId);
      model.predictions.push({ userId, said: waited ? [waited] : [] });
      real.seqs.push((await real.predict(userId, version)).seq);
      compare(model, real);
    },
  }),
);

const feedbackOf = (targets: fc.Arbitrary<Feedback["target"]>): fc.Arbitrary<Feedback> =>
  fc.record({
    target: targets,
    churned: fc.boolean(),
    // Few times, so that the same is often said again, and before as well as after the predictions.
    observedAt: fc.option(fc.integer({ min: 999_995, max: 1_000_010 }), { nil: undefined }),
  });
const anyTarget = fc.oneof(
  fc.constantFrom(...users).map((userId) => ({ userId })),
  fc.nat({ max: 8 }).map((i) => ({ predictionId: `prediction ${i}` })),
  fc.constant({ predictionId: "no such" }),
);

const feedbackStep = fc.array(feedbackOf(anyTarget), { minLength: 1, maxLength: 6 }).map(
  (feedbacks): Step => ({
    check: () => true,
    toString: () => `feedback ${JSON.stringify(feedbacks)}`,
    async run(model, real) {
      const outcomes = await real.record(feedbacks);
      expect(outcomes.map(({ status }) => status as string)).toEqual(feedbacks.map((feedback) => say(model, feedback)));
      compare(model, real);
    },
  }),
);

const waitStep = fc.integer({ min: 1, max: 5 }).map(
  (milliseconds): Step => ({
    check: () => true,
    toString: () => `wait ${milliseconds}`,
    async run(model, { clock }) {
      clock.time += milliseconds;
      model.time += milliseconds;
    },
  }),
);

/** Labels of what is known and of what is not, no two of the same prediction observed at the same time. */
const feed = fc.uniqueArray(
  feedbackOf(fc.nat({ max: 5 }).map((i) => ({ predictionId: `prediction ${i}` }))).map((feedback, i = 0) => ({
    ...feedback,
    observedAt: feedback.observedAt ?? 1_000_020 + i,
  })),
  { maxLength: 30, selector: ({ target, observedAt }) => JSON.stringify([target, observedAt]) },
);

async function stateAfter(
  orders: readonly (readonly Feedback[])[],
): Promise<{ labels: unknown[]; history: unknown[] }> {
  const fixture = await createFixture();
  try {
    const seqs: number[] = [];
    for (let i = 0; i < 4; i++) seqs.push((await fixture.predict("ann", versions[i % 2] as string)).seq);
    for (const feedbacks of orders) {
      fixture.clock.time++;
      if (feedbacks.length > 0) await fixture.record(feedbacks);
    }
    const { labels } = fixture;
    const of = (seq: number) => {
      const label = labels.get(seq);
      return label && [label.churned, label.observedAt];
    };
    return { labels: seqs.map(of), history: seqs.map((seq) => labels.history(seq)) };
  } finally {
    fixture.close();
  }
}

describe("feedback", () => {
  test("does what a simple model does: duplicates, corrections, late, early, unknown, of retired versions", async () => {
    const steps = fc.commands([predictStep, feedbackStep, feedbackStep, waitStep], { maxCommands: 30 });
    const property = fc.asyncProperty(steps, async (commands) => {
      const fixture = await createFixture();
      try {
        const model: Model = { predictions: [], pending: new Map(), time: fixture.clock.time };
        await fc.asyncModelRun(() => ({ model, real: { ...fixture, seqs: [] } }), commands);
      } finally {
        fixture.close();
      }
    });
    await fc.assert(property, { seed: 3, numRuns: 200 });
  }, 30_000);

  test("ends in the same beliefs whatever the order and the portions in which it comes", async () => {
    const orders = feed.chain((feedbacks) =>
      fc.tuple(
        fc.constant(feedbacks),
        fc.shuffledSubarray(feedbacks, { minLength: feedbacks.length }),
        fc.nat({ max: 30 }),
      ),
    );
    const property = fc.asyncProperty(orders, async ([feedbacks, shuffled, at]) => {
      const one = await stateAfter([feedbacks]);
      const other = await stateAfter([shuffled.slice(0, at), shuffled.slice(at)]);
      expect(other.labels).toEqual(one.labels);
    });
    await fc.assert(property, { seed: 4, numRuns: 150 });
  }, 30_000);

  test("changes no belief when any part of it is sent again, and does not let the history grow", async () => {
    const again = feed.chain((feedbacks) => fc.tuple(fc.constant(feedbacks), fc.shuffledSubarray(feedbacks)));
    const property = fc.asyncProperty(again, async ([feedbacks, repeated]) => {
      const once = await stateAfter([feedbacks]);
      const twice = await stateAfter([feedbacks, repeated]);
      expect(twice.labels).toEqual(once.labels);
      // A confirmation enters the history only when another label has been believed since; then it stands there for good.
      expect(await stateAfter([feedbacks, repeated, repeated])).toEqual(twice);
    });
    await fc.assert(property, { seed: 5, numRuns: 150 });
  }, 30_000);

  test("joins the label of a user who was unknown to the first prediction only, the one observed last", async () => {
    const { record, labels, predict, close } = await createFixture();
    const give = (churned: boolean, observedAt: number): Promise<FeedbackOutcome[]> =>
      record([{ target: { userId: "new" }, churned, observedAt }]);
    for (const [churned, observedAt] of [
      [true, 20],
      [false, 10],
    ] as const)
      expect(await give(churned, observedAt)).toMatchObject([{ status: "pending" }]);
    const first = await predict("new", "serving");
    const second = await predict("new", "serving");
    expect(labels.get(first.seq)).toMatchObject({ churned: true, observedAt: 20 });
    expect(labels.get(second.seq)).toBeNull();
    close();
  });
});
