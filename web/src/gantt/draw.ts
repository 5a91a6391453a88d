// Draws what is in sight on the canvas: closed hours, grid, bars, stops, the now line.
import { fade, isDark, orderHue, token } from "../colours";
import type { Answer, Bar } from "./model";
import type { Scale, Tick } from "./scale";

export const HEAD = 34;

export interface Scene {
  context: CanvasRenderingContext2D;
  element: Element;
  answer: Answer;
  rows: Bar[][];
  scale: Scale;
  ticks: Tick[];
  top: number;
  rowHeight: number;
  width: number;
  height: number;
  now: number;
  selected?: string;
  marked?: string;
  font: string;
}

export function draw(scene: Scene): void {
  const { context, width, height } = scene;
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(0, HEAD, width, height - HEAD);
  context.clip();
  drawSpans(scene, scene.answer.closed ?? [], token("--closed", scene.element));
  drawGrid(scene);
  const [first, last] = inSight(scene);
  for (let row = Math.max(0, first - 1); row <= last + 1; row += 1) drawRow(scene, scene.rows[row] ?? []);
  drawDown(scene);
  drawNow(scene);
  context.restore();
  drawHead(scene);
}

export function inSight(scene: Pick<Scene, "top" | "rowHeight" | "height" | "rows">): [number, number] {
  const first = Math.floor(scene.top / scene.rowHeight);
  return [first, Math.min(scene.rows.length - 1, Math.ceil((scene.top + scene.height - HEAD) / scene.rowHeight))];
}

function rowTop(scene: Scene, row: number): number {
  return HEAD + row * scene.rowHeight - scene.top;
}

function drawSpans(scene: Scene, spans: { row?: string; start: number; end: number | null }[], colour: string): void {
  const { context, scale, answer } = scene;
  const index = new Map(answer.rows.map((row, at) => [row.id, at]));
  context.fillStyle = colour;
  for (const span of spans) {
    const left = scale.x(span.start);
    const right = scale.x(span.end ?? scene.now);
    if (right < 0 || left > scene.width) continue;
    if (span.row === undefined) context.fillRect(left, HEAD, right - left, scene.height);
    else if (index.has(span.row)) context.fillRect(left, rowTop(scene, index.get(span.row)!), right - left, scene.rowHeight);
  }
}

function drawGrid(scene: Scene): void {
  const { context, scale, width, height } = scene;
  context.fillStyle = token("--chart-grid", scene.element);
  for (const tick of scene.ticks) context.fillRect(Math.round(scale.x(tick.at)), HEAD, tick.strong ? 1.5 : 1, height);
  const [first, last] = inSight(scene);
  context.fillStyle = token("--line", scene.element);
  for (let row = first; row <= last; row += 1) context.fillRect(0, rowTop(scene, row + 1) - 1, width, 1);
}

function colours(order: string): { fill: string; edge: string; text: string } {
  const hue = orderHue(order);
  if (isDark()) return { fill: `oklch(0.39 0.058 ${hue})`, edge: `oklch(0.6 0.085 ${hue})`, text: `oklch(0.96 0.015 ${hue})` };
  return { fill: `oklch(0.885 0.048 ${hue})`, edge: `oklch(0.62 0.1 ${hue})`, text: `oklch(0.27 0.05 ${hue})` };
}

function drawRow(scene: Scene, bars: Bar[]): void {
  const { scale, width } = scene;
  const from = scale.at(-40);
  for (let at = startIndex(bars, from); at < bars.length; at += 1) {
    const bar = bars[at]!;
    if (scale.x(Math.min(bar.start, bar.booking.start)) > width + 40) break;
    drawBar(scene, bar);
  }
}

/** First bar that may reach into the sight: bars of one row hardly overlap, so a few before the cut suffice. */
function startIndex(bars: Bar[], from: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle]!.booking.end < from) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 8);
}

function drawBar(scene: Scene, bar: Bar): void {
  const { context, scale, rowHeight } = scene;
  const { booking } = bar;
  const left = scale.x(bar.start);
  const width = Math.max(2, scale.x(bar.end) - left - 1);
  if (left + width < -4) return;
  const pad = Math.max(3, Math.min(7, rowHeight * 0.15));
  const top = rowTop(scene, bar.y) + pad;
  const height = rowHeight - 2 * pad - 1;
  const { fill, edge, text } = colours(booking.order);
  const quiet = scene.marked !== undefined && scene.marked !== booking.order;
  context.globalAlpha = quiet ? 0.22 : booking.kind === "done" ? 0.5 : 1;
  const radius = Math.min(5, width / 2);
  context.beginPath();
  context.roundRect(left, top, width, height, radius);
  context.fillStyle = booking.kind === "held" ? fade(token("--surface", scene.element), 0.6) : fill;
  context.fill();
  if (booking.kind === "running" && booking.progress) {
    context.save();
    context.clip();
    context.fillStyle = edge;
    context.globalAlpha *= 0.45;
    context.fillRect(left, top, width * booking.progress, height);
    context.restore();
  }
  if (width > 5) {
    context.lineWidth = booking.id === scene.selected ? 2.5 : 1;
    context.strokeStyle = booking.id === scene.selected ? token("--ink", scene.element) : edge;
    context.setLineDash(booking.kind === "held" ? [4, 3] : []);
    context.stroke();
    context.setLineDash([]);
  }
  if (booking.kind === "late") drawLate(scene, left, top, width, height);
  drawLabel(scene, bar, left, top, width, height, text);
  context.globalAlpha = 1;
}

/** The label where it fits, else the short one; nothing rather than half a word. */
function drawLabel(scene: Scene, bar: Bar, left: number, top: number, width: number, height: number, colour: string): void {
  const { context } = scene;
  const { booking } = bar;
  const start = Math.max(left, 0) + 6;
  const room = left + width - 5 - start;
  if (room < 14 || height < 13) return;
  context.font = `560 11.5px ${scene.font}`;
  const lock = booking.kind === "locked" ? "\u25AA " : "";
  const text = [lock + booking.label, booking.short].find((one) => one && context.measureText(one).width <= room);
  if (!text) return;
  context.fillStyle = colour;
  context.textBaseline = "middle";
  context.fillText(text, start, top + height / 2 + 0.5);
}

/** Late is a shape: a notched corner, readable without colour. */
function drawLate(scene: Scene, left: number, top: number, width: number, height: number): void {
  const { context } = scene;
  const size = Math.min(9, width, height);
  context.fillStyle = token("--moved", scene.element);
  context.beginPath();
  context.moveTo(left + width - size, top);
  context.lineTo(left + width, top);
  context.lineTo(left + width, top + size);
  context.fill();
}

function drawDown(scene: Scene): void {
  const { context, scale, answer } = scene;
  const index = new Map(answer.rows.map((row, at) => [row.id, at]));
  for (const span of answer.down ?? []) {
    const row = span.row === undefined ? undefined : index.get(span.row);
    if (row === undefined) continue;
    const left = scale.x(span.start);
    const width = Math.max(3, scale.x(span.end ?? Math.max(scene.now, span.start)) - left);
    const top = rowTop(scene, row);
    if (left > scene.width || left + width < 0) continue;
    const colour = token("--alarm-critical", scene.element);
    context.fillStyle = fade(colour, 0.13);
    context.fillRect(left, top, width, scene.rowHeight - 1);
    context.save();
    context.beginPath();
    context.rect(left, top, width, scene.rowHeight - 1);
    context.clip();
    context.strokeStyle = fade(colour, 0.5);
    context.lineWidth = 1;
    const shift = scene.rowHeight;
    context.beginPath();
    for (let x = Math.max(left, -shift) - shift; x < Math.min(left + width, scene.width + shift); x += 7) {
      context.moveTo(x, top + shift);
      context.lineTo(x + shift, top);
    }
    context.stroke();
    context.fillStyle = colour;
    context.fillRect(left, top, width, 2.5);
    if (span.label && width > 30) {
      context.font = `650 11px ${scene.font}`;
      context.textBaseline = "top";
      context.fillText(`\u25B2 ${span.label}`, Math.max(left, 0) + 5, top + 6);
    }
    context.restore();
  }
}

function drawNow(scene: Scene): void {
  const { context, scale, height } = scene;
  const x = scale.x(scene.now);
  if (x < -10 || x > scene.width + 10) return;
  context.fillStyle = token("--thread", scene.element);
  context.fillRect(x - 1, HEAD, 2, height);
}

function drawHead(scene: Scene): void {
  const { context, scale, width } = scene;
  context.fillStyle = token("--surface", scene.element);
  context.fillRect(0, 0, width, HEAD);
  context.fillStyle = token("--line", scene.element);
  context.fillRect(0, HEAD - 1, width, 1);
  context.textBaseline = "middle";
  for (const tick of scene.ticks) {
    const x = Math.round(scale.x(tick.at));
    context.fillStyle = token(tick.strong ? "--ink" : "--ink-3", scene.element);
    context.font = `${tick.strong ? 620 : 450} 11.5px ${scene.font}`;
    context.fillText(tick.label, x + 6, HEAD / 2);
    context.fillStyle = token("--line", scene.element);
    context.fillRect(x, tick.strong ? 6 : HEAD - 8, 1, HEAD);
  }
  const x = scale.x(scene.now);
  if (x < -6 || x > width + 6) return;
  context.fillStyle = token("--thread", scene.element);
  context.beginPath();
  context.moveTo(x - 6, HEAD - 9);
  context.lineTo(x + 6, HEAD - 9);
  context.lineTo(x, HEAD);
  context.fill();
}
