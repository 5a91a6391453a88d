// Prices and rules as tables over the same text.
import { make, say } from "../texts";
import { isTyping, type Host } from "./tree";
import { addRule, setAttributes, setRule } from "./outline";

function head(...names: string[]): HTMLElement {
  return make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name))));
}

export class Prices {
  readonly element = make("div", { class: "table-wrap" });

  constructor(private readonly host: Host) {}

  draw(): void {
    if (isTyping(this.element)) return;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.price;
    const body = make("tbody");
    for (const feature of this.host.outline().features.values()) {
      if (feature.isHeading && feature.price === null) continue;
      const input = make("input", { class: "input small", inputmode: "decimal", autocomplete: "off", value: feature.price === null ? "" : feature.price.toFixed(2), "data-price": feature.name, "aria-label": say("Price of {name}", { name: feature.name }) });
      input.addEventListener("change", () => this.set(feature.name, input));
      body.append(make("tr", {}, make("th", { scope: "row" }, feature.name), make("td", {}, feature.parent?.owner.name ?? ""), make("td", {}, input)));
    }
    this.element.replaceChildren(make("table", { class: "products-sheet" }, head(say("Feature"), say("Stands in"), say("Price")), body));
    if (focused) this.element.querySelector<HTMLElement>(`[data-price="${CSS.escape(focused)}"]`)?.focus();
  }

  private set(name: string, input: HTMLInputElement): void {
    const feature = this.host.outline().features.get(name);
    const price = input.value.trim() === "" ? null : Number(input.value.replace(",", "."));
    const isGood = price === null || Number.isFinite(price);
    input.setAttribute("aria-invalid", String(!isGood));
    if (!feature || !isGood) return;
    input.defaultValue = input.value;
    this.host.change(setAttributes(this.host.outline(), feature, { price: price === null ? null : Math.round(price * 100) / 100 }));
  }
}

export class Rules {
  readonly element = make("div", { class: "products-rules" });

  constructor(private readonly host: Host) {}

  draw(): void {
    if (isTyping(this.element)) return;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.rule;
    const body = make("tbody");
    for (const rule of this.host.outline().rules) {
      const trouble = this.host.troubled(rule.line);
      const input = make("input", { class: "input small mono", value: rule.text, spellcheck: "false", autocomplete: "off", "data-rule": String(rule.line), "aria-label": say("Rule in line {line}", { line: rule.line }), "aria-invalid": String(Boolean(trouble)) });
      input.addEventListener("change", () => {
        input.defaultValue = input.value;
        this.host.change(setRule(this.host.outline(), rule.line, input.value));
      });
      const gone = make("button", { type: "button", class: "button small quiet", "aria-label": say("Delete the rule in line {line}", { line: rule.line }) }, "×");
      gone.addEventListener("click", () => this.host.change(setRule(this.host.outline(), rule.line, "")));
      body.append(make("tr", {}, make("td", { class: "faint" }, String(rule.line)), make("td", {}, input, ...(trouble ? [make("small", { class: "products-why" }, trouble)] : [])), make("td", {}, gone)));
    }
    const fresh = make("input", { class: "input small mono", placeholder: "belt => split_frame", spellcheck: "false", autocomplete: "off", "data-rule": "new", "aria-label": say("New rule") });
    fresh.addEventListener("change", () => {
      fresh.defaultValue = fresh.value;
      if (fresh.value.trim()) this.host.change(addRule(this.host.outline(), fresh.value));
    });
    body.append(make("tr", {}, make("td", { class: "faint" }, "+"), make("td", {}, fresh), make("td")));
    this.element.replaceChildren(make("div", { class: "table-wrap" }, make("table", { class: "products-sheet" }, head(say("Line"), say("Rule"), ""), body)));
    if (focused) this.element.querySelector<HTMLElement>(`[data-rule="${CSS.escape(focused)}"]`)?.focus();
  }
}
