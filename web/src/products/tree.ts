// The model as a tree that one walks and changes by keys: arrows walk, Insert adds, F2 names, Delete takes away, Alt + arrows move.
import { make, say } from "../texts";
import { addBelow, addBeside, type Feature, freeName, GROUPS, type Group, nest, type Outline, remove, rename, setAttributes, setGroup, shift } from "./outline";

export interface Host {
  outline(): Outline;
  /** The text changes; `named` says that a feature has another name. */
  change(text: string, named?: { old: string; now: string }): void;
  troubled(line: number): string;
  isReadable(): boolean;
}
const OPEN_MAX = 400;

/** Somebody is writing into a field in there: it must not be drawn anew under her hands. */
export function isTyping(within: HTMLElement): boolean {
  const field = document.activeElement;
  return field instanceof HTMLInputElement && within.contains(field) && field.type !== "checkbox" && field.value !== field.defaultValue;
}

export class Tree {
  readonly element = make("div", { class: "products-tree" });
  private readonly list = make("ul", { role: "tree", "aria-label": say("Features") });
  private readonly form = make("div", { class: "products-feature" });
  private readonly closed = new Set<string>();
  private here = "";
  private known = false;
  private drawn = "";

  constructor(private readonly host: Host) {
    this.element.append(this.form, this.list);
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.click(event));
  }

  draw(): void {
    const outline = this.host.outline();
    const hadFocus = this.list.contains(document.activeElement);
    if (!this.known && outline.root) {
      this.known = true;
      if (outline.features.size > OPEN_MAX) for (const one of outline.features.values()) if (one.indent > 12) this.closed.add(one.name);
    }
    if (!outline.features.has(this.here)) this.here = outline.root?.name ?? "";
    this.list.replaceChildren(...(outline.root ? [this.item(outline.root, 1)] : []));
    this.drawForm(outline);
    if (hadFocus) this.row(this.here)?.focus();
  }

  private item(feature: Feature, level: number): HTMLElement {
    const hasMore = feature.groups.length > 0;
    const isOpen = hasMore && !this.closed.has(feature.name);
    const trouble = this.host.troubled(feature.line);
    const row = make("li", { role: "treeitem", "aria-level": String(level), "aria-selected": String(feature.name === this.here), tabindex: feature.name === this.here ? "0" : "-1", "data-feature": feature.name });
    if (hasMore) row.setAttribute("aria-expanded", String(isOpen));
    const line = make("span", { class: "products-row" }, make("span", { class: "products-twist", "aria-hidden": "true" }), make("b", feature.isHeading ? { class: "heading" } : {}, feature.name));
    if (feature.price !== null) line.append(make("span", { class: "products-price" }, feature.price.toFixed(2)));
    if (trouble) line.append(make("span", { class: "products-trouble", title: trouble }, "!"), make("span", { class: "sr" }, trouble));
    row.append(line);
    if (!isOpen) return row;
    const below = make("ul", { role: "group" });
    for (const group of feature.groups) {
      below.append(make("li", { role: "presentation", class: `products-group ${group.heading.startsWith("[") ? "range" : group.heading}` }, this.kind(group.heading)));
      below.append(...group.members.map((member) => this.item(member, level + 1)));
    }
    row.append(below);
    return row;
  }

  private kind(heading: string): string {
    const names: Record<string, string> = { mandatory: say("always"), optional: say("optional"), alternative: say("exactly one"), or: say("at least one") };
    return names[heading] ?? heading;
  }

  private drawForm(outline: Outline): void {
    const feature = outline.features.get(this.here);
    if (this.drawn === this.here && isTyping(this.form)) return;
    this.drawn = this.here;
    const active = (document.activeElement as HTMLElement | null)?.dataset.field;
    this.form.replaceChildren();
    if (!feature) {
      this.form.append(make("p", { class: "muted" }, say("The text has no feature yet.")));
      return;
    }
    const name = this.input(say("Name"), "name", feature.name, (text) => this.rename(text));
    const price = this.input(say("Price"), "price", feature.price === null ? "" : String(feature.price), (text) => this.price(text), "decimal");
    const heading = make("input", { type: "checkbox", "data-field": "heading", ...(feature.isHeading ? { checked: true } : {}) });
    heading.addEventListener("change", () => this.host.change(setAttributes(this.host.outline(), this.feature(), { isHeading: heading.checked })));
    this.form.append(name, price, make("label", { class: "check" }, heading, make("span", {}, say("Heading only"))));
    if (feature.parent) this.form.append(this.groupChoice(say("Stands in"), feature.parent, "own"));
    feature.groups.forEach((group, at) => this.form.append(this.groupChoice(say("What is below it"), group, `below-${at}`)));
    const tools = make("div", { class: "products-tools", role: "toolbar", "aria-label": say("Change the tree") });
    const tool = (label: string, keys: string, act: () => void, disabled = false) => {
      const button = make("button", { type: "button", class: "button small", title: keys, "data-field": label, disabled }, label);
      button.addEventListener("click", act);
      tools.append(button);
    };
    const isRoot = !feature.parent;
    tool(say("Add beside"), "Insert", () => this.add("beside"), isRoot);
    tool(say("Add below"), "Shift + Insert", () => this.add("below"));
    tool(say("Up"), "Alt + ↑", () => this.move("up"), isRoot);
    tool(say("Down"), "Alt + ↓", () => this.move("down"), isRoot);
    tool(say("In"), "Alt + →", () => this.move("in"), isRoot);
    tool(say("Out"), "Alt + ←", () => this.move("out"), isRoot);
    tool(say("Delete"), "Delete", () => this.remove(), isRoot);
    this.form.append(tools);
    if (active) this.form.querySelector<HTMLElement>(`[data-field="${CSS.escape(active)}"]`)?.focus();
  }

  private input(label: string, field: string, value: string, act: (text: string) => void, mode = "text"): HTMLElement {
    const input = make("input", { class: "input small", value, "data-field": field, inputmode: mode, autocomplete: "off", spellcheck: "false" });
    input.addEventListener("change", () => act(input.value.trim()));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        if (input.value !== value) act(input.value.trim());
        this.row(this.here)?.focus();
      }
      if (event.key === "Escape") (input.value = value), this.row(this.here)?.focus();
    });
    return make("label", { class: "products-field" }, make("span", {}, label), input);
  }

  private groupChoice(label: string, group: Group, field: string): HTMLElement {
    const kinds = GROUPS.includes(group.heading) ? GROUPS : [...GROUPS, group.heading];
    const select = make("select", { class: "input small", "data-field": field });
    for (const kind of kinds) select.append(make("option", { value: kind, ...(kind === group.heading ? { selected: true } : {}) }, this.kind(kind)));
    select.addEventListener("change", () => {
      const now = this.host.outline().features.get(this.here);
      const found = field === "own" ? now?.parent : now?.groups[Number(field.slice(6))];
      if (found) this.host.change(setGroup(this.host.outline(), found, select.value));
    });
    return make("label", { class: "products-field" }, make("span", {}, label), select);
  }

  private feature(): Feature {
    return this.host.outline().features.get(this.here)!;
  }

  private rename(name: string): void {
    const outline = this.host.outline();
    const old = this.here;
    if (!name || name === old || name.includes('"') || name.includes(".") || outline.features.has(name)) return this.draw();
    const text = rename(outline, this.feature(), name);
    this.here = name;
    this.host.change(text, { old, now: name });
  }

  private price(text: string): void {
    const price = text === "" ? null : Number(text.replace(",", "."));
    if (price !== null && !Number.isFinite(price)) return this.draw();
    this.host.change(setAttributes(this.host.outline(), this.feature(), { price: price === null ? null : Math.round(price * 100) / 100 }));
  }

  private add(where: "beside" | "below"): void {
    const outline = this.host.outline();
    const name = freeName(outline);
    const text = where === "beside" ? addBeside(outline, this.feature(), name) : addBelow(outline, this.feature(), name);
    this.closed.delete(this.here);
    this.here = name;
    this.host.change(text);
    this.draw();
    this.field("name");
  }

  private remove(): void {
    const feature = this.feature();
    if (!feature.parent) return;
    const members = feature.parent.members;
    const at = members.indexOf(feature);
    const next = (members[at + 1] ?? members[at - 1] ?? feature.parent.owner).name;
    const text = remove(this.host.outline(), feature);
    this.here = next;
    this.host.change(text);
    this.row(next)?.focus();
  }

  private move(way: "up" | "down" | "in" | "out"): void {
    const outline = this.host.outline();
    const text = way === "up" || way === "down" ? shift(outline, this.feature(), way === "up" ? -1 : 1) : nest(outline, this.feature(), way);
    if (text === null) return;
    if (way === "in") this.closed.clear();
    this.host.change(text);
  }

  private field(name: string): void {
    const input = this.form.querySelector<HTMLInputElement>(`[data-field="${name}"]`);
    input?.focus();
    input?.select();
  }

  private row(name: string): HTMLElement | null {
    return this.list.querySelector(`[data-feature="${CSS.escape(name)}"]`);
  }

  /** Stand on the feature of a line, opening what is above it. */
  show(line: number): void {
    for (const one of this.host.outline().features.values()) {
      if (one.line !== line) continue;
      for (let above = one.parent; above; above = above.owner.parent) this.closed.delete(above.owner.name);
      this.here = one.name;
      this.draw();
      this.row(one.name)?.focus();
    }
  }

  private click(event: Event): void {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>("[data-feature]");
    if (!row) return;
    const name = row.dataset.feature ?? "";
    if (target.closest(".products-twist")) this.toggle(name);
    this.here = name;
    this.draw();
    this.row(name)?.focus();
  }

  private toggle(name: string): void {
    if (!this.closed.delete(name)) this.closed.add(name);
  }

  private go(row: Element | undefined | null): void {
    const name = (row as HTMLElement | undefined | null)?.dataset.feature;
    if (!name) return;
    this.here = name;
    this.draw();
    this.row(name)?.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey) return;
    const rows = Array.from(this.list.querySelectorAll<HTMLElement>("[data-feature]"));
    const at = rows.findIndex((row) => row.dataset.feature === this.here);
    const feature = this.host.outline().features.get(this.here);
    if (!feature) return;
    const walk: Record<string, () => void> = {
      ArrowDown: () => this.go(rows[at + 1]),
      ArrowUp: () => this.go(rows[at - 1]),
      Home: () => this.go(rows[0]),
      End: () => this.go(rows[rows.length - 1]),
      ArrowRight: () => (this.closed.has(this.here) ? (this.closed.delete(this.here), this.draw()) : feature.groups.length && this.go(rows[at + 1])),
      ArrowLeft: () => (feature.groups.length && !this.closed.has(this.here) ? (this.closed.add(this.here), this.draw()) : this.go(this.row(feature.parent?.owner.name ?? ""))),
      Insert: () => this.add(event.shiftKey ? "below" : "beside"),
      Delete: () => this.remove(),
      F2: () => this.field("name"),
      Enter: () => this.field("name"),
    };
    const moves: Record<string, () => void> = { ArrowUp: () => this.move("up"), ArrowDown: () => this.move("down"), ArrowRight: () => this.move("in"), ArrowLeft: () => this.move("out") };
    const act = event.altKey ? moves[event.key] : walk[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
