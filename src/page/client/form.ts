import { get, hasKey, messageOf, post, Refused, type Setup } from "./api.ts";
import { byId, html, piece } from "./dom.ts";
import { figure, percent, shortPercent } from "./format.ts";
import { createPanel } from "./panel.ts";

type Customer = Record<string, string | number | null>;
interface Answer {
  probability: number;
  churn: boolean;
  threshold: number;
  model_version: string;
  explanation?: { base: number; contributions: Record<string, number>; raw_score: number; reasons: string[] };
}

const shownReasons = 8;
/** Small ones keep two digits that count. */
const chance = (ratio: number): string => (ratio > 0 && ratio < 0.01 ? shortPercent(ratio) : percent(ratio));
const logistic = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

/** A customer to edit, and what the model says of them. */
export function createForm({ fields, may_predict, may_switch }: Setup): void {
  const panel = createPanel("customer");
  const answer = createPanel("answer");
  const form = html("form", { id: "customer" });
  panel.body.append(form);
  const inputs = new Map<string, HTMLInputElement>();
  const user = html("input", { name: "user_id", required: true, value: "someone" });
  const labels = fields.map(({ name, kind, about, levels, example }) => {
    const listId = `levels-${name}`;
    const input = html("input", {
      name,
      placeholder: "missing",
      value: example ?? "",
      ...(kind === "numeric" ? { type: "number", min: 0, step: "any" } : { list: listId }),
    });
    inputs.set(name, input);
    const list =
      kind === "categorical"
        ? html("datalist", { id: listId }, ...levels.map((value) => html("option", { value })))
        : null;
    return html("label", {}, html("span", {}, name, html("small", {}, about)), input, list);
  });
  const draw = html("button", { type: "button" }, "Pick a replayed customer");
  const ask = html("button", { type: "submit", class: "main" }, "Predict");
  ask.disabled = !may_predict;
  draw.disabled = !(may_predict && may_switch);
  const needed = [
    ...(may_predict ? [] : ["Predicting needs a key with the role predict."]),
    ...(may_switch ? [] : ["Picking a replayed customer needs a key with the role admin."]),
  ].join(" ");
  form.append(
    html("label", {}, html("span", {}, "user_id", html("small", {}, "whose prediction it is")), user),
    ...labels,
    html("p", { class: "actions" }, draw, ask, needed && html("span", { class: "quiet" }, needed)),
  );
  panel.ready(fields.length);
  answer.empty();
  let happened: string | null = null;
  /** Read out; the waterfall and the command would be too much. */
  const say = (text: string): void => {
    byId("answer-status").textContent = text;
  };

  function customer(): Customer {
    const given: Customer = { user_id: user.value };
    for (const { name, kind } of fields) {
      const value = inputs.get(name)?.value ?? "";
      if (value !== "") given[name] = kind === "numeric" ? Number(value) : value;
    }
    return given;
  }

  async function pick(): Promise<void> {
    const picked = await get<{ customer: Customer; churned: boolean }>("/page/customer");
    user.value = String(picked.customer.user_id);
    for (const [name, input] of inputs) input.value = String(picked.customer[name] ?? "");
    happened = picked.churned ? "This customer did leave." : "This customer did stay.";
    await predict();
  }

  async function predict(): Promise<void> {
    const body = customer();
    const result = await post<Answer>("/predict?explain=true", body).catch((error: unknown) => {
      // A model without trees predicts, and explains nothing.
      if (error instanceof Refused && error.status === 503) return post<Answer>("/predict", body);
      throw error;
    });
    // The key itself does not belong into what is passed on.
    const authorization = hasKey() ? '-H "authorization: Bearer $API_KEY" ' : "";
    const command = `curl -X POST ${location.origin}/predict -H 'content-type: application/json' \\\n  ${authorization}-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
    const copy = html("button", { type: "button" }, "Copy as curl");
    copy.addEventListener("click", () => {
      toClipboard(command).then(
        () => copy.replaceChildren("Copied"),
        () => copy.replaceChildren("Select and copy it below"),
      );
    });
    answer.body.replaceChildren(
      html("p", { class: "probability", "data-probability": result.probability }, chance(result.probability)),
      html(
        "p",
        {},
        html("strong", {}, result.churn ? "Called a churner" : "Not called a churner"),
        `: the threshold is ${percent(result.threshold)}. ${happened ?? ""}`,
      ),
      ...reasons(result),
      copy,
      html("pre", { tabindex: 0 }, command),
    );
    answer.ready(1);
    say(`${chance(result.probability)}: ${result.churn ? "called a churner" : "not called a churner"}`);
  }

  const run = (work: () => Promise<void>) => () => {
    work().catch((error: unknown) => {
      answer.refused(messageOf(error));
      say(messageOf(error));
    });
  };
  draw.addEventListener("click", run(pick));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(predict)();
  });
  form.addEventListener("input", () => {
    happened = null;
  });
}

/** A page that was not fetched from this machine or by HTTPS has no clipboard. */
async function toClipboard(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}

/** The reasons as a waterfall of log-odds from the average customer to this one. */
function reasons({ explanation }: Answer): HTMLElement[] {
  const heading = html("h3", {}, "Reasons");
  if (!explanation) return [heading, html("p", { class: "quiet" }, "Reasons are not available for this prediction.")];
  const { base, contributions, raw_score } = explanation;
  const ranked = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const others = ranked.slice(shownReasons);
  const steps = [
    ...ranked.slice(0, shownReasons),
    [`${others.length} others`, others.reduce((sum, [, value]) => sum + value, 0)] as const,
  ];
  let level = base;
  const spans = steps.map(([name, value]) => {
    const from = level;
    level += value;
    return { name, value, from, to: level };
  });
  const low = Math.min(base, raw_score, ...spans.map(({ to }) => to));
  const high = Math.max(base, raw_score, ...spans.map(({ to }) => to));
  const place = (value: number) => (high > low ? (value - low) / (high - low) : 0);
  const items = spans.map(({ name, value, from, to }) =>
    html(
      "li",
      { class: value > 0 ? "up" : "down", "data-contribution": value },
      html("span", {}, name),
      html("span", { class: "step" }, piece(Math.min(place(from), place(to)), Math.max(place(from), place(to)))),
      html("span", { class: "number" }, `${value > 0 ? "+" : "−"}${figure(Math.abs(value), 2)}`),
    ),
  );
  return [
    heading,
    html(
      "p",
      { class: "quiet" },
      `From the average customer (${chance(logistic(base))}) to this one (${chance(logistic(raw_score))}), in log-odds: orange raises the risk, blue lowers it.`,
    ),
    html("ol", { class: "waterfall" }, ...items),
    html("ul", { class: "reasons" }, ...explanation.reasons.map((reason) => html("li", {}, reason))),
  ];
}
