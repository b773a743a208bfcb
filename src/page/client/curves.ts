import type { WindowFigures } from "./api.ts";
import { svg } from "./dom.ts";
import { figure } from "./format.ts";

const size = 240;
const margin = 44;
const edge = size - 8;
const x = (ratio: number): number => margin + ratio * (edge - margin);
const y = (ratio: number): number => edge - 28 - ratio * (edge - margin);
const path = (points: [number, number][]): string =>
  points.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");

function square(label: string, xTitle: string, yTitle: string, ...content: SVGElement[]): SVGSVGElement {
  const ticks = [0, 0.5, 1].flatMap((tick) => [
    svg("text", { x: x(tick), y: y(0) + 14, "text-anchor": "middle" }, String(tick)),
    svg("text", { x: x(0) - 5, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
  ]);
  return svg(
    "svg",
    { viewBox: `0 0 ${size} ${size + 4}`, class: "curve", role: "img", "aria-label": label },
    svg("rect", { class: "axis", x: x(0), y: y(1), width: x(1) - x(0), height: y(0) - y(1) }),
    svg("path", {
      class: "diagonal",
      d: path([
        [0, 0],
        [1, 1],
      ]),
    }),
    ...ticks,
    svg("text", { x: x(0.5), y: y(0) + 28, "text-anchor": "middle" }, xTitle),
    svg("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(10 ${y(0.5)}) rotate(-90)` }, yTitle),
    ...content,
  );
}

export function rocCurve({ roc, confusion }: WindowFigures): SVGSVGElement {
  const { true_positives, false_positives, true_negatives, false_negatives } = confusion;
  const found = true_positives / (true_positives + false_negatives);
  const wrong = false_positives / (false_positives + true_negatives);
  return square(
    `ROC curve; at the threshold in use ${figure(found, 2)} of the churners are found and ${figure(wrong, 2)} of the others wrongly called`,
    "others wrongly called",
    "churners found",
    svg("path", {
      class: "line",
      d: path(roc.map(({ false_positive, true_positive }) => [false_positive, true_positive])),
    }),
    svg("circle", { class: "dot", r: 5, cx: x(wrong), cy: y(found) }),
  );
}

export function calibrationCurve({ calibration, reference_calibration }: WindowFigures): SVGSVGElement {
  const rows = calibration.reduce((sum, tenth) => sum + tenth.rows, 0);
  const points = (tenths: { predicted: number; observed: number }[]) =>
    path(tenths.map(({ predicted, observed }) => [predicted, observed]));
  return square(
    `Calibration: ${calibration.map(({ predicted, observed }) => `of ${figure(predicted, 2)} predicted ${figure(observed, 2)} happened`).join(", ")}`,
    "predicted",
    "did churn",
    svg("path", { class: "before", d: points(reference_calibration) }),
    svg("path", { class: "line", d: points(calibration) }),
    ...calibration.map(({ predicted, observed, rows: own }) =>
      svg("circle", { class: "dot", cx: x(predicted), cy: y(observed), r: 2 + 5 * Math.sqrt(own / rows) }),
    ),
  );
}
