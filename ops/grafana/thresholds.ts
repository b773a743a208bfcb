import {
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";

/** Colours by value: each from its value on. */
export const steps = (...list: [number | null, string][]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list.map(([value, color]) => ({ value, color })));

/** Of a share of a threshold: far from it, on the way to it, past it. */
export const untilThreshold: [number | null, string][] = [
  [null, "green"],
  [0.8, "yellow"],
  [1, "red"],
];

/** By the gauge of severity: ok, info, warning, critical. */
export const bySeverity: [number | null, string][] = [
  [null, "green"],
  [1, "blue"],
  [2, "orange"],
  [3, "red"],
];

/** What the figures 0, 1, 2… mean. */
export const inWords = (...words: string[]): ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(words.map((text, index) => [index, { text, index }])),
  },
];
