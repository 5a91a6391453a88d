// <lo-gantt src="/plan/schedule.json" refresh="lo:ScheduleChanged" hours="48">: the schedule as a picture that keeps itself up to date.
// Drag or Shift+wheel moves in time, Ctrl+wheel or the buttons zoom, wheel goes through the rows, arrows walk from booking
// to booking, Enter opens. The whole sight (time, rows) is in the address. "As table" shows the same as a table.
import { plantNow, setPlantNow } from "../clock";
import { isDark } from "../colours";
import { icon, language, make, say } from "../texts";
import { HEAD, draw, inSight, type Scene } from "./draw";
import { byRow, layOut, moveTo, type Answer, type Bar, type Booking } from "./model";
import { DAY, HOUR, MINUTE, Scale, ticks } from "./scale";

const MOVE_MS = 420;

export class Gantt extends HTMLElement {
  private answer?: Answer;
  private bars = new Map<string, Bar>();
  private rows: Bar[][] = [];
  private scale = new Scale(0, 1, 1);
  private top = 0;
  private selected?: string;
  private marked?: string;
  private followsNow = true;
  private moveStart = 0;
  private frame = 0;
  private loading = false;
  private again = false;
  private clock?: ReturnType<typeof setInterval>;
  private hintTimer?: ReturnType<typeof setTimeout>;
  private rememberTimer?: ReturnType<typeof setTimeout>;
  private pointers = new Map<number, PointerEvent>();
  private dragged = 0;
  private canvas!: HTMLCanvasElement;
  private area!: HTMLElement;
  private labels!: HTMLElement;
  private tip!: HTMLElement;
  private hintBar!: HTMLElement;
  private body!: HTMLElement;
  private table!: HTMLElement;
  private spoken!: HTMLElement;
  private readonly resize = new ResizeObserver(() => this.fit());
  private readonly onTheme = () => this.paint();
  private readonly onRefresh = () => void this.load();

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
    cancelAnimationFrame(this.frame);
    document.removeEventListener("lo:theme", this.onTheme);
    for (const name of this.refreshEvents()) document.body.removeEventListener(name, this.onRefresh);
  }

  private refreshEvents(): string[] {
    return (this.getAttribute("refresh") ?? "").split(/[\s,]+/).filter(Boolean);
  }

  private get rowHeight(): number {
    return Number(this.getAttribute("row-height") ?? 40);
  }

  // building

  private build(): void {
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.tip = make("div", { class: "tip", hidden: true });
    this.hintBar = make("div", { class: "hint-bar" }, say("Ctrl + wheel zooms, Shift + wheel or dragging moves in time"));
    this.area = make("div", { class: "canvas", tabindex: "0", role: "application", "aria-label": this.getAttribute("label") ?? say("Schedule") }, this.canvas, this.tip, this.hintBar);
    this.labels = make("div", { class: "labels" });
    this.body = make("div", { class: "body" }, this.labels, this.area);
    this.table = make("div", { class: "as-table", hidden: true });
    this.spoken = make("span", { class: "sr", role: "status" });
    this.replaceChildren(this.tools(), this.body, this.table, this.spoken);
    this.listen();
  }

  private tools(): HTMLElement {
    const button = (name: string, text: string, act: () => void, label = "") => {
      const made = make("button", { type: "button", class: `button small${label ? "" : " icon-only"}`, title: text, "aria-label": text }, icon(name), label);
      made.addEventListener("click", act);
      return made;
    };
    const middle = () => (this.scale.from + this.scale.to) / 2;
    const move = make("div", { class: "buttons" },
      button("chevron-left", say("Earlier"), () => this.see(this.scale.pan(-(this.scale.to - this.scale.from) * 0.5))),
      button("clock", say("Now"), () => this.goToNow(), say("Now")),
      button("chevron-right", say("Later"), () => this.see(this.scale.pan((this.scale.to - this.scale.from) * 0.5))));
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
    table.classList.add("quiet", "push");
    return make("div", { class: "chart-tools no-print" }, move, zoom, spans, ...this.querySelectorAll(":scope > [slot=tools]"), table);
  }

  private readAddress(): void {
    const parameters = new URLSearchParams(location.search);
    const from = Number(parameters.get("from"));
    const to = Number(parameters.get("to"));
    if (to > from && from > 0) {
      this.scale = new Scale(from, to, 1);
      this.followsNow = false;
    } else this.setHours(Number(this.getAttribute("hours") ?? 24), false);
    this.selected = parameters.get("booking") ?? undefined;
  }

  private setHours(hours: number, remember = true): void {
    const start = plantNow() - hours * HOUR * 0.15;
    this.followsNow = true;
    this.see(new Scale(start, start + hours * HOUR, this.scale.width), remember, true);
  }

  private goToNow(): void {
    const length = this.scale.to - this.scale.from;
    const start = plantNow() - length * 0.15;
    this.followsNow = true;
    this.see(new Scale(start, start + length, this.scale.width), true, true);
  }

  // data

  private async load(): Promise<void> {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    try {
      const address = new URL(this.getAttribute("src") ?? "", location.href);
      const margin = (this.scale.to - this.scale.from) * 1.5;
      address.searchParams.set("from", String(Math.round(this.scale.from - margin)));
      address.searchParams.set("to", String(Math.round(this.scale.to + margin)));
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) this.show((await answer.json()) as Answer, [this.scale.from - margin, this.scale.to + margin]);
    } catch (fault) {
      if (!(fault instanceof TypeError)) throw fault; // no connection: what is shown stays, the next fact tries again
    } finally {
      this.loading = false;
    }
    if (this.again) {
      this.again = false;
      setTimeout(() => void this.load(), 250);
    }
  }

  private loaded: [number, number] = [0, 0];

  private show(answer: Answer, loaded: [number, number]): void {
    const first = this.answer === undefined;
    this.answer = answer;
    this.loaded = loaded;
    setPlantNow(answer.now);
    this.bars = layOut(answer, this.bars);
    this.rows = byRow(this.bars.values(), answer.rows.length);
    this.moveStart = first || matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : performance.now();
    if (!this.moveStart) this.bars.forEach((bar) => moveTo(bar, 1));
    if (first && this.followsNow) this.goToNow();
    if (!this.style.getPropertyValue("--height")) this.setHeight(answer.rows.length);
    this.drawLabels();
    if (!this.table.hidden) this.drawTable();
    this.paint();
  }

  private setHeight(rows: number): void {
    const wanted = rows * this.rowHeight + HEAD + 1;
    const least = Math.min(wanted, 220);
    const most = Math.max(300, innerHeight - Math.min(360, this.getBoundingClientRect().top + scrollY + 90));
    this.body.style.height = `${Math.max(least, Math.min(wanted, most))}px`;
  }

  // seeing

  private see(scale: Scale, remember = true, keepsNow = false): void {
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
      const set = (key: string, value?: string) => (value ? address.searchParams.set(key, value) : address.searchParams.delete(key));
      set("from", this.followsNow ? undefined : String(Math.round(this.scale.from)));
      set("to", this.followsNow ? undefined : String(Math.round(this.scale.to)));
      set("booking", this.selected);
      history.replaceState(history.state, "", address);
    }, 250);
  }

  private fit(): void {
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(this.area.clientWidth * ratio);
    this.canvas.height = Math.round(this.area.clientHeight * ratio);
    this.scale.width = this.area.clientWidth;
    this.scrollRows(0);
    this.drawLabels();
    this.paint();
  }

  private tick(): void {
    if (document.hidden || !this.answer) return;
    const now = plantNow();
    if (this.followsNow && this.scale.x(now) > this.scale.width * 0.35) {
      const length = this.scale.to - this.scale.from;
      this.see(new Scale(now - length * 0.15, now + length * 0.85, this.scale.width), false, true);
    } else this.paint();
  }

  private paint(): void {
    if (!this.frame) this.frame = requestAnimationFrame((at) => this.paintNow(at));
  }

  private paintNow(at: number): void {
    this.frame = 0;
    const context = this.canvas.getContext("2d");
    if (!context || !this.answer) return;
    const part = this.moveStart ? Math.min(1, (at - this.moveStart) / MOVE_MS) : 1;
    const eased = 1 - (1 - part) ** 3;
    if (this.moveStart) this.bars.forEach((bar) => moveTo(bar, eased));
    if (part >= 1) this.moveStart = 0;
    else this.paint();
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    draw(this.scene(context));
    this.dataset.dark = String(isDark());
  }

  private scene(context: CanvasRenderingContext2D): Scene {
    const answer = this.answer as Answer;
    const zone = document.documentElement.dataset.zone || answer.zone;
    return {
      context, element: this, answer, rows: this.rows, scale: this.scale, ticks: ticks(this.scale, zone, language), top: this.top,
      rowHeight: this.rowHeight, width: this.area.clientWidth, height: this.area.clientHeight, now: plantNow(),
      selected: this.selected, marked: this.marked, font: getComputedStyle(this).fontFamily,
    };
  }

  private drawLabels(): void {
    if (!this.answer) return;
    const [first, last] = inSight({ top: this.top, rowHeight: this.rowHeight, height: this.area.clientHeight, rows: this.rows });
    const shown = this.answer.rows.slice(Math.max(0, first), last + 1).map((row, at) => {
      const label = row.href ? make("a", { href: row.href }) : make("span", { class: "row-label" });
      label.append(make("span", { class: "clip" }, row.label));
      if (row.detail) label.append(make("small", {}, row.detail));
      label.style.top = `${HEAD + (Math.max(0, first) + at) * this.rowHeight - this.top}px`;
      label.style.height = `${this.rowHeight}px`;
      return label;
    });
    const corner = make("span", { class: "row-label group" }, this.getAttribute("rows-label") ?? "");
    corner.style.top = "0";
    corner.style.height = `${HEAD}px`;
    this.labels.replaceChildren(...shown, corner);
  }

  // doing

  private listen(): void {
    this.area.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.labels.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.area.addEventListener("pointerdown", (event) => this.down(event));
    this.area.addEventListener("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel"] as const) this.area.addEventListener(name, (event) => this.up(event));
    this.area.addEventListener("pointerleave", () => this.hideTip());
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.area.addEventListener("dblclick", (event) => this.see(this.scale.zoom(0.5, this.scale.at(event.offsetX))));
  }

  private wheel(event: WheelEvent): void {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.see(this.scale.zoom(1.0018 ** event.deltaY, this.scale.at(event.offsetX)));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      this.see(this.scale.pan(sideways * this.scale.perPixel));
    } else if (this.scrollRows(event.deltaY)) event.preventDefault();
    else this.hint();
  }

  /** Whether there was anything to scroll; at the ends the page itself scrolls on. */
  private scrollRows(by: number): boolean {
    const most = Math.max(0, this.rows.length * this.rowHeight - (this.area.clientHeight - HEAD));
    const top = Math.max(0, Math.min(most, this.top + by));
    const moved = top !== this.top;
    this.top = top;
    if (moved) {
      this.drawLabels();
      this.paint();
    }
    return moved;
  }

  private hint(): void {
    this.hintBar.classList.add("on");
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => this.hintBar.classList.remove("on"), 1400);
  }

  private down(event: PointerEvent): void {
    this.pointers.set(event.pointerId, event);
    this.dragged = 0;
    this.area.setPointerCapture(event.pointerId);
  }

  private moved(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.showTip(event);
      return;
    }
    const others = [...this.pointers.values()].filter((pointer) => pointer.pointerId !== event.pointerId);
    const other = others[0];
    if (other) {
      const spread = (pointer: PointerEvent) => Math.max(20, Math.abs(pointer.clientX - other.clientX));
      this.see(this.scale.zoom(spread(before) / spread(event), this.scale.at((event.offsetX + other.offsetX) / 2)));
    } else {
      const by = event.clientX - before.clientX;
      this.dragged += Math.abs(by) + Math.abs(event.clientY - before.clientY);
      if (this.dragged > 4) {
        this.area.classList.add("dragging");
        this.hideTip();
        this.see(this.scale.pan(-by * this.scale.perPixel));
        if (event.pointerType === "mouse") this.scrollRows(before.clientY - event.clientY);
      }
    }
    this.pointers.set(event.pointerId, event);
  }

  private up(event: PointerEvent): void {
    const was = this.pointers.delete(event.pointerId);
    this.area.classList.remove("dragging");
    if (!was || this.dragged > 4 || event.type === "pointercancel") return;
    const bar = this.barAt(event.offsetX, event.offsetY);
    if (bar && bar.booking.id === this.selected) this.openBooking(bar.booking);
    else this.select(bar);
  }

  private barAt(x: number, y: number): Bar | undefined {
    const row = Math.floor((y - HEAD + this.top) / this.rowHeight);
    const at = this.scale.at(x);
    const slack = 3 * this.scale.perPixel;
    return this.rows[row]?.findLast((bar) => bar.booking.start - slack <= at && at <= bar.booking.end + slack);
  }

  private select(bar: Bar | undefined): void {
    this.selected = bar?.booking.id;
    this.marked = bar?.booking.order;
    this.spoken.textContent = bar ? this.describe(bar.booking).join(", ") : "";
    this.dispatchEvent(new CustomEvent("select-booking", { bubbles: true, detail: bar?.booking }));
    this.remember();
    this.paint();
  }

  private openBooking(booking: Booking): void {
    if (booking.href) location.assign(booking.href);
  }

  private key(event: KeyboardEvent): void {
    const length = this.scale.to - this.scale.from;
    const acts: Record<string, () => void> = {
      "+": () => this.see(this.scale.zoom(1 / 1.4, (this.scale.from + this.scale.to) / 2)),
      "=": () => this.see(this.scale.zoom(1 / 1.4, (this.scale.from + this.scale.to) / 2)),
      "-": () => this.see(this.scale.zoom(1.4, (this.scale.from + this.scale.to) / 2)),
      PageDown: () => this.see(this.scale.pan(length / 2)),
      PageUp: () => this.see(this.scale.pan(-length / 2)),
      Home: () => this.goToNow(),
      ArrowRight: () => this.walk(1, 0),
      ArrowLeft: () => this.walk(-1, 0),
      ArrowDown: () => this.walk(0, 1),
      ArrowUp: () => this.walk(0, -1),
      Escape: () => this.select(undefined),
      Enter: () => {
        const bar = this.selected ? this.bars.get(this.selected) : undefined;
        if (bar) this.openBooking(bar.booking);
      },
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  /** From the selected booking to its neighbour in time, or to the nearest one in the next row. */
  private walk(inTime: number, inRows: number): void {
    const now = this.selected ? this.bars.get(this.selected) : undefined;
    if (!now) {
      const all = [...this.bars.values()].sort((a, b) => a.row - b.row || a.booking.start - b.booking.start);
      this.reveal(all.find((bar) => bar.booking.end > this.scale.from && bar.booking.start < this.scale.to) ?? all[0]);
      return;
    }
    if (inTime) {
      const list = this.rows[now.row] ?? [];
      this.reveal(list[list.indexOf(now) + inTime]);
      return;
    }
    for (let row = now.row + inRows; row >= 0 && row < this.rows.length; row += inRows) {
      const list = this.rows[row] ?? [];
      const distance = (bar: Bar) => Math.abs(bar.booking.start - now.booking.start);
      const nearest = list.reduce<Bar | undefined>((best, bar) => (!best || distance(bar) < distance(best) ? bar : best), undefined);
      if (nearest) {
        this.reveal(nearest);
        return;
      }
    }
  }

  private reveal(bar: Bar | undefined): void {
    if (!bar) return;
    this.select(bar);
    const length = this.scale.to - this.scale.from;
    if (bar.booking.start < this.scale.from || bar.booking.start > this.scale.to - length * 0.05) {
      this.see(new Scale(bar.booking.start - length * 0.3, bar.booking.start + length * 0.7, this.scale.width));
    }
    const top = bar.row * this.rowHeight;
    const room = this.area.clientHeight - HEAD - this.rowHeight;
    if (top < this.top) this.scrollRows(top - this.top);
    else if (top > this.top + room) this.scrollRows(top - this.top - room);
    this.placeTip(bar, this.scale.x(bar.booking.start) + 12, HEAD + top - this.top + this.rowHeight);
  }

  // telling

  private describe(booking: Booking): string[] {
    const zone = document.documentElement.dataset.zone || this.answer?.zone;
    const time = new Intl.DateTimeFormat(language, { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const minutes = Math.round((booking.end - booking.start) / MINUTE);
    const row = this.answer?.rows.find((one) => one.id === booking.row)?.label ?? booking.row;
    return [booking.label, row, `${time.formatRange(booking.start, booking.end)} (${minutes} min)`, ...(booking.lines ?? [])];
  }

  private showTip(event: PointerEvent): void {
    const bar = this.barAt(event.offsetX, event.offsetY);
    this.area.style.cursor = bar ? "pointer" : "";
    if (bar) this.placeTip(bar, event.offsetX + 14, event.offsetY + 14);
    else this.hideTip();
  }

  private placeTip(bar: Bar, x: number, y: number): void {
    const [first, ...rest] = this.describe(bar.booking);
    this.tip.replaceChildren(make("b", {}, first ?? ""), ...rest.map((line) => make("span", {}, line)));
    this.tip.hidden = false;
    this.tip.style.left = `${Math.max(4, Math.min(x, this.area.clientWidth - this.tip.offsetWidth - 8))}px`;
    this.tip.style.top = `${Math.max(HEAD, Math.min(y, this.area.clientHeight - this.tip.offsetHeight - 8))}px`;
  }

  private hideTip(): void {
    this.tip.hidden = true;
  }

  private toggleTable(): void {
    this.table.hidden = !this.table.hidden;
    this.body.hidden = !this.table.hidden;
    if (!this.table.hidden) this.drawTable();
  }

  private drawTable(): void {
    const head = [say("Operation"), say("Where"), say("When")].map((text) => make("th", { scope: "col" }, text));
    const rows = [...this.bars.values()]
      .filter((bar) => bar.booking.end > this.scale.from - DAY && bar.booking.start < this.scale.to + DAY)
      .sort((a, b) => a.booking.start - b.booking.start)
      .slice(0, 2000)
      .map(({ booking }) => {
        const [label, row, when] = this.describe(booking);
        const name = booking.href ? make("a", { href: booking.href }, label ?? "") : (label ?? "");
        return make("tr", {}, make("td", {}, name), make("td", {}, row ?? ""), make("td", {}, when ?? ""));
      });
    this.table.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
  }
}
