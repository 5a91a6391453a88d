// Mouse, wheel, fingers and keys on the Gantt.
import type { Bar } from "./model";
import type { Moving } from "./moving";
import { Scale } from "./scale";

/** What hands can do to the Gantt. */
export interface Handled {
  readonly area: HTMLElement;
  readonly scale: Scale;
  readonly ordered: Bar[];
  readonly chosen: Bar | undefined;
  see(scale: Scale): void;
  goToNow(): void;
  scrollRows(by: number): boolean;
  barAt(x: number, y: number): Bar | undefined;
  select(bar: Bar | undefined): void;
  reveal(bar: Bar | undefined): void;
  neighbour(bar: Bar, inTime: number, inRows: number): Bar | undefined;
  open(bar: Bar): void;
  point(bar: Bar | undefined, x: number, y: number): void;
  hint(): void;
  /** Whether a bar may be moved by hand here. */
  canMove(bar: Bar | undefined): boolean;
  readonly moving: Moving | undefined;
  /** Let the ghost follow the pointer. */
  drag(x: number, y: number): void;
  pick(bar: Bar, grip?: number): void;
  drop(): void;
}

/** So near to the edge, in pixels, a ghost takes the sight along. */
const EDGE = 28;

export class Hands {
  private pointers = new Map<number, PointerEvent>();
  private dragged = 0;
  /** The bar under the pointer when it went down, if it may be moved. */
  private held?: Bar;
  private edge = 0;

  constructor(private readonly gantt: Handled, labels: HTMLElement) {
    const { area } = gantt;
    area.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    labels.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    area.addEventListener("pointerdown", (event) => this.down(event));
    area.addEventListener("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel"] as const) area.addEventListener(name, (event) => this.up(event));
    area.addEventListener("pointerleave", () => gantt.point(undefined, 0, 0));
    area.addEventListener("keydown", (event) => (gantt.moving?.isOn ? this.keyOfMove(event, gantt.moving) : this.key(event)));
    area.addEventListener("dblclick", (event) => {
      if (!gantt.barAt(event.offsetX, event.offsetY)) gantt.see(gantt.scale.zoom(0.5, gantt.scale.at(event.offsetX)));
    });
  }

  private wheel(event: WheelEvent): void {
    const { gantt } = this;
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      gantt.see(gantt.scale.zoom(1.0018 ** event.deltaY, gantt.scale.at(event.offsetX)));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      gantt.see(gantt.scale.pan(sideways * gantt.scale.perPixel));
    } else if (gantt.scrollRows(event.deltaY)) event.preventDefault();
    else gantt.hint();
  }

  private down(event: PointerEvent): void {
    this.pointers.set(event.pointerId, event);
    this.dragged = 0;
    const bar = this.gantt.barAt(event.offsetX, event.offsetY);
    const isMeant = event.pointerType === "mouse" ? event.button === 0 : bar === this.gantt.chosen; // fingers pan, unless it is chosen
    this.held = isMeant && this.gantt.canMove(bar) ? bar : undefined;
    this.gantt.area.setPointerCapture(event.pointerId);
  }

  private moved(event: PointerEvent): void {
    const { gantt } = this;
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      gantt.point(gantt.barAt(event.offsetX, event.offsetY), event.offsetX + 14, event.offsetY + 14);
      return;
    }
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    if (other) this.pinch(before, event, other);
    else this.drag(before, event);
    this.pointers.set(event.pointerId, event);
  }

  private pinch(before: PointerEvent, event: PointerEvent, other: PointerEvent): void {
    const spread = (pointer: PointerEvent) => Math.max(20, Math.abs(pointer.clientX - other.clientX));
    this.dragged += 5;
    const { scale } = this.gantt;
    this.gantt.see(scale.zoom(spread(before) / spread(event), scale.at((event.offsetX + other.offsetX) / 2)));
  }

  private drag(before: PointerEvent, event: PointerEvent): void {
    const { gantt } = this;
    const by = event.clientX - before.clientX;
    this.dragged += Math.abs(by) + Math.abs(event.clientY - before.clientY);
    if (this.dragged <= 4) return;
    gantt.area.classList.add("dragging");
    gantt.point(undefined, 0, 0);
    if (this.held) {
      if (!gantt.moving?.isOn) gantt.pick(this.held, gantt.scale.at(before.offsetX) - this.held.booking.start);
      this.carry(event.offsetX, event.offsetY);
      return;
    }
    gantt.see(gantt.scale.pan(-by * gantt.scale.perPixel));
    if (event.pointerType === "mouse" || gantt.area.dataset.scrolls !== undefined) gantt.scrollRows(before.clientY - event.clientY);
  }

  /** Let the ghost follow; near an edge the sight moves along. */
  private carry(x: number, y: number): void {
    const { gantt } = this;
    cancelAnimationFrame(this.edge);
    gantt.drag(x, y);
    const width = gantt.area.clientWidth;
    const by = x < EDGE ? x - EDGE : x > width - EDGE ? x - width + EDGE : 0;
    if (!by || !this.held) return;
    this.edge = requestAnimationFrame(() => {
      if (!gantt.moving?.isOn) return;
      gantt.see(gantt.scale.pan(by * 0.25 * gantt.scale.perPixel));
      this.carry(x, y);
    });
  }

  private up(event: PointerEvent): void {
    const { gantt } = this;
    const was = this.pointers.delete(event.pointerId);
    gantt.area.classList.remove("dragging");
    cancelAnimationFrame(this.edge);
    this.held = undefined;
    if (gantt.moving?.isOn && !gantt.moving.byKeys) {
      if (event.type === "pointercancel") gantt.moving.cancel();
      else gantt.drop();
      return;
    }
    if (!was || this.dragged > 4 || event.type === "pointercancel") return;
    const bar = gantt.barAt(event.offsetX, event.offsetY);
    gantt.point(undefined, 0, 0);
    if (bar && bar === gantt.chosen) gantt.open(bar);
    else gantt.select(bar);
  }

  private key(event: KeyboardEvent): void {
    const { gantt } = this;
    const length = gantt.scale.to - gantt.scale.from;
    const middle = (gantt.scale.from + gantt.scale.to) / 2;
    const acts: Record<string, () => void> = {
      "+": () => gantt.see(gantt.scale.zoom(1 / 1.4, middle)),
      "=": () => gantt.see(gantt.scale.zoom(1 / 1.4, middle)),
      "-": () => gantt.see(gantt.scale.zoom(1.4, middle)),
      PageDown: () => gantt.see(gantt.scale.pan(length / 2)),
      PageUp: () => gantt.see(gantt.scale.pan(-length / 2)),
      Home: () => gantt.goToNow(),
      ArrowRight: () => this.walk(1, 0),
      ArrowLeft: () => this.walk(-1, 0),
      ArrowDown: () => this.walk(0, 1),
      ArrowUp: () => this.walk(0, -1),
      Escape: () => gantt.select(undefined),
      Enter: () => gantt.chosen && (gantt.canMove(gantt.chosen) ? gantt.pick(gantt.chosen) : gantt.open(gantt.chosen)),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  /** While a bar is moved, keys move it. */
  private keyOfMove(event: KeyboardEvent, moving: Moving): void {
    const acts: Record<string, () => void> = {
      ArrowRight: () => moving.step(1, 0, event.shiftKey),
      ArrowLeft: () => moving.step(-1, 0, event.shiftKey),
      ArrowDown: () => moving.step(0, 1, false),
      ArrowUp: () => moving.step(0, -1, false),
      Enter: () => this.gantt.drop(),
      Escape: () => moving.cancel(),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** From the selected booking to its neighbour in time, or to the nearest one in the next row. */
  private walk(inTime: number, inRows: number): void {
    const { gantt } = this;
    const now = gantt.chosen;
    if (now) gantt.reveal(gantt.neighbour(now, inTime, inRows));
    else gantt.reveal(gantt.ordered.find((bar) => bar.booking.end > gantt.scale.from && bar.booking.start < gantt.scale.to) ?? gantt.ordered[0]);
  }
}

/** The booking beside another one: before or after it in its row, or the nearest in time in the next row that has any. */
export function neighbour(lists: Bar[][], bar: Bar, inTime: number, inRows: number): Bar | undefined {
  const list = lists[bar.row] ?? [];
  if (inTime) return list[list.indexOf(bar) + inTime];
  const distance = (other: Bar) => Math.abs(other.booking.start - bar.booking.start);
  for (let row = bar.row + inRows; row >= 0 && row < lists.length; row += inRows) {
    const others = lists[row] ?? [];
    if (others.length) return others.reduce((best, other) => (distance(other) < distance(best) ? other : best));
  }
  return undefined;
}

/** How far rows must be scrolled so that a bar can be seen. */
export function scrollTo(bar: Bar, top: number, room: number): number {
  if (bar.goal.top < top) return bar.goal.top - top - 8;
  const bottom = bar.goal.top + bar.goal.height - room;
  return bottom > top ? bottom - top + 8 : 0;
}

