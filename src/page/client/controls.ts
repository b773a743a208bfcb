import { post, Refusal } from "./api.ts";
import { fill, h } from "./dom.ts";
import { moment } from "./format.ts";
import type { State } from "./state.ts";

const scenarios: [string, string][] = [
  ["none", "nothing unusual"],
  ["price-rise", "all amounts × 1.5"],
  ["region-outage", "region missing for 40 %"],
  ["feed-break", "data volume is zero"],
  ["new-packs", "15 % buy an unknown pack"],
  ["unit-change", "data volume in other units"],
  ["seasonal", "a slow daily wave"],
  ["anomalies", "bursts of absurd amounts"],
  ["concept", "what the fields mean changes"],
  ["slow-drift", "1 % more a minute"],
];

/** The scenario that the replay plays, and the versions of the model. */
export function createControls(reload: () => void) {
  const select = h(
    "select",
    { id: "scenario" },
    ...scenarios.map(([name, what]) => h("option", { value: name }, `${name} – ${what}`)),
  ) as HTMLSelectElement;
  const said = h("p", { class: "note", "aria-live": "polite" });
  const models = h("tbody", {});
  const element = h(
    "section",
    { class: "band", "aria-label": "Replay and models" },
    h(
      "div",
      { class: "split even" },
      h(
        "div",
        {},
        h("h2", {}, "Make trouble"),
        h(
          "p",
          { class: "note" },
          "The replay plays held-out customers. Let something happen to them, and watch it being noticed.",
        ),
        h(
          "p",
          { class: "actions" },
          h("label", { for: "scenario", class: "hidden" }, "Scenario"),
          select,
          h("button", { type: "button", class: "primary", onclick: () => void play() }, "Play"),
        ),
        said,
      ),
      h(
        "div",
        {},
        h("h2", {}, "Models"),
        h(
          "table",
          { class: "models" },
          h(
            "thead",
            {},
            h("tr", {}, ...["version", "trained", "serves since"].map((name) => h("th", { scope: "col" }, name))),
          ),
          models,
        ),
      ),
    ),
  );

  async function play(): Promise<void> {
    try {
      await post("/scenario", { scenario: select.value });
      reload();
    } catch (error) {
      fill(said, error instanceof Refusal && error.status === 403 ? "Only an admin's key may do that." : String(error));
    }
  }

  function draw({ monitoring, models: versions }: State): void {
    if (document.activeElement !== select) select.value = monitoring.scenario;
    fill(
      said,
      monitoring.scenario === "none"
        ? "Nothing unusual is played."
        : `${monitoring.scenario} since ${moment(monitoring.since)}.`,
    );
    fill(
      models,
      ...versions.map(({ version, trained_at, serving, serving_since }) =>
        h(
          "tr",
          { class: serving ? "serving" : "" },
          h("th", { scope: "row" }, version),
          h("td", {}, moment(trained_at)),
          h("td", {}, serving && serving_since ? moment(serving_since) : ""),
        ),
      ),
    );
  }
  return { element, draw };
}
