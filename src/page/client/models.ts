import { get } from "./api.ts";
import { byId, html } from "./dom.ts";
import { count, figure, moment, percent } from "./format.ts";

interface Model {
  version: string;
  trained_at: number;
  serving_since: number | null;
  rows: number;
  trees: number;
  threshold: number;
  holdout: Record<string, { value: number | null }>;
}

/** The versions side by side, as measured on their held-out customers. */
export async function showModels(): Promise<void> {
  const { models } = await get<{ models: Model[] }>("/page/models");
  const columns = [
    "Version",
    "Trained",
    "Rows",
    "Trees",
    "ROC AUC",
    "Average precision",
    "Log loss",
    "Threshold",
    "Serves",
  ];
  byId("versions").tabIndex = 0;
  byId("versions").replaceChildren(
    html(
      "table",
      {},
      html("caption", { class: "hidden" }, "Versions; measured on customers held out from training"),
      html("thead", {}, html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name)))),
      html(
        "tbody",
        {},
        ...models.map(({ version, trained_at, serving_since, rows, trees, threshold, holdout }) =>
          html(
            "tr",
            { class: serving_since !== null && "serving" },
            html("th", { scope: "row" }, version),
            ...[
              moment(trained_at),
              count(rows),
              count(trees),
              figure(holdout.roc_auc?.value),
              figure(holdout.average_precision?.value),
              figure(holdout.log_loss?.value),
              percent(threshold),
              serving_since === null ? "no" : `since ${moment(serving_since)}`,
            ].map((text) => html("td", {}, text)),
          ),
        ),
      ),
    ),
  );
}
