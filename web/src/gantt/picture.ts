// The schedule as a picture to send or print: names, chart, all rows, and the legend.
import { draw, HEAD, type Scene } from "./draw";
import { drawSign } from "./legend";

const LABELS = 190;
const TITLE = 46;
const LEGEND = 40;
const HEIGHT_MOST = 8000;

/** The sight in its whole height, at twice the size of the screen. */
export function picture(scene: Scene, title: string, note: string): HTMLCanvasElement {
  const height = Math.min(HEIGHT_MOST, scene.layout.height + HEAD + 1);
  const canvas = document.createElement("canvas");
  canvas.width = (LABELS + scene.width) * 2;
  canvas.height = (TITLE + height + LEGEND) * 2;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.scale(2, 2);
  context.fillStyle = scene.palette.surface;
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawTitle(context, scene, title, note);
  context.save();
  context.translate(LABELS, TITLE);
  context.beginPath();
  context.rect(0, 0, scene.width, height);
  context.clip();
  draw({ ...scene, context, top: 0, height, selected: undefined });
  context.restore();
  context.save();
  context.translate(0, TITLE);
  drawLabels(context, scene, height);
  context.restore();
  drawLegend(context, scene, TITLE + height + LEGEND / 2);
  return canvas;
}

function drawTitle(context: CanvasRenderingContext2D, scene: Scene, title: string, note: string): void {
  context.textBaseline = "middle";
  context.fillStyle = scene.palette.ink;
  context.font = `650 17px ${scene.font}`;
  context.fillText(title, 16, TITLE / 2);
  const left = 16 + context.measureText(title).width + 16;
  context.fillStyle = scene.palette.ink2;
  context.font = `450 12px ${scene.font}`;
  context.fillText(note, left, TITLE / 2 + 1);
}

function drawLabels(context: CanvasRenderingContext2D, scene: Scene, height: number): void {
  const { palette, layout, answer } = scene;
  context.beginPath();
  context.rect(0, 0, LABELS, height);
  context.clip();
  context.fillStyle = palette.line;
  context.fillRect(0, HEAD - 1, LABELS, 1);
  for (const heading of layout.headings) {
    context.fillStyle = palette.ground;
    context.fillRect(0, HEAD + heading.top, LABELS, heading.height);
    text(context, heading.group.label, HEAD + heading.top + heading.height / 2, `650 12px ${scene.font}`, palette.ink);
  }
  layout.rows.forEach((place, at) => {
    const row = answer.rows[at]!;
    context.fillStyle = palette.line;
    context.fillRect(0, HEAD + place.top + place.height - 1, LABELS, 1);
    const middle = HEAD + place.top + place.height / 2;
    text(context, row.label, row.detail ? middle - 7 : middle, `560 12.5px ${scene.font}`, palette.ink);
    if (row.detail) text(context, row.detail, middle + 8, `400 11px ${scene.font}`, palette.ink3);
  });
  context.fillStyle = palette.line;
  context.fillRect(LABELS - 1, 0, 1, height);
}

function text(context: CanvasRenderingContext2D, words: string, y: number, font: string, colour: string): void {
  context.font = font;
  context.fillStyle = colour;
  context.textBaseline = "middle";
  context.fillText(words, 16, y, LABELS - 28);
}

function drawLegend(context: CanvasRenderingContext2D, scene: Scene, middle: number): void {
  let left = 16;
  for (const { sign, text: words } of scene.answer.legend ?? []) {
    drawSign(context, scene.palette, sign, { left, top: middle - 8, width: 30, height: 15 });
    context.font = `450 12px ${scene.font}`;
    context.fillStyle = scene.palette.ink2;
    context.textBaseline = "middle";
    context.fillText(words, left + 38, middle);
    left += 38 + context.measureText(words).width + 22;
  }
}
