// Words of the page's language that scripts need; the server writes them into <script type="application/json" id="texts">.
let known: Record<string, string> | undefined;

export const language = document.documentElement.lang || "en";

/** The translation of an English text, with {placeholders} filled in. */
export function say(text: string, values: Record<string, string | number> = {}): string {
  known ??= JSON.parse(document.getElementById("texts")?.textContent || "{}") as Record<string, string>;
  return (known[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** An icon of the sprite, as the templates' macro makes it. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** An element with attributes and children, in one expression. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | boolean> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}
