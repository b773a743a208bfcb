import { describe, expect, test } from "bun:test";
import { baselines } from "./baselines.ts";

describe("baselines", () => {
  for (const [metric, { of, promql }] of Object.entries(baselines)) {
    test(`${metric} is the same number for the page as in Prometheus`, () => {
      for (const share of [0.01, 0.19, 0.5, 0.9]) {
        // The arithmetic of PromQL is that of JavaScript but for the name of the logarithm.
        const inPrometheus = new Function("ln", `return ${promql(`(${share})`)}`)(Math.log) as number;
        expect(of(share)).toBeCloseTo(inPrometheus, 12);
      }
    });
  }

  test("are those of literature at the share of churners that is usual here", () => {
    const at = (metric: "accuracy" | "brier" | "log_loss" | "f1") => baselines[metric]?.of(0.19);
    expect(at("accuracy")).toBeCloseTo(0.81, 12);
    expect(at("brier")).toBeCloseTo(0.1539, 12);
    expect(at("log_loss")).toBeCloseTo(0.486222965, 9);
    expect(at("f1")).toBeCloseTo(0.319327731, 9);
  });
});
