// The legend: each sign drawn by the same code that draws it in the picture.
import { make } from "../texts";
import { drawLock, drawSetup } from "./around";
import { drawBody, drawLate, slim, type Box } from "./bars";
import { drawGrey, drawHatch, drawMark, drawOvertimeLine, type Scene } from "./draw";
import type { Booking, Kind, Sign } from "./model";
import type { Palette } from "./palette";

const WIDTH = 34;
const HEIGHT = 18;
/** An order with a hue that stands for all orders. */
const SAMPLE = "B-1";

export function legend(signs: Sign[], palette: Palette): HTMLElement[] {
  return signs.map(({ sign, text }) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    canvas.width = WIDTH * devicePixelRatio;
    canvas.height = HEIGHT * devicePixelRatio;
    const context = canvas.getContext("2d");
    if (context) {
      context.scale(devicePixelRatio, devicePixelRatio);
      drawSign(context, palette, sign, { left: 1.5, top: 1.5, width: WIDTH - 3, height: HEIGHT - 3 });
    }
    return make("li", {}, canvas, text);
  });
}

export function drawSign(context: CanvasRenderingContext2D, palette: Palette, sign: Sign["sign"], box: Box): void {
  const scene: Pick<Scene, "context" | "palette" | "width"> = { context, palette, width: box.left + box.width };
  if (sign === "told" || sign === "first") drawMark(scene, { kind: sign }, box.left + box.width / 2, box.top + box.height / 2);
  else if (sign === "closed") {
    context.fillStyle = palette.closed;
    context.fillRect(box.left, box.top, box.width, box.height);
  } else if (sign === "down") {
    context.save();
    drawHatch(scene, box);
    context.restore();
  } else if (sign === "maintenance") {
    context.save();
    drawGrey(scene, box);
    context.restore();
  } else if (sign === "setup") drawSetup(context, palette, box);
  else if (sign === "overtime") {
    drawOvertimeLine(scene, { ...box, top: box.top + box.height / 2 }, true);
    context.setLineDash([]);
  } else drawKind(scene, sign, box);
}

function drawKind(scene: Pick<Scene, "context" | "palette">, kind: Kind, box: Box): void {
  const booking: Booking = { id: "", row: "", start: 0, end: 1, label: "", order: SAMPLE, kind: kind === "locked" ? "planned" : kind, progress: 0.6 };
  const hue = kind === "done" ? scene.palette.done : scene.palette.of(SAMPLE);
  drawBody(scene, booking, kind === "done" ? slim(box) : box, hue);
  if (kind === "late") drawLate(scene.context, box, scene.palette);
  if (kind === "locked") drawLock(scene.context, box, hue.text);
}
