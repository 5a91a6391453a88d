// Draws bookings. Each kind has a shape of its own, so that it is told without colour: held is dashed and hollow, planned
// plain, released has a thick left edge, running is filled as far as it is, done is slim with a tick; late has a notch.
import { drawBatch, drawLock, drawSetup } from "./around";
import type { Bar, Booking } from "./model";
import type { Hue, Palette } from "./palette";
import type { Scene } from "./draw";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Narrower than this, in pixels, a bar is drawn as a line. */
const SLIVER = 5;
const SIGNS: Partial<Record<Booking["kind"], string>> = { running: "\u25B6\uFE0E ", done: "\u2713 ", locked: "\u25AA " };

/** Rectangles of one colour, filled together: changing the colour for each of thousands costs most of a frame. */
type Heap = Map<string, number[]>;

function heap(heaps: Heap, colour: string, left: number, top: number, width: number, height: number): void {
  const known = heaps.get(colour);
  if (known) known.push(left, top, width, height);
  else heaps.set(colour, [left, top, width, height]);
}

function fillHeaps(context: CanvasRenderingContext2D, heaps: Heap, alpha: number): void {
  context.globalAlpha = alpha;
  for (const [colour, boxes] of heaps) {
    context.fillStyle = colour;
    context.beginPath();
    for (let at = 0; at < boxes.length; at += 4) context.rect(boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!);
    context.fill();
  }
  context.globalAlpha = 1;
}

export function drawBars(scene: Scene, first: number, last: number): void {
  const [strong, faint]: [Heap, Heap] = [new Map(), new Map()];
  if (scene.moving) {
    for (const bar of scene.bars.values()) if (isInSight(scene, bar)) drawBar(scene, bar);
    return;
  }
  const from = scene.scale.at(-40);
  const to = scene.scale.at(scene.width + 40);
  for (let row = first; row <= last; row += 1) {
    const list = scene.lists[row] ?? [];
    for (let at = startIndex(list, from); at < list.length && list[at]!.booking.start <= to; at += 1) {
      const bar = list[at]!;
      if ((bar.end - bar.start) / scene.scale.perPixel < SLIVER) heapSliver(scene, bar, isQuiet(scene, bar.booking) ? faint : strong);
      else drawBar(scene, bar);
    }
  }
  fillHeaps(scene.context, faint, 0.2);
  fillHeaps(scene.context, strong, 1);
}

/** Seen from far away a bar is a line; what is only held is half as high, what is late has a mark at its head, what is
 * locked one at its foot. */
function heapSliver(scene: Scene, bar: Bar, heaps: Heap): void {
  const { booking } = bar;
  const left = scene.scale.x(bar.start);
  const width = Math.max(1, scene.scale.x(bar.end) - left - (bar.end - bar.start > 3 * scene.scale.perPixel ? 1 : 0));
  const top = scene.head + bar.top - scene.top;
  const low = booking.kind === "held" ? 0.5 : booking.kind === "done" ? 0.55 : 1;
  const height = bar.height * low;
  const begin = top + (bar.height - height) / 2;
  const hue = booking.kind === "done" && scene.marked !== booking.order ? scene.palette.done : scene.palette.of(booking.order);
  heap(heaps, booking.kind === "running" || booking.id === scene.selected ? hue.edge : hue.solid, left, begin, width, height);
  if (booking.late && booking.kind !== "done") heap(heaps, scene.palette.moved, left, begin, width, 3);
  if (booking.locked) heap(heaps, hue.text, left, begin + height - 3, width, 3);
}

function isInSight(scene: Scene, bar: Bar): boolean {
  const top = bar.top - scene.top;
  return top < scene.height && top + bar.height > 0 && scene.scale.x(bar.end) > 0 && scene.scale.x(bar.start) < scene.width;
}

/** First bar that may reach into the sight: bars of one row hardly overlap, so a few before the cut suffice. */
function startIndex(list: Bar[], from: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.booking.end < from) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 12);
}

export function boxOf(scene: Scene, bar: Bar): Box {
  const left = scene.scale.x(bar.start);
  const box = { left, top: scene.head + bar.top - scene.top, width: Math.max(1.5, scene.scale.x(bar.end) - left - 1), height: bar.height };
  return bar.booking.kind === "done" ? slim(box) : box;
}

/** What is done is over: its bar is slim. */
export function slim(box: Box): Box {
  const height = Math.max(5, Math.round(box.height * 0.55));
  return { ...box, top: box.top + (box.height - height) / 2, height };
}

function drawBar(scene: Scene, bar: Bar): void {
  const { context, palette } = scene;
  const { booking } = bar;
  const box = boxOf(scene, bar);
  if (box.left + box.width < -4) return;
  const hue = booking.kind === "done" && scene.marked !== booking.order ? palette.done : palette.of(booking.order);
  context.globalAlpha = isQuiet(scene, booking) ? 0.2 : 1;
  if (booking.setup) {
    const width = booking.setup / scene.scale.perPixel;
    drawSetup(context, palette, { ...box, left: box.left - width, width });
  }
  if (booking.batch && !booking.lane) drawBatch(context, palette, box, booking.lanes ?? 1);
  if (box.width < SLIVER) drawSliver(scene, booking, box, hue);
  else drawBody(scene, booking, box, hue);
  if ((booking.late || booking.kind === "late") && booking.kind !== "done") drawLate(context, box, palette);
  drawLabel(scene, bar, box, hue);
  if (booking.locked) drawLock(context, box, hue.text);
  context.globalAlpha = 1;
}

/** Not of the chosen order, or not what is looked for. */
function isQuiet(scene: Scene, booking: Booking): boolean {
  if (scene.marked !== undefined && scene.marked !== booking.order) return true;
  return scene.matched !== undefined && !scene.matched.has(booking.id);
}

/** Seen from far away a bar is a line; what is only held is half as high. */
function drawSliver(scene: Scene, booking: Booking, box: Box, hue: Hue): void {
  const { context } = scene;
  const isHeld = booking.kind === "held";
  context.fillStyle = booking.kind === "running" || booking.id === scene.selected ? hue.edge : hue.solid;
  context.fillRect(box.left, isHeld ? box.top + box.height / 4 : box.top, box.width, isHeld ? box.height / 2 : box.height);
}

export function drawBody(scene: Pick<Scene, "context" | "palette" | "selected">, booking: Booking, box: Box, hue: Hue): void {
  const { context, palette } = scene;
  const isSelected = booking.id === scene.selected;
  context.beginPath();
  context.roundRect(box.left, box.top, box.width, box.height, Math.min(5, box.width / 2, box.height / 2));
  context.fillStyle = booking.kind === "held" ? palette.surface : hue.fill;
  context.fill();
  if (booking.kind === "running") fillPart(context, box, (booking.progress ?? 0) * box.width, hue.solid);
  if (booking.kind === "released" || booking.kind === "locked") fillPart(context, box, Math.min(5, box.width / 2), hue.edge);
  context.lineWidth = isSelected ? 2.5 : booking.kind === "running" ? 1.75 : 1;
  context.strokeStyle = isSelected ? palette.ink : hue.edge;
  if (booking.kind === "held") context.setLineDash([4, 3]);
  context.stroke();
  if (booking.kind === "held") context.setLineDash([]);
}

/** Fills the left part of the path that was just drawn. */
function fillPart(context: CanvasRenderingContext2D, box: Box, width: number, colour: string): void {
  context.save();
  context.clip();
  context.fillStyle = colour;
  context.fillRect(box.left, box.top, width, box.height);
  context.restore();
  context.beginPath();
  context.roundRect(box.left, box.top, box.width, box.height, Math.min(5, box.width / 2, box.height / 2));
}

/** The label where it fits, else the short one in the middle; nothing rather than half a word. */
function drawLabel(scene: Scene, bar: Bar, box: Box, hue: Hue): void {
  const { context } = scene;
  const { booking } = bar;
  const left = Math.max(box.left, 0);
  const room = box.left + box.width - left - (booking.locked ? 12 : 0);
  if (room < 12 || box.height < 12) return;
  const size = box.height < 16 ? 10.5 : 11.5;
  const pad = booking.kind === "released" || booking.kind === "locked" ? 10 : 7;
  const label = (SIGNS[booking.kind] ?? "") + booking.label;
  const isWhole = widthOf(scene, label, size) <= room - pad - 5;
  const text = isWhole ? label : booking.short;
  if (!text || (!isWhole && widthOf(scene, text, size) > room - 4)) return;
  context.font = `560 ${size}px ${scene.font}`;
  context.fillStyle = booking.kind === "held" ? scene.palette.ink2 : hue.text;
  context.textBaseline = "middle";
  const middle = left + (room + pad - 7 - widthOf(scene, text, size)) / 2;
  const start = isWhole ? left + pad : middle;
  context.fillText(text, start, box.top + box.height / 2 + 0.5);
}

const widths = new Map<string, number>();

/** Measuring text is what costs most in a frame; the same labels come again and again. */
function widthOf(scene: Scene, text: string, size: number): number {
  const key = `${size}${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  if (widths.size > 20_000) widths.clear();
  scene.context.font = `560 ${size}px ${scene.font}`;
  const width = scene.context.measureText(text).width;
  widths.set(key, width);
  return width;
}

/** Late is a shape: a notched corner, readable without colour. */
export function drawLate(context: CanvasRenderingContext2D, box: Box, palette: Palette): void {
  const size = Math.min(10, box.width, box.height);
  const right = box.left + box.width;
  context.fillStyle = palette.moved;
  context.beginPath();
  context.moveTo(right - size, box.top);
  context.lineTo(right, box.top);
  context.lineTo(right, box.top + size);
  context.fill();
}

/** The thread of the chosen order: from the end of each operation to the begin of those that follow in other rows. */
export function drawThread(scene: Scene): void {
  const { context, palette, marked } = scene;
  if (marked === undefined) return;
  context.strokeStyle = palette.thread;
  context.fillStyle = palette.thread;
  context.lineWidth = 1.75;
  for (const bar of scene.bars.values()) {
    if (bar.booking.order !== marked) continue;
    for (const id of bar.booking.after ?? []) {
      const before = scene.bars.get(id);
      if (before && before.row !== bar.row) drawLink(context, boxOf(scene, before), boxOf(scene, bar));
    }
  }
}

function drawLink(context: CanvasRenderingContext2D, from: Box, to: Box): void {
  const [x1, y1] = [from.left + from.width, from.top + from.height / 2];
  const [x2, y2] = [to.left - 1, to.top + to.height / 2];
  const bend = Math.max(14, Math.min(70, Math.abs(x2 - x1) / 2));
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2 - 5, y2);
  context.stroke();
  context.beginPath();
  context.moveTo(x2 - 6.5, y2 - 4);
  context.lineTo(x2, y2);
  context.lineTo(x2 - 6.5, y2 + 4);
  context.fill();
  context.beginPath();
  context.arc(x1, y1, 2.75, 0, 2 * Math.PI);
  context.fill();
}
