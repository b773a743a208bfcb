import uPlot from "uplot";
import type { DashboardPanel, DrawnPanel, DrawnSeries, Mark } from "./dashboard-pictures.ts";
import { colorNamed, colorOf, element, format, propertiesOf, themed } from "./dashboard-words.ts";

/** The range of the axis: that of the figures, and what the panel wants to see at least. */
function rangeOf(panel: DashboardPanel, low: number, high: number): [number, number] {
  const { axisSoftMin, axisSoftMax } = panel.fieldConfig?.defaults.custom ?? {};
  const [from, to] = [Math.min(low, axisSoftMin ?? low), Math.max(high, axisSoftMax ?? high)];
  const margin = 0.06 * (to - from || Math.abs(to) || 1);
  return [from === axisSoftMin ? from : from - margin, to === axisSoftMax ? to : to + margin];
}

function drawLegend({ panel, series }: DrawnPanel, legend: HTMLElement): void {
  const isRanked = panel.options?.legend?.placement === "right";
  const last = ({ values }: DrawnSeries): number => values.findLast((value) => !Number.isNaN(value)) ?? Number.NaN;
  const entries = series
    .map((one, i) => ({ one, color: colorOf(panel, one.name, i), value: last(one) }))
    .filter(({ one }) => {
      const hidden = propertiesOf(panel, one.name).get("custom.hideFrom") as { legend: boolean } | undefined;
      return !hidden?.legend;
    });
  if (isRanked) entries.sort((a, b) => b.value - a.value);
  for (const { one, color, value } of entries) {
    const entry = element("span", "", isRanked ? "" : `— ${one.name}`);
    if (isRanked)
      entry.append(
        element("span", "", `— ${one.name}`),
        element("b", "", format(value, panel.fieldConfig?.defaults.unit)),
      );
    entry.style.color = color;
    legend.append(entry);
  }
}

/** Lines over time with their bands, and what happened meanwhile as vertical ones. */
export function drawLines(each: DrawnPanel, marks: readonly Mark[], body: HTMLElement, legend: HTMLElement): void {
  const { panel, series } = each;
  drawLegend(each, legend);
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const columns = series.map((one) => {
    const at = new Map(one.times.map((time, i) => [time, one.values[i] as number]));
    return times.map((time) => {
      const value = at.get(time);
      return value === undefined || Number.isNaN(value) ? null : value;
    });
  });
  const unit = panel.fieldConfig?.defaults.unit;
  const indexOf = (name: string) => series.findIndex((one) => one.name === name);
  const axis = {
    stroke: themed("text"),
    grid: { stroke: themed("line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  function drawMarks({ ctx, bbox, valToPos }: uPlot): void {
    for (const { time, color } of marks) {
      const x = valToPos(time, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.save();
      ctx.strokeStyle = colorNamed(color);
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.restore();
    }
  }
  new uPlot(
    {
      width: body.clientWidth,
      height: body.clientHeight,
      legend: { show: false },
      hooks: { draw: [drawMarks] },
      scales: { y: { range: (_, low, high) => rangeOf(panel, low, high) } },
      series: [
        {},
        ...series.map((one, i): uPlot.Series => {
          const properties = propertiesOf(panel, one.name);
          const dash = (properties.get("custom.lineStyle") as { dash: number[] } | undefined)?.dash;
          return {
            stroke: colorOf(panel, one.name, i),
            width: (properties.get("custom.lineWidth") as number | undefined) ?? 1,
            points: { show: false },
            ...(dash && { dash }),
          };
        }),
      ],
      bands: series.flatMap((one, i) => {
        const lower = indexOf(String(propertiesOf(panel, one.name).get("custom.fillBelowTo")));
        return lower < 0
          ? []
          : [{ series: [i + 1, lower + 1] as [number, number], fill: `${colorOf(panel, one.name, i)}26` }];
      }),
      axes: [
        {
          ...axis,
          size: 24,
          space: 70,
          values: (_, ticks) => ticks.map((tick) => new Date(1000 * tick).toISOString().slice(11, 19)),
        },
        { ...axis, size: 62, values: (_, ticks) => ticks.map((tick) => format(tick, unit)) },
      ],
    },
    [times, ...columns],
    body,
  );
}
