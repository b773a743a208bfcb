import { fill, h } from "./dom.ts";
import { count, figure, percent } from "./format.ts";
import { find, type State } from "./state.ts";

const titles: Record<string, string> = {
  missing_ratio: "missing",
  unseen_ratio: "categories never seen",
  out_of_range_ratio: "outside the range of training",
};

/** Band of source data: what arrives, before it is a model's input. */
export function createSource() {
  const tiles = h("dl", { class: "tiles" });
  const faults = h("div", {});
  const element = h(
    "section",
    { class: "band", "aria-label": "Source data" },
    h("h2", {}, "Source data"),
    tiles,
    faults,
  );

  function draw(state: State): void {
    const stream: [string, string, string, (value: number | null | undefined) => string][] = [
      ["age of the newest prediction", "stream", "age_seconds", (value) => `${figure(value)} s`],
      ["requests refused", "stream", "refused_ratio", percent],
      ["requests that repeat an earlier one", "stream", "duplicate_ratio", percent],
      ["half of the labels come within", "labels", "delay_seconds", (value) => `${figure(value)} s`],
      ["labels that are due and there", "labels", "due_coverage", percent],
    ];
    fill(
      tiles,
      ...stream.map(([title, monitor, metric, format]) => {
        const found = find(state, monitor, metric);
        return h(
          "div",
          { class: found?.verdict === "alarm" ? "bad" : "" },
          h("dt", {}, title),
          h("dd", {}, found && found.value !== null ? format(found.value) : `waiting (${count(found?.rows)} rows)`),
        );
      }),
    );
    const quality = state.monitoring.results.filter(({ monitor }) => monitor === "quality");
    const bad = quality.filter(({ verdict }) => verdict === "alarm");
    const notable = quality
      .filter(({ metric, value }) => metric !== "missing_ratio" && (value ?? 0) > 0)
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
      .slice(0, 6);
    fill(
      faults,
      h("h3", {}, bad.length > 0 ? "Faults" : "No fault in any field"),
      bad.length > 0
        ? h("ul", {}, ...bad.map(({ sentence }) => h("li", {}, sentence)))
        : h(
            "p",
            { class: "note" },
            notable.length > 0
              ? `Within what is usual: ${notable.map(({ feature, metric, value }) => `${feature} ${titles[metric]} in ${percent(value)}`).join("; ")}.`
              : "Every value is one that training knew.",
          ),
    );
  }
  return { element, draw };
}
