import { expect, test } from "bun:test";
import { waitingForLabels, waitingForRows } from "./waiting.ts";

const setup = { least: { rows: 300, labels: 200, coverage: 0.5 }, feedback_delay: 30, window: 2000 };

test("labels are waited for until there are enough of them", () => {
  expect(waitingForLabels({ rows: 0, coverage: null }, null, setup)).toBe("Waiting for 200 labels: none is known");
  expect(waitingForLabels({ rows: 50, coverage: 0 }, 5, setup)).toBe(
    "Waiting for 200 labels, about 70 s: none is known",
  );
  expect(waitingForLabels({ rows: 200, coverage: 0.25 }, 5, setup)).toBe(
    "Waiting for 200 labels, about 30 s: 50 are known",
  );
});

test("labels are waited for until the window has a large enough share of them", () => {
  expect(waitingForLabels({ rows: 800, coverage: 0.25 }, 60, setup)).toBe(
    "Waiting for labels of 50 % of the window's predictions, about 7 s: 25 % are known",
  );
  expect(waitingForLabels({ rows: 800, coverage: 0.25 }, null, setup)).toBe(
    "Waiting for labels of 50 % of the window's predictions: 25 % are known",
  );
});

test("a window that is full before its labels come says that waiting does not help", () => {
  expect(waitingForLabels({ rows: 2000, coverage: 0.2 }, 200, setup)).toContain("at this rate more will not be");
});

test("predictions are waited for by their rate", () => {
  expect(waitingForRows(0, null, setup)).toBe("Waiting for 300 predictions: none is there");
  expect(waitingForRows(100, 5, setup)).toBe("Waiting for 300 predictions, about 40 s: 100 are there");
  expect(waitingForRows(338, 5, setup)).toBe("Waiting for the next look of the monitors: 338 predictions are there");
});
