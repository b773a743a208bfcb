import { chanceClause, metricNames } from "../../monitoring/words.ts";
import type { Alarm, Monitoring, WindowFigures } from "./api.ts";
import { byId, fact, html } from "./dom.ts";
import { beginning, count, duration, figure, moment, percent } from "./format.ts";

const shownOfMonitor = 2;
const namedOfMonitor = 6;
const monitorWords: Record<string, string> = { multivariate: "all inputs", estimate_error: "estimate" };

const subjectOf = ({ feature, metric }: Alarm): string =>
  feature ?? metricNames[metric as keyof typeof metricNames] ?? metric;

/** The chance has its own place. */
const briefly = (sentence: string): string => sentence.replace(chanceClause, "");

/** The verdict in words: what is wrong, since when, how sure, what to do next. */
export function showVerdict({ verdict, alarms, results }: Monitoring, waiting: string, now: number): void {
  const split = verdict.sentence.search(/(?<=[^\d])[.:] /);
  const headline = split < 0 ? verdict.sentence : verdict.sentence.slice(0, split);
  const because = verdict.since === null ? `${waiting}.` : split < 0 ? "" : briefly(verdict.sentence.slice(split + 2));
  byId("verdict").dataset.severity = verdict.since === null ? "unknown" : verdict.severity;
  document.title = `${verdict.severity === "ok" ? "" : "! "}${headline} – Churnwatch`;
  // An alarm may begin with the name of a field, which stays as it is.
  const words = { headline, because: alarms.length > 0 ? because : because.charAt(0).toUpperCase() + because.slice(1) };
  for (const [id, text] of Object.entries(words)) if (byId(id).textContent !== text) byId(id).textContent = text;
  byId("advice").textContent = verdict.advice;
  const chance = alarms[0]?.chance;
  const largest = Math.max(0, ...results.map((result) => result.chance ?? 0));
  const sure = chance
    ? `How sure: an undisturbed window looks like this by chance once in ${count(1 / chance)}.`
    : largest > 0
      ? `How sure: every figure has a threshold that an undisturbed window passes at most once in ${count(1 / largest)}.`
      : "";
  byId("sure").textContent = `${verdict.since ? `Since ${beginning(verdict.since, now)}. ` : ""}${sure}`;
  byId("alarms").replaceChildren(...rowsOf(alarms, now));
}

/** The alarms beside the one of the verdict: the first two of each monitor, and the names of its others. */
function rowsOf(alarms: readonly Alarm[], now: number): HTMLElement[] {
  const byMonitor = Map.groupBy(alarms.slice(1), ({ monitor }) => monitor);
  return [...byMonitor.values()].flatMap((group) => {
    const others = group.slice(shownOfMonitor).map(subjectOf);
    const more = others.length > namedOfMonitor ? ` and ${others.length - namedOfMonitor} more` : "";
    const also = others.length > 0 ? ` Also ${others.slice(0, namedOfMonitor).join(", ")}${more}.` : "";
    return group.slice(0, shownOfMonitor).map((alarm, i) => row(alarm, i === shownOfMonitor - 1 ? also : "", now));
  });
}

function row({ severity, feature, monitor, sentence, since }: Alarm, also: string, now: number): HTMLElement {
  return html(
    "li",
    { "data-severity": severity },
    html("span", { class: "level" }, severity),
    html("strong", {}, feature ?? monitorWords[monitor] ?? monitor),
    html("span", {}, briefly(sentence) + also, html("span", { class: "quiet" }, ` since ${beginning(since, now)}`)),
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
  const of = (monitor: string, metric = "roc_auc") =>
    monitoring?.results.find((result) => result.monitor === monitor && result.metric === metric);
  const [realized, estimated, coverage] = [of("realized"), of("estimated"), of("labels", "coverage")];
  const facts: [string, string, string][] = [
    ["Serving version", figures.model.version, `trained ${moment(figures.model.trained_at)}`],
    ["Age", duration(figures.at - figures.model.trained_at), "since training"],
    [
      "ROC AUC",
      figure(realized?.value),
      `${estimated?.value == null ? "" : `estimated ${figure(estimated.value)}, `}by chance 0.5`,
    ],
    ["Labels known", percent(coverage?.value, 0), `of ${count(coverage?.rows ?? 0)} predictions`],
    ["Predictions", perSecond === null ? "counting" : `${figure(perSecond, 1)} /s`, "answered and stored"],
  ];
  byId("facts").replaceChildren(...facts.map(([term, value, note]) => fact(term, value, note)));
}
