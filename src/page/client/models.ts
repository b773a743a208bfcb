import type { Answer } from "./api.ts";
import { html } from "./dom.ts";
import { count, duration, figure, moment, percent } from "./format.ts";
import type { Service } from "./history.ts";
import { createPanel } from "./panel.ts";

export interface Versions {
  /** Oldest first. */
  services: Service[];
  models: {
    version: string;
    trained_at: number;
    rows: number;
    trees: number;
    threshold: number;
    holdout: Record<string, { value: number | null }>;
  }[];
}

const columns = [
  "Version",
  "Trained",
  "Rows",
  "Trees",
  "ROC AUC",
  "Average precision",
  "Log loss",
  "Threshold",
  "Served",
];
const shownServices = 4;

/** When a version served, the newest time first. */
function served(services: readonly Service[]): HTMLElement {
  const times = services
    .toReversed()
    .map(({ from, to }) => (to === null ? `since ${moment(from)}` : `${moment(from)}, for ${duration(to - from)}`));
  const hidden = times.length - shownServices;
  const lines = [...times.slice(0, shownServices), ...(hidden > 0 ? [`and ${hidden} times before`] : [])];
  return html(
    "td",
    { class: "served" },
    ...(lines.length === 0 ? ["never"] : lines.map((text) => html("div", {}, text))),
  );
}

/** The versions side by side, as measured on their held-out customers, and when they served. */
export function createModels() {
  const panel = createPanel("versions");
  panel.scrollable("Versions of the model");

  function draw({ models, services }: Versions): void {
    if (models.length === 0) {
      panel.empty();
      return;
    }
    const serving = services.at(-1)?.version;
    const rows = models.map(({ version, trained_at, rows, trees, threshold, holdout }) => {
      const figures = [
        moment(trained_at),
        count(rows),
        count(trees),
        figure(holdout.roc_auc?.value),
        figure(holdout.average_precision?.value),
        figure(holdout.log_loss?.value),
        percent(threshold),
      ];
      return html(
        "tr",
        { class: version === serving && "serving" },
        html("th", { scope: "row" }, version, version === serving ? html("small", {}, " serves") : null),
        ...figures.map((text) => html("td", {}, text)),
        served(services.filter((service) => service.version === version)),
      );
    });
    const caption = html("caption", { class: "hidden" }, "Versions; measured on customers held out from training");
    const head = html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name)));
    panel.body.replaceChildren(
      html("table", { class: "nowrap" }, caption, html("thead", {}, head), html("tbody", {}, ...rows)),
    );
    panel.ready(models.length);
  }

  return { update: (versions: Answer<Versions>): void => panel.draw([versions], draw) };
}
