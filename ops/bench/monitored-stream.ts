import { scenarios } from "../../scheduler/scenarios.ts";
import type { ScenarioName } from "../../src/config.ts";
import type { LabelledCustomer } from "../../src/customer.ts";
import { cellCounts } from "../../src/models/profile.ts";
import type { LoadedModel } from "../../src/models/registry.ts";
import { createAttributionWindow } from "../../src/monitoring/attribution.ts";
import { createEvaluator, type Evaluation } from "../../src/monitoring/evaluate.ts";
import { createJudge, type JudgedFinding } from "../../src/monitoring/judge.ts";
import { explainedAtOnce } from "../../src/monitoring/look.ts";
import { nothingRefused } from "../../src/monitoring/refusals.ts";
import { createWindow } from "../../src/monitoring/window.ts";
import { createRandom, type Random } from "../../src/statistics/random.ts";

/** Held-out customers with what the model says of them undisturbed. */
export interface Pool {
  customers: readonly LabelledCustomer[];
  probabilities: Float64Array;
  /** One row of cells for each customer. */
  cells: readonly Uint8Array[];
  /** SHAP values of a customer, computed when they are first asked for. */
  contributionsOf(index: number): Float64Array;
}

export interface StreamSettings {
  /** Customers a second. */
  rate: number;
  /** Predictions in a window. */
  windowSize: number;
  /** Seconds between two looks. */
  every: number;
  /** Seconds from a prediction to its label, and by which share of it labels stray. */
  delay: number;
  jitter: number;
}

export interface Look {
  /** Predictions since the start. */
  predicted: number;
  evaluation: Evaluation;
  results: JudgedFinding[];
}

/** Scores the pool once, undisturbed. */
export async function preparePool(model: LoadedModel, customers: readonly LabelledCustomer[]): Promise<Pool> {
  const probabilities = new Float64Array(customers.length);
  const slice = 1000;
  for (let start = 0; start < customers.length; start += slice) {
    const part = customers.slice(start, start + slice);
    probabilities.set(await score(model, part), start);
  }
  const contributions: Float64Array[] = [];
  return {
    customers,
    probabilities,
    cells: customers.map(({ customer }, i) => model.binner.cells(customer, probabilities[i] as number)),
    contributionsOf(index) {
      const known = contributions[index];
      if (known) return known;
      const found = model.explanations().contributionsOf((customers[index] as LabelledCustomer).customer);
      contributions[index] = found;
      return found;
    },
  };
}

async function score(model: LoadedModel, labelled: readonly LabelledCustomer[]): Promise<Float32Array> {
  const width = model.manifest.features.length;
  const features = new Float32Array(labelled.length * width);
  labelled.forEach(({ customer }, i) => void model.encode(customer, features, i * width));
  return model.session.score(features, labelled.length);
}

interface PendingLabel {
  seq: number;
  churned: boolean;
  dueAt: number;
}

/**
 * The monitors over a stream of replayed customers, without HTTP, database or waiting: the same window, evaluator and judge that
 * the service uses, its clock simulated. From `onset` predictions on the scenario is played.
 */
export async function* watchStream(options: {
  model: LoadedModel;
  pool: Pool;
  settings: StreamSettings;
  seed: number;
  scenario: ScenarioName;
  onset: number;
  /** Seconds that the scenario has already been played at its onset. */
  elapsed?: number;
}): AsyncGenerator<Look> {
  const { model, pool, settings, scenario, onset, elapsed = 0 } = options;
  const random = createRandom(options.seed);
  const { manifest } = model;
  const window = createWindow({ limit: settings.windowSize, cellCounts: cellCounts(manifest.reference) });
  const attributions = createAttributionWindow(manifest.features.length);
  const evaluate = createEvaluator(manifest, random.split());
  const judge = createJudge([]);
  const order = random.shuffle(Uint32Array.from(pool.customers, (_, i) => i));
  const perLook = settings.rate * settings.every;
  let pending: PendingLabel[] = [];
  let predicted = 0;
  for (;;) {
    const lookAt = ((predicted + perLook) / settings.rate) * 1000;
    const rows = await playRows();
    for (const row of rows.slice(-explainedAtOnce)) attributions.add(row.contributions());
    for (const row of rows) {
      window.add({ ...row, label: null });
      const jitter = 1 + settings.jitter * (2 * random.uniform() - 1);
      pending.push({ seq: row.seq, churned: row.churned, dueAt: row.predictedAt + 1000 * settings.delay * jitter });
    }
    predicted += rows.length;
    const waiting: PendingLabel[] = [];
    for (const label of pending) {
      if (label.dueAt <= lookAt) window.label(label.seq, { churned: label.churned, receivedAt: label.dueAt });
      else waiting.push(label);
    }
    pending = waiting;
    const evaluation = await evaluate({ window, attributions }, { now: lookAt, refused: nothingRefused });
    yield { predicted, evaluation, results: judge(evaluation, manifest, lookAt) };
  }

  async function playRows() {
    const chosen = Array.from({ length: perLook }, (_, i) => order[(predicted + i) % order.length] as number);
    const timeOf = (i: number) => ((predicted + i + 1) / settings.rate) * 1000;
    if (scenario === "none" || predicted + perLook <= onset) {
      return chosen.map((index, i) => ({
        seq: predicted + i + 1,
        predictedAt: timeOf(i),
        probability: pool.probabilities[index] as number,
        cells: pool.cells[index] as Uint8Array,
        fingerprint: index,
        contributions: () => pool.contributionsOf(index),
        churned: (pool.customers[index] as LabelledCustomer).churned,
      }));
    }
    const played = chosen.map((index, i) => disturb(pool.customers[index] as LabelledCustomer, predicted + i, random));
    const probabilities = await score(model, played);
    return played.map(({ customer, churned }, i) => ({
      seq: predicted + i + 1,
      predictedAt: timeOf(i),
      probability: probabilities[i] as number,
      cells: model.binner.cells(customer, probabilities[i] as number),
      fingerprint: chosen[i] as number,
      contributions: () => model.explanations().contributionsOf(customer),
      churned,
    }));
  }

  function disturb(labelled: LabelledCustomer, position: number, own: Random): LabelledCustomer {
    if (position < onset) return labelled;
    const moment = { elapsed: (elapsed + (position - onset) / settings.rate) * 1000, run: options.seed };
    return scenarios[scenario](labelled, moment, own);
  }
}
