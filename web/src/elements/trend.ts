// <lo-trend src="/insight/trend.json?tags=12" live="2" minutes="60">: values over time with uPlot.
// The address answers {now, from, to, complete, series: [{label, unit, time: [ms], values, min?, max?, low?, high?}], spans: [{from, to, label, kind}]}.
import uPlot from "uplot";
import { plantNow, setPlantNow } from "../clock";
import { fade, token } from "../colours";
import { download } from "../download";
import { icon, language, make, say } from "../texts";
import { csvText } from "./table";

interface Series {
  label: string;
  unit?: string;
  time: number[];
  values: (number | null)[];
  min?: (number | null)[];
  max?: (number | null)[];
  low?: number | null;
  high?: number | null;
  step?: boolean;
}
interface Span {
  from: number;
  to: number | null;
  label: string;
  kind: string;
}
interface Answer {
  now: number;
  from: number;
  to: number;
  complete: boolean;
  zone?: string;
  series: Series[];
  spans?: Span[];
}

const WINDOWS = [5, 15, 60, 240, 1440];

export class Trend extends HTMLElement {
  static observedAttributes = ["src"];

  private chart?: uPlot;
  private answer?: Answer;
  private timer?: ReturnType<typeof setTimeout>;
  private minutes = 60;
  private range?: [number, number];
  private pending?: [number, number];
  private settle?: ReturnType<typeof setTimeout>;
  private hiddenSeries = new Set<string>();
  private visible = false;
  private plot!: HTMLElement;
  private legend!: HTMLElement;
  private state!: HTMLElement;
  private readonly resize = new ResizeObserver(() => this.fit());
  private readonly sight = new IntersectionObserver((entries) => this.seen(entries.some((entry) => entry.isIntersecting)));
  private readonly onTheme = () => this.rebuild();

  connectedCallback(): void {
    this.readAddress();
    this.setAttribute("role", "figure");
    this.plot = make("div", { class: "plot skeleton" });
    this.legend = make("div", { class: "legend" });
    this.state = make("span", { class: "tiny muted push", role: "status" });
    this.replaceChildren(this.tools(), this.plot, this.legend);
    this.resize.observe(this.plot);
    this.sight.observe(this);
    document.addEventListener("lo:theme", this.onTheme);
  }

  attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
    if (before !== null && before !== now && this.isConnected && this.visible) void this.load();
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    clearTimeout(this.settle);
    this.resize.disconnect();
    this.sight.disconnect();
    document.removeEventListener("lo:theme", this.onTheme);
    this.chart?.destroy();
    this.chart = undefined;
  }

  private key(what: string): string {
    return this.id ? `${this.id}-${what}` : what;
  }

  private readAddress(): void {
    const parameters = new URLSearchParams(location.search);
    this.minutes = Number(parameters.get(this.key("minutes")) ?? this.getAttribute("minutes") ?? 60);
    const from = Number(parameters.get(this.key("from")));
    const to = Number(parameters.get(this.key("to")) || this.getAttribute("to"));
    const given = from || Number(this.getAttribute("from"));
    this.range = given && to > given ? [given, to] : undefined;
  }

  private tools(): HTMLElement {
    const windows = make("div", { class: "buttons", role: "group", "aria-label": say("Time range") });
    for (const minutes of WINDOWS) {
      const text = minutes < 60 ? `${minutes} min` : `${minutes / 60} h`;
      const button = make("button", { type: "button", class: "button small", "data-minutes": String(minutes) }, text);
      button.addEventListener("click", () => this.setRange(undefined, minutes));
      windows.append(button);
    }
    const png = make("button", { type: "button", class: "button small quiet icon-only", title: say("Save as picture"), "aria-label": say("Save as picture") }, icon("image"));
    png.addEventListener("click", () => this.chart?.ctx.canvas.toBlob((blob) => blob && download("trend.png", blob)));
    const csv = make("button", { type: "button", class: "button small quiet", title: say("Save the data") }, icon("download"), "CSV");
    csv.addEventListener("click", () => this.export());
    const ways = make("div", { class: "buttons", role: "group", "aria-label": say("Time range") });
    const hands: [string, string, () => void][] = [
      ["chevron-left", "Earlier", () => this.step(-1)], ["zoom-in", "Zoom in", () => this.zoom(0.5)],
      ["zoom-out", "Zoom out", () => this.zoom(2)], ["chevron-right", "Later", () => this.step(1)],
    ];
    for (const [name, text, act] of hands) {
      const button = make("button", { type: "button", class: "button small icon-only", title: say(text), "aria-label": say(text) }, icon(name));
      button.addEventListener("click", act);
      ways.append(button);
    }
    return make("div", { class: "chart-tools no-print" }, windows, ways, this.state, png, csv);
  }

  private setRange(range: [number, number] | undefined, minutes = this.minutes): void {
    this.range = range;
    this.minutes = minutes;
    const address = new URL(location.href);
    for (const key of ["from", "to", "minutes"]) address.searchParams.delete(this.key(key));
    if (range) range.forEach((value, index) => address.searchParams.set(this.key(index ? "to" : "from"), String(Math.round(value))));
    else address.searchParams.set(this.key("minutes"), String(minutes));
    history.replaceState(history.state, "", address);
    void this.load();
  }

  private seen(visible: boolean): void {
    this.visible = visible;
    if (visible && !this.timer) void this.load();
  }

  private async load(): Promise<void> {
    clearTimeout(this.timer);
    const address = new URL(this.getAttribute("src") ?? "", location.href);
    const width = Math.max(200, Math.round(this.plot.clientWidth));
    const [from, to] = this.range ?? [plantNow() - this.minutes * 60_000, plantNow()];
    address.searchParams.set("from", String(Math.round(from)));
    address.searchParams.set("to", String(Math.round(to)));
    address.searchParams.set("points", String(width));
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? String(answer.status));
      this.show((await answer.json()) as Answer);
      this.state.textContent = this.answer?.complete === false ? say("not complete: fewer points than were recorded are shown") : "";
    } catch (fault) {
      this.state.textContent = fault instanceof TypeError ? say("LotOne can't be reached.") : String((fault as Error).message);
    }
    this.querySelectorAll<HTMLElement>("[data-minutes]").forEach((button) => {
      button.setAttribute("aria-pressed", String(!this.range && Number(button.dataset.minutes) === this.minutes));
    });
    const live = Number(this.getAttribute("live") ?? 0);
    const wait = live > 0 && !this.range ? live * 1000 : 0;
    this.timer = wait ? setTimeout(() => this.tick(), wait) : undefined;
  }

  private tick(): void {
    this.timer = undefined;
    if (this.isConnected && this.visible && !document.hidden) void this.load();
    else if (this.isConnected) this.timer = setTimeout(() => this.tick(), 1000);
  }

  private show(answer: Answer): void {
    const same = this.answer && this.answer.series.map((one) => one.label).join() === answer.series.map((one) => one.label).join();
    this.answer = answer;
    if (!this.range) setPlantNow(answer.now);
    this.plot.classList.remove("skeleton");
    if (answer.series.every((one) => one.time.length === 0)) {
      this.chart?.destroy();
      this.chart = undefined;
      this.plot.replaceChildren(make("div", { class: "empty" }, icon("chart-line"), make("p", {}, say("No values in this time range. They appear here as soon as the machine sends them."))));
      this.legend.replaceChildren();
      return;
    }
    if (!same || !this.chart) this.rebuild();
    else {
      this.chart.setData(this.columns(), false);
      if (!this.pending) this.chart.setScale("x", { min: answer.from / 1000, max: answer.to / 1000 });
    }
  }

  // One column per drawn line: values, and where buckets are shown their least and greatest too.
  private columns(): uPlot.AlignedData {
    const tables = (this.answer?.series ?? []).map((one) => {
      const lines = [one.time.map((at) => at / 1000), one.values];
      if (one.min && one.max) lines.push(one.min, one.max);
      return lines as uPlot.AlignedData;
    });
    return tables.length === 1 ? (tables[0] as uPlot.AlignedData) : uPlot.join(tables);
  }

  private rebuild(): void {
    const answer = this.answer;
    if (!answer || answer.series.every((one) => one.time.length === 0)) return;
    this.chart?.destroy();
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    const units = [...new Set(answer.series.map((one) => one.unit ?? ""))];
    answer.series.forEach((one, index) => {
      const colour = token(`--series-${(index % 6) + 1}`, this);
      const shared = { scale: one.unit ?? "", show: !this.hiddenSeries.has(one.label), points: { show: false } };
      const paths = one.step ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
      series.push({ ...shared, label: one.label, stroke: colour, width: 1.75, paths, spanGaps: false });
      if (one.min && one.max) {
        series.push({ ...shared, stroke: "transparent" }, { ...shared, stroke: "transparent" });
        bands.push({ series: [series.length - 1, series.length - 2], fill: fade(colour, 0.16) });
      }
    });
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const axis = { stroke: token("--ink-3", this), font, grid: { stroke: token("--chart-grid", this), width: 1 }, ticks: { show: false } };
    const options: uPlot.Options = {
      width: this.plot.clientWidth, height: this.height(), series, bands, legend: { show: false },
      padding: [8, 8, 0, 0],
      tzDate: (seconds) => inZone(seconds * 1000, document.documentElement.dataset.zone || answer.zone),
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, sync: { key: this.getAttribute("group") ?? "", setSeries: false } },
      scales: { x: { time: true, min: answer.from / 1000, max: answer.to / 1000, auto: false } as uPlot.Scale },
      axes: [{ ...axis, size: 30, values: (_chart, splits, _index, _space, step) => timeLabels(splits, step, answer.zone) }, ...units.map((unit, index) => this.valueAxis(axis, unit, index))],
      hooks: {
        setSelect: [(chart) => this.selected(chart)],
        setCursor: [(chart) => this.showLegend(chart)],
        drawClear: [(chart) => this.drawSpans(chart)],
      },
    };
    if (!this.getAttribute("group")) delete options.cursor?.sync;
    this.plot.replaceChildren();
    this.chart = new uPlot(options, this.columns(), this.plot);
    this.chart.over.addEventListener("dblclick", () => this.setRange(undefined));
    this.chart.over.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.showLegend(this.chart);
    this.setAttribute("aria-label", answer.series.map((one) => `${one.label}: ${format(one.values.at(-1))} ${one.unit ?? ""}`).join("; "));
  }

  private valueAxis(axis: uPlot.Axis, unit: string, index: number): uPlot.Axis {
    return { ...axis, scale: unit, side: index ? 1 : 3, size: 54, values: (_chart, splits) => splits.map((value) => format(value)), label: unit, labelSize: 16, labelFont: axis.font, grid: index ? { show: false } : axis.grid };
  }

  private height(): number {
    return Math.round(Number(this.getAttribute("height")) || Math.max(this.plot.clientHeight, 220));
  }

  private fit(): void {
    if (this.chart && this.plot.clientWidth > 0) this.chart.setSize({ width: this.plot.clientWidth, height: this.height() });
  }

  private selected(chart: uPlot): void {
    if (chart.select.width < 6) return;
    const from = chart.posToVal(chart.select.left, "x") * 1000;
    const to = chart.posToVal(chart.select.left + chart.select.width, "x") * 1000;
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.setRange([from, to]);
  }

  private shown(): [number, number] {
    return this.range ?? [plantNow() - this.minutes * 60_000, plantNow()];
  }

  /** Ctrl + wheel zooms where the pointer is, Shift + wheel moves in time; the plain wheel scrolls the page. */
  private wheel(event: WheelEvent): void {
    const chart = this.chart;
    if (!chart || !(event.ctrlKey || event.shiftKey)) return;
    event.preventDefault();
    const [from, to] = this.pending ?? this.shown();
    const turn = event.deltaY || event.deltaX;
    if (event.ctrlKey) this.zoom(turn > 0 ? 1.25 : 0.8, chart.posToVal(event.offsetX, "x") * 1000);
    else this.moveTo([from + Math.sign(turn) * (to - from) * 0.1, to + Math.sign(turn) * (to - from) * 0.1]);
  }

  private zoom(factor: number, at?: number): void {
    const [from, to] = this.pending ?? this.shown();
    const anchor = this.range || this.pending ? (from + to) / 2 : to; // while live, the newest values stay in sight
    const middle = Math.min(to, Math.max(from, at ?? anchor));
    if ((to - from) * factor < 1000) return;
    this.moveTo([middle - (middle - from) * factor, middle + (to - middle) * factor]);
  }

  /** Shows the new range at once with what is there, and asks for the rest when the hand rests. */
  private moveTo(range: [number, number]): void {
    this.pending = range;
    this.chart?.setScale("x", { min: range[0] / 1000, max: range[1] / 1000 });
    clearTimeout(this.settle);
    this.settle = setTimeout(() => {
      this.pending = undefined;
      this.setRange(range);
    }, 180);
  }

  private step(direction: number): void {
    const [from, to] = this.pending ?? this.shown();
    this.moveTo([from + direction * (to - from) * 0.5, to + direction * (to - from) * 0.5]);
  }

  private drawSpans(chart: uPlot): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const span of this.answer?.spans ?? []) {
      const left = chart.valToPos(span.from / 1000, "x", true);
      const right = chart.valToPos((span.to ?? plantNow()) / 1000, "x", true);
      const colour = token(span.kind === "down" ? "--alarm-critical" : "--thread", this);
      ctx.fillStyle = fade(colour, 0.1);
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.fillStyle = colour;
      ctx.fillRect(left, bbox.top, right - left, 2 * devicePixelRatio);
      ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(this).fontFamily}`;
      if (right - left > 40 * devicePixelRatio) ctx.fillText(span.label, left + 4 * devicePixelRatio, bbox.top + 15 * devicePixelRatio, right - left - 8);
    }
    for (const one of this.answer?.series ?? []) {
      for (const limit of [one.low, one.high]) {
        if (limit === null || limit === undefined) continue;
        const y = chart.valToPos(limit, one.unit ?? "", true);
        ctx.strokeStyle = token("--line-strong", this);
        ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
      }
    }
    ctx.restore();
  }

  private showLegend(chart: uPlot): void {
    const at = chart.cursor.idx;
    let column = 1;
    const rows = (this.answer?.series ?? []).map((one, index) => {
      const values = chart.data[column] ?? [];
      const mine = column;
      const band = one.min && one.max ? [column + 1, column + 2] : [];
      column += 1 + band.length;
      const value = at === null || at === undefined ? one.values.at(-1) : values[at];
      const mark = make("i");
      mark.style.color = token(`--series-${(index % 6) + 1}`, this);
      const button = make("button", { type: "button", "aria-pressed": String(!this.hiddenSeries.has(one.label)) }, mark, one.label, make("b", {}, format(value)), one.unit ?? "");
      button.addEventListener("click", () => {
        const show = this.hiddenSeries.delete(one.label);
        if (!show) this.hiddenSeries.add(one.label);
        for (const line of [mine, ...band]) chart.setSeries(line, { show });
        this.showLegend(chart);
      });
      return button;
    });
    const time = at === null || at === undefined ? undefined : chart.data[0][at];
    const when = make("span", { class: "faint" }, time === undefined ? "" : clockText(time * 1000, this.answer?.zone));
    this.legend.replaceChildren(...rows, when);
  }

  private export(): void {
    const series = this.answer?.series ?? [];
    const rows: (string | number | null)[][] = [["time", "series", "unit", "value", "min", "max"]];
    for (const one of series) {
      one.time.forEach((at, index) => {
        rows.push([new Date(at).toISOString(), one.label, one.unit ?? "", one.values[index] ?? null, one.min?.[index] ?? null, one.max?.[index] ?? null]);
      });
    }
    download("trend.csv", csvText(rows), "text/csv");
  }
}

function format(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 5 }).format(value);
}


function inZone(at: number, zone: string | undefined): Date {
  return zone ? uPlot.tzDate(new Date(at), zone) : new Date(at);
}

function clockText(at: number, zone: string | undefined): string {
  const timeZone = document.documentElement.dataset.zone || zone;
  return new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "medium", timeZone }).format(at);
}

// 24-hour labels in the reader's zone; the day stands where it begins.
function timeLabels(splits: number[], step: number, zone: string | undefined): string[] {
  const timeZone = document.documentElement.dataset.zone || zone;
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined, hourCycle: "h23", timeZone });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone });
  let before = "";
  return splits.map((at) => {
    const today = day.format(at * 1000);
    const label = today !== before && (before || step >= 86_400) ? today : time.format(at * 1000);
    before = today;
    return label;
  });
}
