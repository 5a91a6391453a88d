// <lo-model-editor product revision>: the model as text, tree, prices and rules; findings as one types; saved by itself.
import { defaultKeymap, history, historyKeymap, invertedEffects, redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { csrfToken } from "../htmx";
import { icon, language, make, say } from "../texts";
import { read, type Outline } from "./outline";
import { Prices, Rules } from "./sheets";
import { Tree } from "./tree";
import { look } from "./theme";
import { uvl } from "./uvl";

interface Reason {
  kind: string;
  text: string;
  line: number;
  words: Record<string, string>;
}
interface Finding {
  kind: string;
  rule: string | null;
  line: number;
  words: Record<string, string>;
  reasons: Reason[];
  explained: boolean;
}
interface Fault {
  line: number;
  column: string;
  message: string;
}
interface Looked {
  faults: Fault[];
  findings: Finding[];
  features: number;
  constraints: number;
  complete?: boolean;
  unlooked?: Record<string, number>;
  note?: string;
}
const LOOK_AFTER_MS = 300;
const SAVE_AFTER_MS = 700;
const GRAVE = new Set(["void", "dead", "conflicting"]);
const named = StateEffect.define<{ old: string; now: string }>();

export class ModelEditor extends HTMLElement {
  private view!: EditorView;
  private tree!: Tree;
  private prices!: Prices;
  private rules!: Rules;
  private known: Outline = read("");
  private looked: Looked | null = null;
  private asked = 0;
  private lookTimer = 0;
  private saveTimer = 0;
  private revision = 0;
  private kept = "";
  private renames: { old: string; new: string }[] = [];
  private saving = false;
  private shown = "text";

  connectedCallback(): void {
    const source = this.querySelector<HTMLTextAreaElement>("textarea")!;
    this.revision = Number(this.getAttribute("revision"));
    this.kept = source.value.replace(/\r\n/g, "\n");
    const host = {
      outline: () => this.known,
      change: (text: string, rename?: { old: string; now: string }) => this.change(text, rename),
      troubled: (line: number) => this.troubled(line),
      isReadable: () => !this.looked?.faults.length,
    };
    this.tree = new Tree(host);
    this.prices = new Prices(host);
    this.rules = new Rules(host);
    // In a shadow root the editor's styles are constructed sheets, which the content policy allows.
    const frame = make("div", { class: "products-text" });
    const root = frame.attachShadow({ mode: "open" });
    source.replaceWith(frame);
    this.view = new EditorView({ state: this.fresh(this.kept), root, parent: root });
    this.panel("tree").append(this.tree.element);
    this.panel("prices").append(this.prices.element);
    this.panel("rules").append(this.rules.element);
    this.known = read(this.kept);
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.keys(event));
    addEventListener("beforeunload", () => this.isDirty() && void this.save(true));
    this.choose(new URLSearchParams(location.search).get("view") ?? "text", false);
    this.tell();
    void this.look();
  }

  private fresh(text: string): EditorState {
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), history(), lintGutter(), search({ top: true }),
        highlightSelectionMatches(), uvl, look, EditorView.lineWrapping,
        invertedEffects.of((done) => done.effects.filter((one) => one.is(named)).map((one) => named.of({ old: one.value.now, now: one.value.old }))),
        keymap.of([...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.contentAttributes.of({ "aria-label": say("The model in UVL"), spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          for (const done of update.transactions) for (const effect of done.effects) if (effect.is(named)) this.renames.push({ old: effect.value.old, new: effect.value.now });
          if (update.docChanged) this.changed();
        }),
      ],
    });
  }

  private get text(): string {
    return this.view.state.doc.toString();
  }

  private isDirty(): boolean {
    return this.text !== this.kept || this.renames.length > 0;
  }

  /** Replace only what differs, so that cursor, marks and undo stay where they are. */
  private change(text: string, rename?: { old: string; now: string }): void {
    const old = this.text;
    if (text === old) return this.draw();
    let from = 0;
    while (from < old.length && from < text.length && old[from] === text[from]) from++;
    let end = 0;
    while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    this.view.dispatch({
      changes: { from, to: old.length - end, insert: text.slice(from, text.length - end) },
      effects: rename ? [named.of(rename)] : [],
      annotations: Transaction.userEvent.of("input.tree"),
    });
  }

  private changed(): void {
    this.known = read(this.text);
    this.draw();
    this.tell();
    clearTimeout(this.lookTimer);
    clearTimeout(this.saveTimer);
    this.lookTimer = window.setTimeout(() => void this.look(), LOOK_AFTER_MS);
    this.saveTimer = window.setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  private draw(): void {
    if (this.shown === "tree") this.tree.draw();
    if (this.shown === "prices") this.prices.draw();
    if (this.shown === "rules") this.rules.draw();
  }

  private async ask(path: string, method: string, body: unknown, keepalive = false): Promise<Response> {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken(), Accept: "application/json" };
    return fetch(`/api/v1/products/${this.getAttribute("product")}/draft${path}`, { method, headers, body: JSON.stringify(body), keepalive });
  }

  // what the analysis says

  private async look(): Promise<void> {
    const number = ++this.asked;
    this.find("[data-looked]").setAttribute("aria-busy", "true");
    try {
      const answer = await this.ask("/analyse", "POST", { model: this.text });
      if (number !== this.asked) return;
      if (!answer.ok) throw new Error(String(answer.status));
      this.looked = (await answer.json()) as Looked;
      this.mark();
    } catch {
      if (number === this.asked) this.find("[data-looked]").replaceChildren(make("p", { class: "muted" }, say("LotOne can't be reached.")));
    }
    if (number === this.asked) this.find("[data-looked]").removeAttribute("aria-busy");
  }

  private words(words: Record<string, string>): string {
    return words[language.slice(0, 2)] || words.en || "";
  }

  private mark(): void {
    const looked = this.looked!;
    const all = [
      ...looked.faults.map((fault): [number, Diagnostic["severity"], string] => [fault.line || 1, "error", fault.message]),
      ...looked.findings.map((one): [number, Diagnostic["severity"], string] => [one.line, GRAVE.has(one.kind) ? "warning" : "info", this.words(one.words)]),
    ];
    const doc = this.view.state.doc;
    const marks = all.filter(([line]) => line <= doc.lines).map(([line, severity, message]): Diagnostic => {
      const at = doc.line(line);
      return { from: at.from + (at.text.length - at.text.trimStart().length), to: at.to, severity, message };
    });
    this.view.dispatch(setDiagnostics(this.view.state, marks));
    this.drawPanel(looked);
    this.draw();
  }

  private troubled(line: number): string {
    const fault = this.looked?.faults.find((one) => one.line === line)?.message;
    const finding = this.looked?.findings.find((one) => one.line === line);
    return fault ?? (finding ? this.words(finding.words) : "");
  }

  private drawPanel(looked: Looked): void {
    const panel = this.find("[data-looked]");
    const size = looked.features ? say("{features} features, {rules} rules", { features: looked.features, rules: looked.constraints }) : "";
    const count = looked.faults.length + looked.findings.length;
    const isBroken = looked.faults.length > 0 || looked.findings.some((one) => one.kind === "void");
    const head = isBroken ? say("Can't be sold like this") : count ? say("{count} to look at", { count }) : say("Everything fits");
    const top = make("p", { class: `products-verdict ${isBroken ? "wrong" : count ? "open" : "good"}` }, icon(isBroken ? "circle-alert" : count ? "info" : "circle-check"), make("b", {}, head), make("span", { class: "muted" }, size));
    const list = make("ol", { class: "products-findings" });
    for (const fault of looked.faults) list.append(make("li", { class: "wrong" }, this.jump(fault.line, fault.message)));
    for (const one of looked.findings) list.append(this.finding(one));
    panel.replaceChildren(top, list);
    const left = Object.values(looked.unlooked ?? {}).reduce((sum, one) => sum + one, 0);
    if (left) panel.append(make("p", { class: "small muted" }, say("{count} features and rules were not looked at: the model is large, and this answer was to be quick.", { count: left })));
  }

  private finding(one: Finding): HTMLElement {
    const kinds: Record<string, string> = { void: say("nothing possible"), conflicting: say("contradiction"), dead: say("never possible"), false_optional: say("not optional"), redundant: say("says nothing new") };
    const item = make("li", { class: GRAVE.has(one.kind) ? "grave" : "mild" }, make("span", { class: "badge" }, kinds[one.kind] ?? one.kind), this.jump(one.line, this.words(one.words)));
    if (one.rule) item.append(make("code", {}, one.rule));
    const reasons = one.reasons.filter((reason) => reason.kind !== "root");
    if (reasons.length) {
      const why = make("ul", { "aria-label": say("Because") });
      for (const reason of reasons) why.append(make("li", {}, this.jump(reason.line, this.words(reason.words))));
      item.append(why);
    } else if (!one.explained) item.append(make("small", { class: "muted" }, say("There was no time to find out why.")));
    return item;
  }

  private jump(line: number, text: string): HTMLElement {
    const button = make("button", { type: "button", class: "products-jump", "data-line": String(line) }, make("span", {}, text));
    if (line) button.append(make("small", {}, say("line {line}", { line })));
    return button;
  }

  // saving

  private async save(isLeaving = false): Promise<void> {
    if (this.saving || !this.isDirty()) return;
    this.saving = true;
    const text = this.text;
    const renames = this.renames;
    this.renames = [];
    this.tell(say("Saving"));
    try {
      const answer = await this.ask("", "PATCH", { revision: this.revision, model: text, renamed: renames }, isLeaving && text.length < 60_000);
      const said = (await answer.json()) as { revision?: number; detail?: string; model?: string };
      if (answer.ok) {
        this.revision = said.revision ?? this.revision;
        this.kept = text;
        this.clash(null);
      } else if (answer.status === 409 && said.model !== undefined) {
        this.renames = renames;
        this.clash({ revision: said.revision ?? 0, model: said.model, detail: said.detail ?? "" });
      } else throw new Error(said.detail);
    } catch (fault) {
      this.renames = [...renames, ...this.renames];
      this.saving = false;
      this.tell(say("Not saved yet: {why}", { why: fault instanceof Error && fault.message ? fault.message : say("LotOne can't be reached.") }));
      this.saveTimer = window.setTimeout(() => void this.save(), 5000);
      return;
    }
    this.saving = false;
    this.tell();
    if (this.isDirty() && !this.find("[data-clash]").hasChildNodes()) void this.save();
  }

  private clash(theirs: { revision: number; model: string; detail: string } | null): void {
    const bar = this.find("[data-clash]");
    bar.replaceChildren();
    if (!theirs) return;
    const take = make("button", { type: "button", class: "button small" }, say("Take theirs"));
    take.addEventListener("click", () => {
      this.revision = theirs.revision;
      this.renames = [];
      this.kept = theirs.model;
      this.clash(null);
      this.change(theirs.model);
    });
    const keep = make("button", { type: "button", class: "button small" }, say("Keep mine"));
    keep.addEventListener("click", () => {
      this.revision = theirs.revision;
      this.clash(null);
      void this.save();
    });
    bar.append(make("div", { class: "note wrong", role: "alert" }, icon("circle-alert"), make("div", {}, make("p", {}, theirs.detail), make("p", { class: "row" }, take, keep))));
  }

  private tell(text?: string): void {
    const isClash = this.find("[data-clash]").hasChildNodes();
    this.find("[data-saved]").textContent = text ?? (isClash ? say("Not saved") : this.isDirty() ? say("Changed") : say("Saved"));
    this.find<HTMLButtonElement>("[data-do=undo]").disabled = undoDepth(this.view.state) === 0;
    this.find<HTMLButtonElement>("[data-do=redo]").disabled = redoDepth(this.view.state) === 0;
  }

  // hands

  private find<Kind extends HTMLElement>(selector: string): Kind {
    return this.querySelector<Kind>(selector)!;
  }

  private panel(name: string): HTMLElement {
    return this.find(`[data-panel=${name}]`);
  }

  private choose(name: string, remember = true): void {
    const tabs = Array.from(this.querySelectorAll<HTMLElement>("[data-view]"));
    this.shown = tabs.some((tab) => tab.dataset.view === name) ? name : "text";
    for (const tab of tabs) {
      const isShown = tab.dataset.view === this.shown;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      this.panel(tab.dataset.view ?? "").hidden = !isShown;
    }
    this.draw();
    if (!remember) return;
    const address = new URL(location.href);
    address.searchParams.set("view", this.shown);
    window.history.replaceState(window.history.state, "", address);
  }

  private clicked(event: Event): void {
    const target = event.target as Element;
    const view = target.closest<HTMLElement>("[data-view]");
    if (view) this.choose(view.dataset.view ?? "");
    const act = target.closest<HTMLElement>("[data-do]")?.dataset.do;
    if (act === "undo") undo(this.view);
    if (act === "redo") redo(this.view);
    const jump = target.closest<HTMLElement>("[data-line]");
    if (jump) this.show(Number(jump.dataset.line));
  }

  private show(line: number): void {
    if (!line || line > this.view.state.doc.lines) return;
    const isFeature = Array.from(this.known.features.values()).some((one) => one.line === line);
    if (this.shown === "tree" && isFeature) return this.tree.show(line);
    this.choose("text");
    const at = this.view.state.doc.line(line);
    this.view.dispatch({ selection: { anchor: at.from + (at.text.length - at.text.trimStart().length) }, effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
    this.view.focus();
  }

  private keys(event: KeyboardEvent): void {
    const tab = (event.target as Element).closest<HTMLElement>("[data-view]");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (tab && step) {
      const tabs = Array.from(this.querySelectorAll<HTMLElement>("[data-view]"));
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length]!;
      this.choose(next.dataset.view ?? "");
      next.focus();
    }
    const isEditing = (event.target as Element).closest(".products-text, input:not([type=checkbox])");
    if (!(event.ctrlKey || event.metaKey) || isEditing) return;
    if (event.key === "z" && !event.shiftKey) (event.preventDefault(), undo(this.view));
    else if (event.key === "y" || (event.key === "z" && event.shiftKey) || event.key === "Z") (event.preventDefault(), redo(this.view));
  }
}
