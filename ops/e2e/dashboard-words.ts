import type { DashboardPanel } from "./dashboard-pictures.ts";

const palette = [
  "#56a64b",
  "#e0b400",
  "#5794f2",
  "#ff780a",
  "#e02f44",
  "#8ab8ff",
  "#b877d9",
  "#705da0",
  "#37872d",
  "#c69c00",
];
const named: Record<string, string> = {
  blue: "#5794f2",
  orange: "#ff9830",
  red: "#e02f44",
  gray: "#8e8e8e",
  green: "#56a64b",
  yellow: "#e0b400",
  purple: "#b877d9",
};

export const colorNamed = (name: string): string => named[name] ?? name;

export const element = (tag: string, className: string, text = ""): HTMLElement =>
  Object.assign(document.createElement(tag), { className, textContent: text });

/** A figure as Grafana would write it in a unit of its own. */
export function format(value: number, unit = "none"): string {
  if (!Number.isFinite(value)) return String(value);
  if (unit === "percentunit") return `${Number((100 * value).toPrecision(3))} %`;
  if (unit === "bytes") return `${(value / 2 ** 20).toPrecision(3)} MiB`;
  const suffix = { s: " s", ops: "/s" }[unit] ?? "";
  return `${Number(value.toPrecision(3))}${suffix}`;
}

/** What the dashboard says of the series of a name alone. */
export function propertiesOf(panel: DashboardPanel, name: string): Map<string, unknown> {
  const found = panel.fieldConfig?.overrides.filter(({ matcher }) => matcher.options === name) ?? [];
  return new Map(found.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])));
}

export function colorOf(panel: DashboardPanel, name: string, index: number): string {
  const fixed = propertiesOf(panel, name).get("color") as { fixedColor: string } | undefined;
  return colorNamed(fixed?.fixedColor ?? (palette[index % palette.length] as string));
}

/** The colour of the highest step that a figure reaches. */
export function stepColor(panel: DashboardPanel, value: number): string {
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  return colorNamed(steps.findLast((step) => step.value === null || value >= step.value)?.color ?? "gray");
}

/** A colour of the page's theme. */
export const themed = (name: "text" | "line"): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
