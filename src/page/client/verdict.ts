import { h } from "./dom.ts";
import { ago, count, moment, percent } from "./format.ts";
import type { State } from "./state.ts";

/** Whether the model can be believed, in words, and what to do. */
export function verdictView(state: State): HTMLElement {
  const { monitoring, window, manifest, models } = state;
  const { severity, sentence, since, advice } = monitoring.verdict;
  const [head, ...rest] = sentence.split(/(?<=[.:])\s+/);
  const serving = models.find((model) => model.serving);
  const facts: [string, string][] = [
    ["serving version", serving?.version ?? "none"],
    ["trained", manifest ? ago(new Date(manifest.trainedAt).toISOString()) : "–"],
    ["labels known", percent(window.coverage)],
    ["predictions", window.predictions_per_second ? `${window.predictions_per_second.toFixed(1)} a second` : "none"],
    ["in the window", count(window.rows)],
  ];
  return h(
    "section",
    { class: `verdict ${severity}`, "aria-label": "Verdict" },
    h("p", { class: "severity" }, severity),
    h("h1", { "aria-live": "polite" }, (head ?? "").replace(/:$/, ".")),
    rest.length > 0
      ? h(
          "p",
          { class: "why" },
          rest.join(" ").replace(/^./, (first) => first.toUpperCase()),
        )
      : null,
    h(
      "p",
      { class: "advice" },
      h("strong", {}, "What to do: "),
      advice,
      since ? h("span", { class: "since" }, ` Since ${moment(since)}.`) : "",
    ),
    h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    monitoring.alarms.length > 1
      ? h(
          "details",
          {},
          h("summary", {}, `All ${monitoring.alarms.length} alarms`),
          h(
            "ol",
            { class: "alarms" },
            ...monitoring.alarms.map((alarm) =>
              h("li", {}, h("span", { class: `tag ${alarm.severity}` }, alarm.severity), ` ${alarm.sentence}`),
            ),
          ),
        )
      : null,
  );
}
