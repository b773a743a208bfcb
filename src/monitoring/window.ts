import type { PredictionStore } from "../storage/predictions.ts";

/** The last predictions of a model version by prediction time, by column; `label` is −1 while unknown. */
export interface Window {
  rows: number;
  from: number | null;
  to: number | null;
  probability: Float64Array;
  label: Int8Array;
  /** Row-major, `width` cells a row: those of the features, then that of the score. */
  cells: Uint8Array;
  width: number;
}

/** Reads the last `limit` predictions of a model version; fewer when there are fewer, none when there are none. */
export function readWindow(predictions: PredictionStore, modelVersion: string, width: number, limit: number): Window {
  const found = predictions.latest(modelVersion, limit);
  const rows = found.length;
  const window: Window = {
    rows,
    from: found.at(-1)?.predictedAt ?? null,
    to: found[0]?.predictedAt ?? null,
    probability: new Float64Array(rows),
    label: new Int8Array(rows),
    cells: new Uint8Array(rows * width),
    width,
  };
  found.forEach((row, i) => {
    window.probability[i] = row.probability;
    window.label[i] = row.churned ?? -1;
    window.cells.set(row.cells.subarray(0, width), i * width);
  });
  return window;
}

/** How often each of `size` cells occurs in a column of the window. */
export function countCells(window: Window, column: number, size: number): Float64Array {
  const counts = new Float64Array(size);
  for (let i = column; i < window.cells.length; i += window.width) {
    const cell = window.cells[i] as number;
    counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

/** Probabilities and labels of the rows whose label is known. */
export function labelledRows(window: Window): { probabilities: Float64Array; labels: Uint8Array } {
  const known = window.label.reduce((count, label) => count + (label >= 0 ? 1 : 0), 0);
  const probabilities = new Float64Array(known);
  const labels = new Uint8Array(known);
  let next = 0;
  for (let i = 0; i < window.rows; i++) {
    if ((window.label[i] as number) < 0) continue;
    probabilities[next] = window.probability[i] as number;
    labels[next++] = window.label[i] as number;
  }
  return { probabilities, labels };
}
