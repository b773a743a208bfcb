type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | null | undefined>;

const svgTags = new Set(["svg", "path", "rect", "line", "circle", "text", "g", "polyline", "title"]);

/** An element with attributes (`on…` are listeners) and children. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = (
    svgTags.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag)
  ) as HTMLElement;
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts children in the place of an element's own, unless they look the same: what is read aloud or chosen stays. */
export function fill(element: Element, ...children: Child[]): void {
  const next = h("div", {}, ...children);
  if (element.innerHTML === next.innerHTML) return;
  element.replaceChildren(...next.childNodes);
}
