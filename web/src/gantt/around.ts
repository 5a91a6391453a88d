// What is drawn on and around bars: setups before them, locks on them, batches around them, and the ghost of one that is moved.
import type { Box } from "./bars";
import type { Scene } from "./draw";
import type { Bar } from "./model";
import type { Ghost, Verdict } from "./moving";
import type { Palette } from "./palette";

const LOCK = 11;

/** A setup stands right before its bar: low, hatched, in the grey of the plant. */
export function drawSetup(context: CanvasRenderingContext2D, palette: Palette, box: Box): void {
  const width = Math.max(2, box.width);
  const height = Math.max(4, box.height * 0.5);
  const [left, top] = [box.left + box.width - width, box.top + box.height - height];
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.fillStyle = palette.ground;
  context.fill();
  context.clip();
  context.strokeStyle = palette.ink3;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = left - height; x < left + width; x += 4) {
    context.moveTo(x, top);
    context.lineTo(x + height, top + height);
  }
  context.stroke();
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  context.restore();
}

/** A padlock in the bar's upper right corner; a thick bottom line where there is no room for it. */
export function drawLock(context: CanvasRenderingContext2D, box: Box, colour: string): void {
  context.fillStyle = colour;
  if (box.width < LOCK + 4 || box.height < LOCK + 2) {
    context.fillRect(box.left, box.top + box.height - 3, box.width, 3);
    return;
  }
  const [x, y] = [box.left + box.width - LOCK - 2, box.top + 2];
  context.fillRect(x + 1.5, y + 4.5, 7, 5.5);
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.beginPath();
  context.arc(x + 5, y + 4.2, 2.4, Math.PI, 0);
  context.stroke();
}

/** What shares a batch stands in one frame. */
export function drawBatch(context: CanvasRenderingContext2D, palette: Palette, box: Box, lanes: number): void {
  context.strokeStyle = palette.ink2;
  context.lineWidth = 1.25;
  context.beginPath();
  context.roundRect(box.left - 2, box.top - 2, box.width + 4, (box.height + 1) * lanes + 3, 6);
  context.stroke();
}

const SIGNS: Record<Verdict, string> = { asking: "\u2026", fits: "\u2713", delays: "\u25B2", no: "\u2715" };

function colourOf(palette: Palette, verdict: Verdict): string {
  return { asking: palette.ink3, fits: palette.kept, delays: palette.moved, no: palette.wrong }[verdict];
}

/** Where a bar would stand: dashed while that is asked; a tick, a triangle or a cross says what came back. */
export function drawGhost(scene: Scene, ghost: Ghost): void {
  const { context, palette, scale, layout } = scene;
  const place = layout.rows[ghost.row];
  if (!place) return;
  const goal = layout.place(ghost.row, { ...ghost.bar.booking, lanes: 1, lane: 0 });
  const left = scale.x(ghost.start);
  const box = { left, top: scene.head + goal.top - scene.top, width: Math.max(6, scale.x(ghost.end) - left), height: goal.height };
  const colour = colourOf(palette, ghost.verdict);
  drawFrom(scene, ghost.bar, box, colour);
  context.save();
  context.beginPath();
  context.roundRect(box.left, box.top, box.width, box.height, 5);
  context.fillStyle = palette.surface;
  context.globalAlpha = 0.88;
  context.fill();
  context.globalAlpha = 1;
  if (ghost.verdict === "no") hatch(context, box, colour);
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.setLineDash(ghost.verdict === "asking" ? [5, 4] : []);
  context.stroke();
  context.restore();
  label(scene, ghost, box, colour);
}

function hatch(context: CanvasRenderingContext2D, box: Box, colour: string): void {
  context.save();
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  const lines = new Path2D();
  for (let x = box.left - box.height; x < box.left + box.width; x += 6) {
    lines.moveTo(x, box.top + box.height);
    lines.lineTo(x + box.height, box.top);
  }
  context.stroke(lines);
  context.restore();
}

function label(scene: Scene, ghost: Ghost, box: Box, colour: string): void {
  const { context } = scene;
  const text = `${SIGNS[ghost.verdict]} ${ghost.bar.booking.label}`;
  context.font = `650 11.5px ${scene.font}`;
  context.textBaseline = "middle";
  const width = context.measureText(text).width;
  const left = Math.max(0, width + 10 <= box.width ? box.left + 6 : box.left + box.width + 5);
  if (width + 10 > box.width) {
    context.fillStyle = scene.palette.surface;
    context.fillRect(left - 2, box.top + 2, width + 4, box.height - 4);
  }
  context.fillStyle = colour;
  context.fillText(text, left, box.top + box.height / 2 + 0.5);
}

/** A thin line from where the bar stands. */
function drawFrom(scene: Scene, bar: Bar, box: Box, colour: string): void {
  const { context, scale } = scene;
  const y = scene.head + bar.top - scene.top + bar.height / 2;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(scale.x(bar.booking.start), y);
  context.lineTo(box.left, box.top + box.height / 2);
  context.stroke();
  context.setLineDash([]);
}
