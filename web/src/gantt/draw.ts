// Draws what is in sight on the canvas: closed hours, grid, headings with loads, bars, stops, marks, the now line, the time axis.
import { drawGhost } from "./around";
import { drawBars, drawThread, type Box } from "./bars";
import type { DayLoad } from "./load";
import type { Answer, Bar, Layout, Mark, Span } from "./model";
import type { Ghost } from "./moving";
import type { Palette } from "./palette";
import { formatter, type Axis, type Scale, type Tick } from "./scale";

export const HEAD = 44;

export interface Scene {
  context: CanvasRenderingContext2D;
  palette: Palette;
  answer: Answer;
  layout: Layout;
  bars: Map<string, Bar>;
  /** Bars of each row in the order of time. */
  lists: Bar[][];
  loads: Map<string, DayLoad[]>;
  scale: Scale;
  axis: Axis;
  /** How far the rows are scrolled. */
  top: number;
  /** Height of the time axis above the rows. */
  head: number;
  width: number;
  height: number;
  now: number;
  zone?: string;
  language: string;
  moving: boolean;
  selected?: string;
  marked?: string;
  /** Bookings that are looked for; the others are faint. */
  matched?: Set<string>;
  ghost?: Ghost;
  font: string;
}

export function draw(scene: Scene): void {
  const { context, width, height } = scene;
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(0, scene.head, width, height - scene.head);
  context.clip();
  const [first, last] = scene.layout.between(scene.top, scene.top + scene.height - scene.head);
  drawClosed(scene, first, last);
  drawOvertime(scene, first, last);
  drawGrid(scene, first, last);
  drawMaintenance(scene, first, last);
  drawHeadings(scene);
  drawBars(scene, first, last);
  drawMarks(scene, first, last);
  drawDown(scene);
  drawThread(scene);
  drawNow(scene);
  if (scene.ghost) drawGhost(scene, scene.ghost);
  context.restore();
  drawHead(scene);
}

function rowTop(scene: Scene, row: number): number {
  return scene.head + (scene.layout.rows[row]?.top ?? 0) - scene.top;
}

function drawClosed(scene: Scene, first: number, last: number): void {
  const { context, scale, answer, layout } = scene;
  context.fillStyle = scene.palette.closed;
  for (const span of answer.closed ?? []) {
    const left = Math.max(-2, scale.x(span.start));
    const right = Math.min(scene.width + 2, scale.x(span.end ?? scene.now));
    if (right < 0 || left > scene.width) continue;
    if (span.row === undefined && span.calendar === undefined) context.fillRect(left, scene.head, right - left, scene.height);
    for (let row = first; row <= last; row += 1) {
      const known = answer.rows[row];
      const isMeant = span.row === undefined ? span.calendar !== undefined && span.calendar === known?.calendar : span.row === known?.id;
      if (isMeant) context.fillRect(left, rowTop(scene, row), right - left, layout.rows[row]!.height);
    }
  }
}

/** Overtime has a line at its upper edge: drawn through where it is worked, dashed where it is only possible. */
function drawOvertime(scene: Scene, first: number, last: number): void {
  const { context, scale, answer } = scene;
  for (const span of answer.overtime ?? []) {
    const box = { left: scale.x(span.start), width: scale.x(span.end ?? scene.now) - scale.x(span.start) };
    if (box.left + box.width < 0 || box.left > scene.width) continue;
    for (let row = first; row <= last; row += 1) {
      if (answer.rows[row]?.calendar === span.calendar) drawOvertimeLine(scene, { ...box, top: rowTop(scene, row), height: 0 }, span.open === true);
    }
  }
  context.setLineDash([]);
}

export function drawOvertimeLine(scene: Pick<Scene, "context" | "palette">, box: Box, isOpen: boolean): void {
  const { context, palette } = scene;
  context.strokeStyle = palette.ink2;
  context.lineWidth = 2;
  context.setLineDash(isOpen ? [] : [3, 4]);
  context.beginPath();
  context.moveTo(box.left, box.top + 1.5);
  context.lineTo(box.left + box.width, box.top + 1.5);
  context.stroke();
}

function drawMaintenance(scene: Scene, first: number, last: number): void {
  const { context, layout } = scene;
  for (const span of scene.answer.maintenance ?? []) {
    const row = layout.index.get(span.row ?? "");
    if (row === undefined || row < first || row > last) continue;
    const box = spanBox(scene, span, row);
    if (box.left > scene.width || box.left + box.width < 0) continue;
    context.save();
    drawGrey(scene, box);
    context.restore();
    if (!span.label || box.width < 40) continue;
    context.font = `560 11px ${scene.font}`;
    context.textBaseline = "middle";
    context.fillStyle = scene.palette.ink2;
    context.fillText(span.label, Math.max(box.left, 0) + 5, box.top + box.height / 2, box.width - 8);
  }
}

function spanBox(scene: Scene, span: Span, row: number): Box {
  const left = scene.scale.x(span.start);
  const width = Math.max(3, scene.scale.x(span.end ?? scene.now) - left);
  return { left, top: rowTop(scene, row) + 3, width, height: scene.layout.rows[row]!.height - 7 };
}

/** Maintenance is planned, so it is calm: grey, with lines across. Leaves the context clipped to the box. */
export function drawGrey(scene: Pick<Scene, "context" | "palette" | "width">, { left, top, width, height }: Box): void {
  const { context, palette } = scene;
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.fillStyle = palette.line;
  context.fillRect(left, top, width, height);
  context.strokeStyle = palette.ink3;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = Math.max(left, -height); x < Math.min(left + width, scene.width + height); x += 9) {
    context.moveTo(x, top);
    context.lineTo(x, top + height);
  }
  context.globalAlpha = 0.25;
  context.stroke();
  context.globalAlpha = 1;
}

function drawGrid(scene: Scene, first: number, last: number): void {
  const { context, scale, width, height, palette } = scene;
  context.fillStyle = palette.grid;
  for (const tick of scene.axis.fine) context.fillRect(Math.round(scale.x(tick.at)), scene.head, 1, height);
  for (const tick of scene.axis.coarse) context.fillRect(Math.round(scale.x(tick.at)), scene.head, 1, height);
  context.fillStyle = palette.line;
  for (let row = first; row <= last; row += 1) context.fillRect(0, rowTop(scene, row) + scene.layout.rows[row]!.height - 1, width, 1);
}

/** The heading of a group: a band that carries the load of each day. */
function drawHeadings(scene: Scene): void {
  const { context, palette, width } = scene;
  for (const heading of scene.layout.headings) {
    const top = scene.head + heading.top - scene.top;
    if (top > scene.height || top + heading.height < scene.head) continue;
    context.fillStyle = palette.ground;
    context.fillRect(0, top, width, heading.height - 1);
    context.fillStyle = palette.line;
    context.fillRect(0, top + heading.height - 1, width, 1);
    for (const day of scene.loads.get(heading.group.id) ?? []) drawLoad(scene, day, top, heading.height);
  }
}

function drawLoad(scene: Scene, day: DayLoad, top: number, height: number): void {
  const { context, palette } = scene;
  const left = Math.max(scene.scale.x(day.start), 0) + 3; // of a day that is seen in part the whole load is told
  const right = Math.min(scene.scale.x(day.end), scene.width) - 3;
  if (right - left < 18) return;
  const share = day.open > 0 ? day.booked / day.open : 0;
  const bottom = top + height - 6;
  context.fillStyle = palette.line;
  context.fillRect(left, bottom, right - left, 3);
  context.fillStyle = share > 0.9 ? palette.ink : palette.ink3;
  context.fillRect(left, bottom, Math.min(1, share) * (right - left), 3);
  const text = day.open > 0 ? `${Math.round(share * 100)} %` : "\u2013";
  context.font = `${share > 0.9 ? 650 : 500} 11px ${scene.font}`;
  context.textBaseline = "middle";
  if (right - left > 34) context.fillText(text, left + 1, top + height / 2 - 3);
}

function drawMarks(scene: Scene, first: number, last: number): void {
  for (const mark of scene.answer.marks ?? []) {
    const row = scene.layout.index.get(mark.row);
    if (row === undefined || row < first || row > last) continue;
    const x = scene.scale.x(mark.at);
    const y = rowTop(scene, row) + scene.layout.rows[row]!.height / 2;
    if (mark.ready !== undefined) drawSpare(scene, scene.scale.x(mark.ready), x, y);
    if (x > -10 && x < scene.width + 10) drawMark(scene, mark, x, y);
  }
}

/** Time to spare is a thin dashed line up to the mark; what is missing is a thick one behind it. */
function drawSpare(scene: Scene, ready: number, mark: number, y: number): void {
  const { context, palette, width } = scene;
  const isShort = ready > mark;
  const [left, right] = isShort ? [mark, ready] : [ready, mark];
  if (right < 0 || left > width) return;
  context.strokeStyle = isShort ? palette.moved : palette.ink3;
  context.lineWidth = isShort ? 3 : 1;
  context.setLineDash(isShort ? [] : [2, 3]);
  context.beginPath();
  context.moveTo(Math.max(left, -5), y);
  context.lineTo(Math.min(right, width + 5), y);
  context.stroke();
  context.setLineDash([]);
}

/** What was told to the buyer: a diamond, filled for the date that stands, hollow for the one told first. */
export function drawMark(scene: Pick<Scene, "context" | "palette">, mark: Pick<Mark, "kind">, x: number, y: number): void {
  const { context, palette } = scene;
  context.beginPath();
  context.moveTo(x, y - 7);
  context.lineTo(x + 7, y);
  context.lineTo(x, y + 7);
  context.lineTo(x - 7, y);
  context.closePath();
  context.fillStyle = mark.kind === "told" ? palette.thread : palette.surface;
  context.strokeStyle = mark.kind === "told" ? palette.surface : palette.moved;
  context.lineWidth = mark.kind === "told" ? 1.5 : 1.75;
  context.fill();
  context.stroke();
}

function drawDown(scene: Scene): void {
  const { context, scale, answer } = scene;
  for (const span of answer.down ?? []) {
    const row = span.row === undefined ? undefined : scene.layout.index.get(span.row);
    if (row === undefined) continue;
    const left = scale.x(span.start);
    const width = Math.max(3, scale.x(span.end ?? Math.max(scene.now, span.start)) - left);
    const top = rowTop(scene, row);
    const height = scene.layout.rows[row]!.height - 1;
    if (left > scene.width || left + width < 0 || top > scene.height || top + height < 0) continue;
    context.save();
    drawHatch(scene, { left, top, width, height });
    if (span.label && width > 30) drawDownLabel(scene, span.label, Math.max(left, 0), top);
    context.restore();
  }
}

/** A machine that stands still; leaves the context clipped to the box. */
export function drawHatch(scene: Pick<Scene, "context" | "palette" | "width">, { left, top, width, height }: Box): void {
  const { context, palette } = scene;
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.fillStyle = palette.alarmSoft;
  context.fillRect(left, top, width, height);
  context.strokeStyle = palette.alarmLine;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = Math.max(left, -height) - height; x < Math.min(left + width, scene.width + height); x += 7) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.fillStyle = palette.alarm;
  context.fillRect(left, top, width, 2.5);
}

function drawDownLabel(scene: Scene, label: string, left: number, top: number): void {
  const { context, palette } = scene;
  const text = `\u25B2 ${label}`;
  context.font = `650 11px ${scene.font}`;
  context.textBaseline = "top";
  const width = context.measureText(text).width;
  context.fillStyle = palette.surface;
  context.fillRect(left + 3, top + 4, width + 6, 15);
  context.fillStyle = palette.alarm;
  context.fillText(text, left + 6, top + 6);
}

function drawNow(scene: Scene): void {
  const x = scene.scale.x(scene.now);
  if (x < -10 || x > scene.width + 10) return;
  scene.context.fillStyle = scene.palette.thread;
  scene.context.fillRect(x - 1, scene.head, 2, scene.height);
}

function drawHead(scene: Scene): void {
  const { context, scale, width, palette, head } = scene;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, head);
  context.fillStyle = palette.line;
  context.fillRect(0, head - 1, width, 1);
  context.textBaseline = "middle";
  drawCoarse(scene, scene.axis.coarse);
  context.font = `450 11px ${scene.font}`;
  const now = scale.x(scene.now);
  for (const tick of scene.axis.fine) {
    const x = Math.round(scale.x(tick.at));
    context.fillStyle = palette.line;
    context.fillRect(x, head - 7, 1, 7);
    if (x < -4 || (x > now - 62 && x < now + 18)) continue; // hardly to be read, or under the label of now
    context.fillStyle = palette.ink3;
    context.fillText(tick.label, x + 5, head - 12);
  }
  drawNowLabel(scene);
}

/** Days or months, each named as far left as it can be seen. */
function drawCoarse(scene: Scene, ticks: Tick[]): void {
  const { context, scale, palette } = scene;
  context.font = `620 12px ${scene.font}`;
  ticks.forEach((tick, at) => {
    const x = Math.round(scale.x(tick.at));
    const next = ticks[at + 1];
    const end = next ? scale.x(next.at) : scene.width;
    context.fillStyle = palette.line;
    context.fillRect(x, 0, 1, scene.head);
    const left = Math.max(x, 0) + 6;
    if (end - left < context.measureText(tick.label).width) return;
    context.fillStyle = palette.ink;
    context.fillText(tick.label, left, 13);
  });
}

function drawNowLabel(scene: Scene): void {
  const { context, palette, head } = scene;
  const x = scene.scale.x(scene.now);
  if (x < -6 || x > scene.width + 6) return;
  const clock = formatter(scene.language, scene.zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const text = clock.format(scene.now);
  context.font = `650 11px ${scene.font}`;
  const width = context.measureText(text).width + 12;
  const left = Math.max(1, Math.min(x - width / 2, scene.width - width - 1));
  context.fillStyle = palette.thread;
  context.beginPath();
  context.roundRect(left, head - 22, width, 17, 5);
  context.moveTo(x - 4, head - 6);
  context.lineTo(x + 4, head - 6);
  context.lineTo(x, head);
  context.fill();
  context.fillStyle = palette.onThread;
  context.fillText(text, left + 6, head - 13);
}
