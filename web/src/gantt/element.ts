// <lo-gantt src="/plan/schedule.json" refresh="lo:ScheduleChanged" hours="48" zone="plant">: the schedule as a picture that keeps itself up to date.
// Drag or Shift+wheel moves in time, Ctrl+wheel or the buttons zoom, wheel goes through the rows, arrows walk from booking
// to booking, Enter opens. The whole sight (time, choice) is in the address. "As table" shows the same as a table.
// Another `src` (the same bookings in other rows) lets the bars fly to their new places. Choosing a bar draws its order's
// thread and sends `select-booking` (detail: the booking, or undefined). `show(id, at)` chooses from outside.
import { plantNow, setPlantNow } from "../clock";
import { isDark } from "../colours";
import { download } from "../download";
import { icon, language, make, say } from "../texts";
import { draw, HEAD, type Scene } from "./draw";
import { Hands, neighbour, scrollTo, type Handled } from "./hands";
import { legend } from "./legend";
import { loads, type DayLoad } from "./load";
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

export class Gantt extends HTMLElement implements Handled {
  static observedAttributes = ["src"];

  area!: HTMLElement;
  scale = new Scale(0, 1, 1);
  private answer?: Answer;
  private layout = new Layout({ now: 0, rows: [], bookings: [] }, 40);
  private bars = new Map<string, Bar>();
  private lists: Bar[][] = [];
  private loads = new Map<string, DayLoad[]>();
  private loaded: [number, number] = [0, 0];
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
    this.area = make("div", { class: "canvas", tabindex: "0", role: "application", "aria-label": this.getAttribute("label") ?? say("Schedule") }, this.canvas, this.tip, this.hintBar);
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
    return make("div", { class: "chart-tools no-print" }, move, zoom, spans, ...own, make("span", { class: "push" }), table, save);
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

  private take(answer: Answer, loaded: [number, number]): void {
    const first = this.answer === undefined;
    this.answer = answer;
    this.loaded = loaded;
    setPlantNow(answer.now);
    this.layout = new Layout(answer, Number(this.getAttribute("row-height") ?? 40));
    this.bars = layOut(this.layout, this.bars);
    this.lists = byRow(this.bars.values(), answer.rows.length);
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

  private get zone(): string | undefined {
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
    this.scale = new Scale(scale.from, scale.to, this.area?.clientWidth || 1);
    this.followsNow = keepsNow;
    this.querySelectorAll<HTMLElement>("[data-hours]").forEach((button) => {
      const pressed = Math.abs(Number(button.dataset.hours) * HOUR - (scale.to - scale.from)) < MINUTE;
      button.setAttribute("aria-pressed", String(pressed));
    });
    if (this.answer && (scale.from < this.loaded[0] || scale.to > this.loaded[1])) void this.load();
    if (remember) this.remember();
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
      history.replaceState(history.state, "", address);
    }, 250);
  }

  private fit(): void {
    this.canvas.width = Math.round(this.area.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.area.clientHeight * devicePixelRatio);
    this.scale.width = this.area.clientWidth;
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
      axis: axis(this.scale, this.zone, language), top: this.top, head: HEAD, width: this.area.clientWidth, height: this.area.clientHeight,
      now: plantNow(), zone: this.zone, language, moving: this.moveStart > 0, selected: this.selected, marked: this.marked,
      font: this.font,
    };
  }

  private get font(): string {
    return (this.fontFamily ??= getComputedStyle(this).fontFamily);
  }

  private drawLabels(): void {
    if (!this.answer) return;
    const rows = this.answer.rows;
    const place = (label: HTMLElement, top: number, height: number) => {
      label.style.top = `${HEAD + top - this.top}px`;
      label.style.height = `${height}px`;
      return label;
    };
    const bottom = this.top + this.area.clientHeight;
    const [first, last] = this.layout.between(this.top, bottom);
    const shown = rows.slice(first, last + 1).map((row, at) => {
      const label = row.href ? make("a", { href: row.href }) : make("span", { class: "row-label" });
      label.append(make("span", { class: "clip" }, row.label));
      if (row.detail) label.append(make("small", {}, row.detail));
      label.title = [row.label, row.detail].filter(Boolean).join(" · ");
      return place(label, this.layout.rows[first + at]!.top, this.layout.rows[first + at]!.height);
    });
    for (const { group, top, height } of this.layout.headings) {
      if (top + height < this.top || top > bottom) continue;
      const label = make("span", { class: "row-label heading" }, make("span", { class: "clip" }, group.label));
      if (group.detail) label.append(make("small", {}, group.detail));
      shown.push(place(label, top, height));
    }
    const corner = make("span", { class: "row-label group" }, make("span", {}, this.getAttribute("rows-label") ?? ""), make("small", {}, this.zone?.replace("_", " ") ?? ""));
    corner.style.top = "0";
    corner.style.height = `${HEAD}px`;
    this.labels.replaceChildren(...shown, corner);
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
    const most = Math.max(0, this.layout.height - (this.area.clientHeight - HEAD));
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
    this.area.style.cursor = bar ? "pointer" : "";
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
