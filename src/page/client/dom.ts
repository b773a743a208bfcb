type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | undefined>;

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const html = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => fill(document.createElement(tag), attributes, children);

export const svg = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** @throws Error when page.html has no such element. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`page.html has no element #${id}`);
  return element as E;
}

/** A coloured part of a bar; set through the object model, which the content security policy allows. */
export function piece(from: number, to: number): HTMLElement {
  const element = html("i");
  element.style.left = `${100 * from}%`;
  element.style.width = `${100 * (to - from)}%`;
  return element;
}

/** A figure in a list of definitions, with what it is to be compared with. */
export const fact = (term: string, value: string, note: string): HTMLElement =>
  html("div", {}, html("dt", {}, term), html("dd", {}, value, html("small", {}, note)));

export interface LegendEntry {
  kind: "now" | "estimate" | "reference" | "threshold" | "onset";
  text: string;
  isDashed?: boolean;
}

/** What the vertical lines of the charts are. */
export const onsetLegend: LegendEntry = { kind: "onset", text: "a scenario begins, or a model takes over" };

export const legend = (entries: readonly LegendEntry[]): HTMLElement =>
  html(
    "div",
    { class: "legend" },
    ...entries.map(({ kind, text, isDashed }) =>
      html("span", { class: `of-${kind}` }, html("i", { class: isDashed ? `${kind} dashed` : kind }), text),
    ),
  );
