// <lo-palette src="/search.json">: Ctrl-K (or /) finds pages, orders, units, machines and tags.
import { icon, make, say } from "../texts";

interface Found {
  label: string;
  detail?: string;
  href: string;
  icon?: string;
  kind?: string;
}

export class Palette extends HTMLElement {
  private dialog!: HTMLDialogElement;
  private input!: HTMLInputElement;
  private list!: HTMLUListElement;
  private found: Found[] = [];
  private at = 0;
  private asked = 0;
  private timer?: ReturnType<typeof setTimeout>;
  private readonly onKey = (event: KeyboardEvent) => this.globalKey(event);
  private readonly onClick = (event: Event) => {
    if ((event.target as Element).closest("[data-palette]")) this.open();
  };

  connectedCallback(): void {
    this.input = make("input", {
      type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "found", "aria-autocomplete": "list",
      placeholder: say("Find an order, unit, machine, tag or page"), "aria-label": say("Search"), autocomplete: "off", spellcheck: "false",
    });
    this.list = make("ul", { id: "found", role: "listbox", "aria-label": say("Found") });
    const keys = make("footer", {}, make("span", {}, make("kbd", {}, "↑"), " ", make("kbd", {}, "↓"), ` ${say("choose")}`));
    keys.append(make("span", {}, make("kbd", {}, "↵"), ` ${say("open")}`), make("span", {}, make("kbd", {}, "Esc"), ` ${say("close")}`));
    this.dialog = make("dialog", { class: "palette", "aria-label": say("Search") }, this.input, this.list, keys);
    this.append(this.dialog);
    this.input.addEventListener("input", () => this.askSoon());
    this.input.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("click", this.onClick);
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("click", this.onClick);
    this.replaceChildren();
  }

  private globalKey(event: KeyboardEvent): void {
    const typing = (event.target as Element).closest("input, textarea, select, [contenteditable]");
    const wanted = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
    if (!wanted || event.altKey) return;
    event.preventDefault();
    this.open();
  }

  private open(): void {
    if (!this.dialog.open) this.dialog.showModal();
    this.input.select();
    void this.ask();
  }

  private askSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), 90);
  }

  private async ask(): Promise<void> {
    const mine = ++this.asked;
    const address = new URL(this.getAttribute("src") ?? "/search.json", location.href);
    address.searchParams.set("q", this.input.value);
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      const { found } = (await answer.json()) as { found: Found[] };
      if (mine === this.asked) this.show(found ?? []);
    } catch {
      if (mine === this.asked) this.show([], say("LotOne can't be reached."));
    }
  }

  private show(found: Found[], text = say("Nothing found")): void {
    this.found = found;
    this.at = 0;
    this.list.replaceChildren(
      ...found.map((item, index) => {
        const row = make("li", { role: "option", id: `found-${index}` }, icon(item.icon ?? "arrow-right"), make("span", { class: "clip" }, item.label));
        if (item.detail || item.kind) row.append(make("small", {}, [item.detail, item.kind].filter(Boolean).join(" · ")));
        row.addEventListener("click", () => this.go(item));
        row.addEventListener("pointermove", () => this.mark(index));
        return row;
      }),
    );
    if (found.length === 0) this.list.append(make("li", { class: "muted", "aria-disabled": "true" }, text));
    this.mark(0);
  }

  private mark(index: number): void {
    this.at = Math.max(0, Math.min(index, this.found.length - 1));
    Array.from(this.list.children).forEach((row, at) => row.setAttribute("aria-selected", String(at === this.at && this.found.length > 0)));
    this.input.setAttribute("aria-activedescendant", `found-${this.at}`);
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = this.found[this.at];
    if (step) {
      event.preventDefault();
      this.mark(this.at + step);
    } else if (event.key === "Enter" && item) {
      event.preventDefault();
      this.go(item);
    }
  }

  private go(item: Found): void {
    this.dialog.close();
    location.assign(item.href);
  }
}
