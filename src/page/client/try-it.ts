import { type Customer, get, type Prediction, post } from "./api.ts";
import { fill, h } from "./dom.ts";
import { percent } from "./format.ts";

const shownReasons = 8;

/** The form: a real replayed customer, or one of one's own, and why the model says what it says. */
export function createTryIt(fields: readonly { name: string; isNumeric: boolean; about: string }[]) {
  const inputs = new Map(
    fields.map(({ name, isNumeric, about }) => [
      name,
      h("input", {
        id: `field-${name}`,
        name,
        title: about,
        autocomplete: "off",
        ...(isNumeric ? { type: "number", min: 0, step: "any" } : { type: "text" }),
      }) as HTMLInputElement,
    ]),
  );
  const answer = h(
    "div",
    { class: "answer", "aria-live": "polite" },
    h("p", { class: "note" }, "Ask, and the answer and its reasons stand here."),
  );
  const form = h(
    "form",
    { onsubmit: (event) => void submit(event) },
    h(
      "div",
      { class: "fields" },
      ...fields.map(({ name }) => h("label", { for: `field-${name}` }, h("span", {}, name), inputs.get(name))),
    ),
    h(
      "p",
      { class: "actions" },
      h("button", { type: "submit", class: "primary" }, "Will this customer churn?"),
      h("button", { type: "button", onclick: () => void draw() }, "Another customer"),
      h("button", { type: "button", onclick: (event) => void copy(event) }, "Copy as curl"),
    ),
  );
  const element = h(
    "section",
    { class: "band", "aria-label": "Try it" },
    h("h2", {}, "Try it"),
    h("div", { class: "split" }, form, answer),
  );

  function customer(): Customer {
    const values = [...inputs].flatMap(([name, input]): [string, string | number][] =>
      input.value === "" ? [] : [[name, input.type === "number" ? Number(input.value) : input.value]],
    );
    return { user_id: "operator-page", ...Object.fromEntries(values) };
  }

  async function draw(): Promise<void> {
    const { customer: drawn } = await get<{ customer: Customer | null }>("/page/customer");
    for (const [name, input] of inputs) input.value = String(drawn?.[name] ?? "");
  }

  async function copy(event: Event): Promise<void> {
    const body = JSON.stringify(customer()).replaceAll("'", "'\\''");
    await navigator.clipboard.writeText(
      `curl -X POST '${location.origin}/predict?explain=true' -H 'content-type: application/json' -d '${body}'`,
    );
    const button = event.target as HTMLButtonElement;
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy as curl";
    }, 1500);
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      show(await post<Prediction>("/predict?explain=true", customer()));
    } catch (error) {
      fill(answer, h("p", { class: "error" }, error instanceof Error ? error.message : String(error)));
    }
  }

  function show({ probability, churn, threshold, explanation }: Prediction): void {
    answer.replaceChildren(
      h(
        "p",
        { class: "probability", "data-probability": probability },
        h("b", {}, percent(probability)),
        churn ? " – called a churner" : " – called loyal",
        h("span", { class: "note" }, ` (from ${percent(threshold)} on)`),
      ),
      explanation ? h("ul", { class: "reasons" }, ...explanation.reasons.map((reason) => h("li", {}, reason))) : "",
      explanation ? waterfall(explanation) : h("p", { class: "note" }, "This model cannot say why."),
    );
  }

  return { element, draw };
}

/** From the average customer to this one, field by field, in log-odds. */
function waterfall({ base, contributions, raw_score: end }: NonNullable<Prediction["explanation"]>): HTMLElement {
  const sorted = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const rest = sorted.slice(shownReasons).reduce((sum, [, value]) => sum + value, 0);
  const steps: [string, number][] = [...sorted.slice(0, shownReasons), ["all others", rest]];
  let at = base;
  const bars = steps.map(([name, value]) => {
    const from = at;
    at += value;
    return { name, value, from, to: at };
  });
  const ends = [base, end, ...bars.flatMap(({ from, to }) => [from, to])];
  const least = Math.min(...ends);
  const scale = 100 / Math.max(1e-6, Math.max(...ends) - least);
  const x = (value: number) => (scale * (value - least)).toFixed(1);
  const line = (name: string, from: number, to: number, kind: string, text: string) =>
    h(
      "div",
      { class: "pair" },
      h("span", { class: "pair-label" }, name),
      h(
        "svg",
        { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        h("rect", {
          class: kind,
          x: x(Math.min(from, to)),
          y: 1,
          width: Math.max(0.6, scale * Math.abs(to - from)).toFixed(1),
          height: 8,
        }),
      ),
      h("span", { class: "pair-value" }, text),
    );
  return h(
    "div",
    { class: "pairs waterfall", role: "img", "aria-label": "What each field adds to the log-odds of churn" },
    line("average customer", least, base, "bar-reference", base.toFixed(2)),
    ...bars.map(({ name, value, from, to }) =>
      line(
        name,
        from,
        to,
        value > 0 ? "bar-alarm" : "bar-good",
        `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`,
      ),
    ),
    line("this customer", least, end, "bar-now", end.toFixed(2)),
  );
}
