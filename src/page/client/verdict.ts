import type { Monitoring, WindowFigures } from "./api.ts";
import { byId, html } from "./dom.ts";
import { clock, count, duration, figure, moment, percent } from "./format.ts";

const shownAlarms = 5;

/** The verdict in words: what is wrong, since when, how sure, what to do next. */
export function showVerdict({ verdict, alarms, results }: Monitoring, waiting: string): void {
  const split = verdict.sentence.search(/(?<=[^\d])[.:] /);
  const headline = split < 0 ? verdict.sentence : verdict.sentence.slice(0, split);
  const because = split < 0 ? "" : verdict.sentence.slice(split + 2);
  byId("verdict").dataset.severity = verdict.since === null ? "unknown" : verdict.severity;
  document.title = `${verdict.severity === "ok" ? "" : "! "}${headline} – Churnwatch`;
  // An alarm may begin with the name of a field, which stays as it is.
  const words = { headline, because: alarms.length > 0 ? because : because.charAt(0).toUpperCase() + because.slice(1) };
  for (const [id, text] of Object.entries(words)) if (byId(id).textContent !== text) byId(id).textContent = text;
  byId("advice").textContent = verdict.since === null ? `${waiting}.` : verdict.advice;
  const chance = alarms[0]?.chance;
  const largest = Math.max(0, ...results.map((result) => result.chance ?? 0));
  const sure = chance
    ? `How sure: an undisturbed window looks like this by chance once in ${count(1 / chance)}.`
    : largest > 0
      ? `How sure: every figure has a threshold that an undisturbed window passes at most once in ${count(1 / largest)}.`
      : "";
  byId("sure").textContent = `${verdict.since ? `Since ${clock(verdict.since)}. ` : ""}${sure}`;
  byId("alarms").replaceChildren(
    ...alarms
      .slice(0, shownAlarms)
      .map(({ severity, feature, monitor, sentence, since }) =>
        html(
          "li",
          { "data-severity": severity },
          html("span", { class: "level" }, severity),
          html("strong", {}, feature ?? monitor.replaceAll("_", " ")),
          html("span", {}, sentence, html("span", { class: "quiet" }, ` since ${clock(since)}`)),
        ),
      ),
    ...(alarms.length > shownAlarms ? [html("li", {}, `and ${alarms.length - shownAlarms} more`)] : []),
  );
}

/** When the monitors could not be asked. */
export function showNoVerdict(why: string): void {
  byId("verdict").dataset.severity = "unknown";
  byId("headline").textContent = "The monitors do not answer";
  byId("because").textContent = `Whether the model can be believed is not known: ${why}.`;
  byId("advice").textContent = "Look at the log of the service. This page goes on trying.";
  byId("sure").textContent = "";
  byId("alarms").replaceChildren();
  document.title = "? The monitors do not answer – Churnwatch";
}

export function showFacts(figures: WindowFigures, monitoring: Monitoring | null, perSecond: number | null): void {
  const of = (monitor: string) =>
    monitoring?.results.find((result) => result.monitor === monitor && result.metric === "roc_auc");
  const [realized, estimated] = [of("realized"), of("estimated")];
  const facts: [string, string, string][] = [
    ["Serving version", figures.model.version, `trained ${moment(figures.model.trained_at)}`],
    ["Age", duration(figures.at - figures.model.trained_at), "since training"],
    ["ROC AUC", figure(realized?.value), `estimated ${figure(estimated?.value)}; chance is 0.5`],
    ["Labels known", percent(figures.window.coverage, 0), `of ${count(figures.window.rows)} predictions`],
    ["Predictions", perSecond === null ? "counting" : `${figure(perSecond, 1)} /s`, "answered and stored"],
  ];
  byId("facts").replaceChildren(
    ...facts.map(([term, value, note]) =>
      html("div", {}, html("dt", {}, term), html("dd", {}, value, html("small", {}, note))),
    ),
  );
}
