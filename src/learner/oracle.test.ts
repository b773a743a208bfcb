import { describe, expect, test } from "bun:test";
import { logistic } from "../statistics/calibration.ts";
import { logLoss } from "../statistics/probability-scores.ts";
import { rankScores, rocAuc } from "../statistics/ranking.ts";
import { fit } from "./boosting.ts";
import { makeOracleRows, oracleFeatures, oracleProblem } from "./oracle.ts";
import { defaultParameters } from "./parameters.ts";
import { rawScores } from "./predict.ts";

// Printed by: bun src/learner/oracle.ts FOLDER && python3 src/learner/oracle.py FOLDER
const oracles = [
  { name: "XGBoost 3.2.0", auc: 0.80596, loss: 0.47467 },
  { name: "scikit-learn 1.9.1", auc: 0.80644, loss: 0.47467 },
];

describe("the learner on rows that it has not seen", () => {
  const { train, test: unseen } = oracleProblem;
  const rows = makeOracleRows(unseen.rows, unseen.seed);
  const probabilities = (async () => {
    const parameters = { ...defaultParameters, rounds: 60, maxLeaves: 31, minChildWeight: 5, earlyStoppingRounds: 0 };
    const learned = makeOracleRows(train.rows, train.seed);
    const { model } = await fit({ featureNames: oracleFeatures, train: learned, validation: null, parameters });
    return rawScores(model, rows.features).map(logistic);
  })();

  test.each(oracles)("is as good as $name, within 0.002", async ({ auc, loss }) => {
    const ours = {
      auc: rocAuc(rankScores(await probabilities, rows.labels)),
      loss: logLoss(await probabilities, rows.labels),
    };
    expect(ours.auc).toBeGreaterThan(auc - 0.002);
    expect(ours.loss).toBeLessThan(loss + 0.002);
    // Much better than they would mean that it saw what it should not.
    expect(ours.auc).toBeLessThan(auc + 0.002);
    expect(ours.loss).toBeGreaterThan(loss - 0.002);
  });
});
