import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import type { Panel, Series } from "../../src/monitoring/panel.ts";

export const datasource = { type: "prometheus", uid: `\${datasource}` };

export const refIds = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];

function query(
  { expression, legend }: Series,
  index: number,
  format: "range" | "instant" | "table" | "heatmap",
): Builder<Dataquery> {
  const builder = new DataqueryBuilder()
    .refId(refIds[index] as string)
    .datasource(datasource)
    .expr(expression)
    .legendFormat(legend);
  if (expression.includes("histogram_quantile")) builder.exemplar(true);
  if (format === "range") return builder.range();
  if (format === "heatmap") return builder.range().format(PromQueryFormat.Heatmap);
  return format === "table" ? builder.instant().format(PromQueryFormat.Table) : builder.instant();
}

/** What a panel asks Prometheus, a query for each series. */
export const queries = (panel: Panel, format: Parameters<typeof query>[2]) =>
  panel.series.map((series, i) => query(series, i, format));
