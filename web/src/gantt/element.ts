// <lo-gantt src="/plan/schedule.json" refresh="lo:ScheduleChanged" hours="48" zone="plant">: the schedule as a picture that keeps itself up to date.
// Drag or Shift+wheel moves in time, Ctrl+wheel or the buttons zoom, wheel goes through the rows, arrows walk from booking
// to booking, Enter opens. The whole sight (time, choice) is in the address. "As table" shows the same as a table.
// With `moves="/plan/bookings/"` bars that may be moved are: by dragging, or Enter on the chosen one, arrows, Enter; the
// server is asked what a place would do (POST <moves><id>/try), and a drop is told as `drop-booking`. `filter` adds a search.
// Another `src` (the same bookings in other rows) lets the bars fly to their new places. Choosing a bar draws its order's
// thread and sends `select-booking` (detail: the booking, or undefined). `show(id, at)` chooses from outside.
import { plantNow, setPlantNow } from "../clock";
import { isDark } from "../colours";
import { download } from "../download";
import { icon, language, make, say } from "../texts";
import { draw, HEAD, type Scene } from "./draw";
import { Hands, neighbour, scrollTo, type Handled } from "./hands";
import { Filter } from "./filter";
import { corner, rowLabels } from "./labels";
import { legend } from "./legend";
import { loads, type DayLoad } from "./load";
import { Moving, type Board } from "./moving";
import { byRow, Layout, layOut, moveTo, type Answer, type Bar } from "./model";
import { Palette } from "./palette";
import { picture } from "./picture";
import { axis, formatter, HOUR, midnights, MINUTE, Scale } from "./scale";
import { describe, Telling, zoneOf } from "./tell";

const MOVE_MS = 520;
/** Facts come in bursts: the picture is fetched again at most so often. */
const REFRESH_MS = 1000;
/** Where now stands in a sight that goes along with it. */
const NOW_PART = 0.15;
const COARSE_MOST = 1400;
const NARROW = 480;
/** A bar that is dragged begins where another ends when that is so near. */
const SNAP_PX = 7;

export class Gantt extends HTMLElement implements Handled, Board {
  static observedAttributes = ["src"];

  area!: HTMLElement;
  scale = new Scale(0, 1, 1);
  moving: Moving | undefined;
  private filter?: Filter;
  private matched?: Set<string>;
  private given?: Answer;
  private answer?: Answer;
  private layout = new Layout({ now: 0, rows: [], bookings: [] }, 40);
  private bars = new Map<string, Bar>();
  private lists: Bar[][] = [];
  private loads = new Map<string, DayLoad[]>();
  private loaded: [number, number] = [0, 0];
  private width = 0;
  private height = 0;
  private top = 0;
  private selected?: string;
  private marked?: string;
  private followsNow = true;
  private revealsChoice = false;
  private moveStart = 0;
  private frame = 0;
  private loading = false;
  private again = false;
  private lastLoad = 0;
  private clock?: ReturnType<typeof setInterval>;
  private refreshTimer?: ReturnType<typeof setTimeout>;
  private hintTimer?: ReturnType<typeof setTimeout>;
  private rememberTimer?: ReturnType<typeof setTimeout>;
  private canvas!: HTMLCanvasElement;
  private labels!: HTMLElement;
  private tip!: HTMLElement;
  private hintBar!: HTMLElement;
  private body!: HTMLElement;
  private signs!: HTMLElement;
  private spoken!: HTMLElement;
  private telling = new Telling();
  private palette?: Palette;
  private fontFamily?: string;
  private readonly resize = new ResizeObserver(() => this.fit());
  private readonly onTheme = () => this.repaint();
  private readonly onRefresh = () => this.refresh();

  connectedCallback(): void {
    this.build();
    this.readAddress();
    this.resize.observe(this.area);
    document.addEventListener("lo:theme", this.onTheme);
    for (const name of this.refreshEvents()) document.body.addEventListener(name, this.onRefresh);
    this.clock = setInterval(() => this.tick(), 1000);
    void this.load();
  }

  disconnectedCallback(): void {
    this.resize.disconnect();
    clearInterval(this.clock);
    clearTimeout(this.refreshTimer);
    cancelAnimationFrame(this.frame);
    document.removeEventListener("lo:theme", this.onTheme);
    for (const name of this.refreshEvents()) document.body.removeEventListener(name, this.onRefresh);
  }

  attributeChangedCallback(_name: string, before: string | null): void {
    if (before === null || !this.area) return;
    this.revealsChoice = true;
    this.point(undefined, 0, 0);
    void this.load();
  }

  private refreshEvents(): string[] {
    return (this.getAttribute("refresh") ?? "").split(/[\s,]+/).filter(Boolean);
  }

  // building

  private build(): void {
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.tip = make("div", { class: "tip", hidden: true });
    this.hintBar = make("div", { class: "hint-bar" }, say("Ctrl + wheel zooms, Shift + wheel or dragging moves in time"));
    const moves = this.getAttribute("moves");
    this.moving = moves ? new Moving(this, moves) : undefined;
    this.filter = this.hasAttribute("filter") ? new Filter(() => this.filtered()) : undefined;
    this.area = make("div", { class: "canvas", tabindex: "0", role: "application", "aria-label": this.getAttribute("label") ?? say("Schedule") }, this.canvas, this.tip, ...(this.moving ? [this.moving.element] : []), this.hintBar);
    this.labels = make("div", { class: "labels" });
    this.body = make("div", { class: "body" }, this.labels, this.area);
    this.signs = make("ul", { class: "signs", "aria-hidden": "true" });
    this.spoken = make("span", { class: "sr", role: "status" });
    this.replaceChildren(this.tools(), this.body, this.telling.element, this.signs, this.spoken);
    new Hands(this, this.labels);
  }

  private tools(): HTMLElement {
    const button = (name: string, text: string, act: () => void, label = "") => {
      const made = make("button", { type: "button", class: `button small${label ? "" : " icon-only"}`, title: text, "aria-label": text }, icon(name), label);
      made.addEventListener("click", act);
      return made;
    };
    const middle = () => (this.scale.from + this.scale.to) / 2;
    const half = () => (this.scale.to - this.scale.from) / 2;
    const move = make("div", { class: "buttons" },
      button("chevron-left", say("Earlier"), () => this.see(this.scale.pan(-half()))),
      button("clock", say("Now"), () => this.goToNow(), say("Now")),
      button("chevron-right", say("Later"), () => this.see(this.scale.pan(half()))));
    const zoom = make("div", { class: "buttons" },
      button("zoom-out", say("Zoom out"), () => this.see(this.scale.zoom(1.6, middle()))),
      button("zoom-in", say("Zoom in"), () => this.see(this.scale.zoom(1 / 1.6, middle()))));
    const spans = make("div", { class: "buttons", role: "group", "aria-label": say("Time range") });
    for (const [hours, text] of [[8, "8 h"], [24, "24 h"], [72, "3 d"], [168, "7 d"]] as const) {
      const made = make("button", { type: "button", class: "button small", "data-hours": String(hours) }, text);
      made.addEventListener("click", () => this.setHours(hours));
      spans.append(made);
    }
    const table = button("table", say("As table"), () => this.toggleTable(), say("As table"));
    table.setAttribute("aria-pressed", "false");
    const save = button("image", say("Save as picture"), () => this.savePicture());
    for (const one of [table, save]) one.classList.add("quiet");
    const own = Array.from(this.querySelectorAll(":scope > [slot=tools]"));
    return make("div", { class: "chart-tools no-print" }, move, zoom, spans, ...own, ...(this.filter ? [this.filter.element] : []), make("span", { class: "push" }), table, save);
  }

  private readAddress(): void {
    const parameters = new URLSearchParams(location.search);
    const from = Number(parameters.get("from"));
    const to = Number(parameters.get("to"));
    const hours = Number(parameters.get("hours")) || this.usualHours;
    const center = Number(this.getAttribute("center"));
    if (to > from && from > 0) this.see(new Scale(from, to, 1), false);
    else if (center > 0) this.see(new Scale(center - hours * HOUR * 0.4, center + hours * HOUR * 0.6, 1), false);
    else this.setHours(hours, false);
    this.selected = parameters.get("booking") ?? undefined;
    this.revealsChoice = this.selected !== undefined;
  }

  /** How much is seen at first: less where there is little room. */
  private get usualHours(): number {
    const hours = Number(this.getAttribute("hours")) || 24;
    return this.area.clientWidth < NARROW ? Math.min(hours, 8) : hours;
  }

  private setHours(hours: number, remember = true): void {
    const start = plantNow() - hours * HOUR * NOW_PART;
    this.see(new Scale(start, start + hours * HOUR, this.scale.width), remember, true);
  }

  goToNow(): void {
    this.setHours((this.scale.to - this.scale.from) / HOUR);
  }

  // data

  private refresh(): void {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = setTimeout(() => void this.load(), Math.max(0, this.lastLoad + REFRESH_MS - performance.now()));
  }

  private async load(): Promise<void> {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    this.lastLoad = performance.now();
    const source = this.getAttribute("src") ?? "";
    try {
      const address = new URL(source, location.href);
      const margin = (this.scale.to - this.scale.from) * 1.5;
      const range: [number, number] = [this.scale.from - margin, this.scale.to + margin];
      address.searchParams.set("from", String(Math.round(range[0])));
      address.searchParams.set("to", String(Math.round(range[1])));
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) this.take((await answer.json()) as Answer, range);
    } catch (fault) {
      if (!(fault instanceof TypeError)) throw fault; // no connection: what is shown stays, the next fact tries again
    } finally {
      this.loading = false;
    }
    if (this.again || source !== this.getAttribute("src")) {
      this.again = false;
      setTimeout(() => void this.load(), 150);
    }
  }

  /** Fetch the newest state now: after something was changed here. */
  reload(): Promise<void> {
    return this.load();
  }

  private filtered(): void {
    this.remember();
    if (this.given) this.take(this.given, this.loaded);
  }

  private take(given: Answer, loaded: [number, number]): void {
    const first = this.answer === undefined;
    const answer = this.filter && !this.hasMachines(given) ? this.filter.rows(given) : given;
    this.given = given;
    this.answer = answer;
    this.loaded = loaded;
    setPlantNow(answer.now);
    this.layout = new Layout(answer, Number(this.getAttribute("row-height") ?? 40));
    this.bars = layOut(this.layout, this.bars);
    this.lists = byRow(this.bars.values(), answer.rows.length);
    this.matched = this.filter?.matches([...this.bars.values()].map((bar) => bar.booking));
    this.loads = loads(answer, midnights(loaded[0], loaded[1], this.zone));
    this.moveStart = first || matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : performance.now();
    if (!this.moveStart) this.bars.forEach((bar) => moveTo(bar, 1));
    if (first && this.followsNow) this.goToNow();
    this.marked = this.chosen?.booking.order ?? (this.selected ? this.marked : undefined);
    this.setHeight();
    if (this.revealsChoice && this.chosen) this.scrollRows(scrollTo(this.chosen, this.top, this.area.clientHeight - HEAD));
    this.revealsChoice &&= this.chosen === undefined;
    this.scrollRows(0);
    this.drawLabels();
    if (!this.telling.element.hidden) this.tellTable();
    this.repaint();
    this.dataset.version = String(answer.version ?? ""); // what is shown, for who looks from outside
  }

  get zone(): string | undefined {
    return zoneOf(this, this.answer);
  }

  /** As high as its rows, as long as the window has room; on touch screens rather the page scrolls than the picture. */
  private setHeight(): void {
    if (this.style.getPropertyValue("--height")) return;
    const wanted = this.layout.height + HEAD + 1;
    const isCoarse = matchMedia("(pointer: coarse)").matches;
    const room = innerHeight - Math.min(320, this.body.getBoundingClientRect().top + scrollY) - 64;
    const most = isCoarse && wanted <= COARSE_MOST ? wanted : Math.max(320, room);
    this.body.style.height = `${Math.max(200, Math.min(wanted, most))}px`;
    this.area.toggleAttribute("data-scrolls", wanted > most);
  }

  // seeing

  see(scale: Scale, remember = true, keepsNow = false): void {
    this.scale = new Scale(scale.from, scale.to, this.width || this.area?.clientWidth || 1);
    this.followsNow = keepsNow;
    this.querySelectorAll<HTMLElement>("[data-hours]").forEach((button) => {
      const pressed = String(Math.abs(Number(button.dataset.hours) * HOUR - (scale.to - scale.from)) < MINUTE);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    });
    if (this.answer && (scale.from < this.loaded[0] || scale.to > this.loaded[1])) void this.load();
    if (remember) this.remember();
    this.dispatchEvent(new CustomEvent("gantt-sight", { bubbles: true, detail: this.scale }));
    this.paint();
  }

  private remember(): void {
    clearTimeout(this.rememberTimer);
    this.rememberTimer = setTimeout(() => {
      const address = new URL(location.href);
      const set = (key: string, value?: string | false) => (value ? address.searchParams.set(key, value) : address.searchParams.delete(key));
      const hours = Math.round((this.scale.to - this.scale.from) / (HOUR / 100)) / 100;
      set("from", !this.followsNow && String(Math.round(this.scale.from)));
      set("to", !this.followsNow && String(Math.round(this.scale.to)));
      set("hours", this.followsNow && hours !== this.usualHours && String(hours));
      set("booking", this.selected);
      this.filter?.remember(address);
      history.replaceState(history.state, "", address);
    }, 250);
  }

  private fit(): void {
    this.width = this.area.clientWidth; // asked for once: reading sizes while labels change makes the browser lay out anew
    this.height = this.area.clientHeight;
    this.canvas.width = Math.round(this.width * devicePixelRatio);
    this.canvas.height = Math.round(this.height * devicePixelRatio);
    this.scale.width = this.width;
    this.scrollRows(0);
    this.drawLabels();
    this.paintNow(performance.now()); // at once: a canvas that was given a size is empty
  }

  private tick(): void {
    if (document.hidden || !this.answer) return;
    const now = plantNow();
    if (this.followsNow && this.scale.x(now) > this.scale.width * 0.35) {
      const length = this.scale.to - this.scale.from;
      this.see(new Scale(now - length * NOW_PART, now + length * (1 - NOW_PART), this.scale.width), false, true);
    } else this.paint();
  }

  private repaint(): void {
    this.palette = new Palette(this);
    this.signs.replaceChildren(...legend(this.answer?.legend ?? [], this.palette));
    this.dataset.dark = String(isDark());
    this.paint();
  }

  private paint(): void {
    if (!this.frame) this.frame = requestAnimationFrame((at) => this.paintNow(at));
  }

  private paintNow(at: number): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const context = this.canvas.getContext("2d");
    if (!context || !this.answer || !this.palette || !this.canvas.width) return;
    const part = this.moveStart ? Math.max(0, Math.min(1, (at - this.moveStart) / MOVE_MS)) : 1;
    if (this.moveStart) this.bars.forEach((bar) => moveTo(bar, 1 - (1 - part) ** 3));
    if (part >= 1) this.moveStart = 0;
    else this.paint();
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    draw(this.scene(context, this.answer, this.palette));
  }

  private scene(context: CanvasRenderingContext2D, answer: Answer, palette: Palette): Scene {
    return {
      context, palette, answer, layout: this.layout, bars: this.bars, lists: this.lists, loads: this.loads, scale: this.scale,
      axis: axis(this.scale, this.zone, language), top: this.top, head: HEAD, width: this.width, height: this.height,
      now: plantNow(), zone: this.zone, language, moving: this.moveStart > 0, selected: this.selected, marked: this.marked,
      matched: this.matched, ghost: this.moving?.ghost,
      font: this.font,
    };
  }

  private get font(): string {
    return (this.fontFamily ??= getComputedStyle(this).fontFamily);
  }

  private drawLabels(): void {
    if (!this.answer) return;
    const shown = rowLabels(this.answer, this.layout, this.top, this.height);
    this.labels.replaceChildren(...shown, corner(this.getAttribute("rows-label") ?? "", this.zone));
  }

  // moving by hand

  canMove(bar: Bar | undefined): boolean {
    return this.moving !== undefined && bar?.booking.movable === true;
  }

  /** Rows are machines where they have working hours. */
  private hasMachines(answer: Answer | undefined): boolean {
    return answer?.rows.some((row) => row.calendar !== undefined) ?? false;
  }

  machineOf(row: number): string | undefined {
    const known = this.answer?.rows[row];
    return known?.calendar !== undefined && known.href !== undefined ? known.id : undefined;
  }

  rowOf(machine: string): number | undefined {
    return this.layout.index.get(machine);
  }

  isRow(row: number): boolean {
    return this.machineOf(row) !== undefined;
  }

  redraw(): void {
    const { ghost, element } = this.moving!;
    if (ghost && element.childNodes.length) {
      const place = this.layout.rows[ghost.row];
      const left = Math.max(4, Math.min(this.scale.x(ghost.start), this.area.clientWidth - element.offsetWidth - 8));
      const below = HEAD + (place?.top ?? 0) + (place?.height ?? 0) - this.top + 6;
      const fits = below + element.offsetHeight < this.area.clientHeight;
      element.style.left = `${left}px`;
      element.style.top = `${fits ? below : Math.max(HEAD, below - element.offsetHeight - (place?.height ?? 0) - 12)}px`;
    }
    this.area.dataset.ghost = ghost?.verdict ?? "";
    this.paint();
  }

  speak(text: string): void {
    this.spoken.textContent = text;
  }

  pick(bar: Bar, grip?: number): void {
    this.point(undefined, 0, 0);
    this.moving?.begin(bar, grip === undefined, grip);
  }

  /** Pick up the chosen bar from outside, as Enter does. */
  pickChosen(): void {
    if (!this.canMove(this.chosen)) return;
    this.area.focus({ preventScroll: true });
    this.pick(this.chosen!);
  }

  /** To whole minutes, and to the end of a neighbour that is near. */
  drag(x: number, y: number): void {
    const { moving, scale } = this;
    if (!moving?.ghost) return;
    const wanted = scale.at(x) - moving.grip;
    const row = this.layout.at(y - HEAD + this.top);
    const list = row === undefined || !this.isRow(row) ? (this.lists[moving.ghost.row] ?? []) : (this.lists[row] ?? []);
    const near = list.find((bar) => bar !== moving.ghost?.bar && Math.abs(bar.booking.end - wanted) < SNAP_PX * scale.perPixel);
    moving.to(row, near ? near.booking.end : Math.round(wanted / MINUTE) * MINUTE);
  }

  drop(): void {
    this.moving?.drop((place) => this.dispatchEvent(new CustomEvent("drop-booking", { bubbles: true, detail: place })));
  }

  // choosing

  get chosen(): Bar | undefined {
    return this.selected === undefined ? undefined : this.bars.get(this.selected);
  }

  /** How far below the window's upper edge the chosen bar is. */
  get chosenTop(): number | undefined {
    return this.chosen && this.area.getBoundingClientRect().top + HEAD + this.chosen.goal.top - this.top;
  }

  get ordered(): Bar[] {
    return this.lists.flat();
  }

  neighbour(bar: Bar, inTime: number, inRows: number): Bar | undefined {
    return neighbour(this.lists, bar, inTime, inRows);
  }

  barAt(x: number, y: number): Bar | undefined {
    const height = y - HEAD + this.top;
    const row = y < HEAD ? undefined : this.layout.at(height);
    if (row === undefined) return undefined;
    const at = this.scale.at(x);
    const slack = 3 * this.scale.perPixel;
    return this.lists[row]?.findLast((bar) => {
      const isInLane = (bar.booking.lanes ?? 1) < 2 || (height >= bar.top - 1 && height <= bar.top + bar.height + 1);
      return isInLane && bar.booking.start - slack <= at && at <= bar.booking.end + slack;
    });
  }

  select(bar: Bar | undefined): void {
    this.selected = bar?.booking.id;
    this.marked = bar?.booking.order;
    this.spoken.textContent = bar ? describe(bar.booking, this.answer, this.zone).join(", ") : "";
    this.dispatchEvent(new CustomEvent("select-booking", { bubbles: true, detail: bar?.booking }));
    this.remember();
    this.paint();
  }

  open(bar: Bar): void {
    if (bar.booking.href) location.assign(bar.booking.href);
  }

  /** Choose a booking from outside; `at` says where in time it is, for when it has not been loaded. */
  show(id: string, at = Number.NaN): void {
    const bar = this.bars.get(id);
    if (bar) this.reveal(bar, false);
    else {
      this.selected = id;
      this.revealsChoice = true;
      const length = this.scale.to - this.scale.from;
      if (!Number.isNaN(at)) this.see(new Scale(at - length * 0.4, at + length * 0.6, this.scale.width));
      this.remember();
    }
  }

  unselect(): void {
    this.select(undefined);
  }

  reveal(bar: Bar | undefined, tips = true): void {
    if (!bar) return;
    this.select(bar);
    const length = this.scale.to - this.scale.from;
    if (bar.booking.start < this.scale.from || bar.booking.start > this.scale.to - length * 0.05) {
      this.see(new Scale(bar.booking.start - length * 0.3, bar.booking.start + length * 0.7, this.scale.width));
    }
    this.scrollRows(scrollTo(bar, this.top, this.area.clientHeight - HEAD));
    if (tips) this.point(bar, this.scale.x(bar.booking.start) + 12, HEAD + bar.goal.top + bar.goal.height - this.top + 6);
  }

  /** Whether there was anything to scroll; at the ends the page itself scrolls on. */
  scrollRows(by: number): boolean {
    const most = Math.max(0, this.layout.height - (this.height - HEAD));
    const top = Math.max(0, Math.min(most, this.top + by));
    const moved = top !== this.top;
    this.top = top;
    if (moved) {
      this.drawLabels();
      this.paint();
    }
    return moved;
  }

  // telling

  hint(): void {
    this.hintBar.classList.add("on");
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => this.hintBar.classList.remove("on"), 1400);
  }

  point(bar: Bar | undefined, x: number, y: number): void {
    this.area.style.cursor = bar ? (this.canMove(bar) ? "move" : "pointer") : "";
    this.tip.hidden = !bar;
    if (!bar) return;
    const [first, ...rest] = describe(bar.booking, this.answer, this.zone);
    this.tip.replaceChildren(make("b", {}, first ?? ""), ...rest.map((line) => make("span", {}, line)));
    this.tip.style.left = `${Math.max(4, Math.min(x, this.area.clientWidth - this.tip.offsetWidth - 8))}px`;
    this.tip.style.top = `${Math.max(HEAD, Math.min(y, this.area.clientHeight - this.tip.offsetHeight - 8))}px`;
  }

  private toggleTable(): void {
    const { element } = this.telling;
    element.hidden = !element.hidden;
    this.body.hidden = this.signs.hidden = !element.hidden;
    this.querySelectorAll(".chart-tools [aria-pressed]:not([data-hours], [slot] *)").forEach((button) => button.setAttribute("aria-pressed", String(!element.hidden)));
    if (!element.hidden) this.tellTable();
    else this.fit();
  }

  private tellTable(): void {
    this.telling.show(this.bars.values(), this.scale, this.answer, this.zone);
  }

  private savePicture(): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.answer || !this.palette) return;
    const moment = formatter(language, this.zone, { dateStyle: "medium", timeStyle: "short" });
    const note = `${moment.formatRange(this.scale.from, this.scale.to)} · ${this.zone ?? ""} · ${say("Now")}: ${moment.format(plantNow())}`;
    const title = this.getAttribute("label") ?? say("Schedule");
    const canvas = picture(this.scene(context, this.answer, this.palette), title, note);
    canvas.toBlob((blob) => blob && download(`${title}.png`, blob));
  }
}
