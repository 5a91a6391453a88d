// <lo-load-profile for="schedule" src="/plan/load.json">: under a Gantt, on its time axis, how full every work center is:
// a frame for what is open, filled as far as it is booked, hatched for setups; a triangle where more is booked than open.
import { language, make, say } from "../texts";
import type { Gantt } from "./element";
import { Palette } from "./palette";
import { formatter, Scale } from "./scale";

interface Center {
  id: string;
  label: string;
  open: number[];
  booked: number[];
  setup: number[];
}

interface Profile {
  edges: number[];
  rows: Center[];
}

const ROW = 44;
const FULL = 0.9;
const OVER = 1.001;
const REFRESH_MS = 400;

export class LoadProfile extends HTMLElement {
  private canvas = make("canvas", { "aria-hidden": "true" });
  private area = make("div", { class: "canvas", role: "img" }, this.canvas);
  private labels = make("div", { class: "labels" });
  private tip = make("div", { class: "tip", hidden: true });
  private profile?: Profile;
  private scale = new Scale(0, 1, 1);
  private loaded: [number, number] = [0, 0];
  private timer?: ReturnType<typeof setTimeout>;
  private frame = 0;
  private palette?: Palette;
  private readonly resize = new ResizeObserver(() => this.fit());
  private readonly onTheme = () => {
    this.palette = undefined;
    this.paint();
  };
  private readonly onSight = (event: Event) => this.see((event as CustomEvent<Scale>).detail);
  private readonly onPlan = () => this.loadSoon();

  connectedCallback(): void {
    this.area.setAttribute("aria-label", this.getAttribute("label") ?? say("Load"));
    this.area.append(this.tip);
    this.replaceChildren(make("div", { class: "body" }, this.labels, this.area));
    this.resize.observe(this.area);
    document.addEventListener("lo:theme", this.onTheme);
    document.addEventListener("gantt-sight", this.onSight);
    document.body.addEventListener("lo:plan", this.onPlan);
    this.area.addEventListener("pointermove", (event) => this.point(event));
    this.area.addEventListener("pointerleave", () => (this.tip.hidden = true));
    const gantt = this.gantt;
    if (gantt?.scale && gantt.scale.to > 1) this.see(gantt.scale);
  }

  disconnectedCallback(): void {
    this.resize.disconnect();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    document.removeEventListener("lo:theme", this.onTheme);
    document.removeEventListener("gantt-sight", this.onSight);
    document.body.removeEventListener("lo:plan", this.onPlan);
  }

  private get gantt(): Gantt | null {
    return document.querySelector<Gantt>(`#${this.getAttribute("for")}`);
  }

  private see(scale: Scale): void {
    const isLonger = Math.abs(scale.to - scale.from - (this.scale.to - this.scale.from)) > 1;
    this.scale = new Scale(scale.from, scale.to, this.area.clientWidth);
    if (isLonger || scale.from < this.loaded[0] || scale.to > this.loaded[1]) this.loadSoon();
    this.paint();
  }

  private loadSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), REFRESH_MS);
  }

  private async load(): Promise<void> {
    const length = this.scale.to - this.scale.from;
    const range: [number, number] = [this.scale.from - length / 2, this.scale.to + length / 2];
    const address = new URL(this.getAttribute("src") ?? "", location.href);
    address.searchParams.set("from", String(Math.round(range[0])));
    address.searchParams.set("to", String(Math.round(range[1])));
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      this.profile = (await answer.json()) as Profile;
      this.loaded = range;
      this.show();
    } catch (fault) {
      if (!(fault instanceof TypeError)) throw fault; // no connection: what is shown stays
    }
  }

  private show(): void {
    const rows = this.profile?.rows ?? [];
    this.area.style.height = `${rows.length * ROW}px`;
    this.labels.replaceChildren(...rows.map((row, at) => {
      const label = make("span", { class: "row-label" }, make("span", { class: "clip" }, row.label));
      label.style.top = `${at * ROW}px`;
      label.style.height = `${ROW}px`;
      return label;
    }));
    this.dataset.rows = String(rows.length); // what is shown, for who looks from outside
    this.fit();
  }

  private fit(): void {
    this.canvas.width = Math.round(this.area.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.area.clientHeight * devicePixelRatio);
    this.scale.width = this.area.clientWidth;
    this.paintNow();
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paintNow());
  }

  private paintNow(): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.profile || !this.canvas.width) return;
    const palette = (this.palette ??= new Palette(this));
    const { edges, rows } = this.profile;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.area.clientWidth, this.area.clientHeight);
    rows.forEach((row, at) => {
      const top = at * ROW;
      const most = Math.max(0.01, ...row.open, ...row.booked);
      context.fillStyle = palette.line;
      context.fillRect(0, top + ROW - 1, this.area.clientWidth, 1);
      for (let bucket = 0; bucket < edges.length - 1; bucket += 1) {
        const left = this.scale.x(edges[bucket]!);
        const right = this.scale.x(edges[bucket + 1]!);
        if (right < 0 || left > this.area.clientWidth) continue;
        this.drawBucket(context, palette, row, bucket, [left, right, top, most]);
      }
    });
  }

  private drawBucket(context: CanvasRenderingContext2D, palette: Palette, row: Center, at: number, [left, right, top, most]: [number, number, number, number]): void {
    const [open, booked, setup] = [row.open[at] ?? 0, row.booked[at] ?? 0, row.setup[at] ?? 0];
    if (open <= 0 && booked <= 0) return;
    const width = Math.max(1, right - left - 2);
    const bottom = top + ROW - 3;
    const high = (hours: number) => (hours / most) * (ROW - 10);
    const isOver = booked + setup > open * OVER;
    context.fillStyle = palette.grid;
    context.fillRect(left + 1, bottom - high(open), width, high(open));
    context.fillStyle = isOver ? palette.moved : booked + setup > open * FULL ? palette.ink2 : palette.ink3;
    context.globalAlpha = 0.75;
    context.fillRect(left + 1, bottom - high(booked), width, high(booked));
    context.globalAlpha = 0.35;
    context.fillRect(left + 1, bottom - high(booked + setup), width, high(setup));
    context.globalAlpha = 1;
    context.strokeStyle = palette.line;
    context.lineWidth = 1;
    context.strokeRect(left + 1.5, Math.round(bottom - high(open)) + 0.5, width - 1, high(open));
    if (isOver && width > 8) {
      context.fillStyle = palette.moved;
      context.fillText("\u25B2", left + width / 2 - 4, top + 8);
    } else if (width > 40 && booked > 0) this.share(context, palette, (booked + setup) / open, left + 4, top + 14);
  }

  private share(context: CanvasRenderingContext2D, palette: Palette, share: number, x: number, y: number): void {
    const text = `${Math.round(share * 100)} %`;
    context.font = `560 10.5px ${getComputedStyle(this).fontFamily}`;
    const width = context.measureText(text).width;
    context.fillStyle = palette.surface;
    context.fillRect(x - 1, y - 8, width + 2, 12);
    context.fillStyle = palette.ink;
    context.textBaseline = "middle";
    context.fillText(text, x, y - 2);
  }

  private point(event: PointerEvent): void {
    const row = this.profile?.rows[Math.floor(event.offsetY / ROW)];
    const moment = this.scale.at(event.offsetX);
    const at = this.profile?.edges.findLastIndex((edge) => edge <= moment) ?? -1;
    this.tip.hidden = !row || at < 0 || at >= row.open.length;
    if (this.tip.hidden || !row) return;
    const zone = this.gantt?.zone;
    const time = formatter(language, zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const hours = (value: number) => `${value.toFixed(1)} h`;
    const lines = [`${say("Booked")}: ${hours(row.booked[at]!)}`, `${say("Open")}: ${hours(row.open[at]!)}`];
    if (row.setup[at]) lines.push(`${say("Setup")}: ${hours(row.setup[at]!)}`);
    this.tip.replaceChildren(make("b", {}, row.label), make("span", {}, time.format(this.profile!.edges[at])), ...lines.map((line) => make("span", {}, line)));
    this.tip.style.left = `${Math.max(4, Math.min(event.offsetX + 12, this.area.clientWidth - this.tip.offsetWidth - 8))}px`;
    this.tip.style.top = `${Math.max(2, Math.min(event.offsetY + 12, this.area.clientHeight - this.tip.offsetHeight - 4))}px`;
  }
}
