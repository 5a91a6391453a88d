// The colours of one drawing, looked up once: tokens, and one hue for each order.
import { fade, isDark, orderHue, token } from "../colours";

export interface Hue {
  fill: string;
  solid: string;
  edge: string;
  text: string;
}

export class Palette {
  readonly dark = isDark();
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly surface: string;
  readonly ground: string;
  readonly line: string;
  readonly grid: string;
  readonly closed: string;
  readonly thread: string;
  readonly onThread: string;
  readonly moved: string;
  readonly kept: string;
  readonly wrong: string;
  readonly alarm: string;
  readonly alarmSoft: string;
  readonly alarmLine: string;
  readonly done: Hue;
  private readonly hues = new Map<number, Hue>();
  private readonly orders = new Map<string, Hue>();

  constructor(element: Element) {
    const take = (name: string) => token(`--${name}`, element);
    this.ink = take("ink");
    this.ink2 = take("ink-2");
    this.ink3 = take("ink-3");
    this.surface = take("surface");
    this.ground = take("ground");
    this.line = take("line");
    this.grid = take("chart-grid");
    this.closed = take("closed");
    this.thread = take("thread");
    this.onThread = take("on-thread");
    this.moved = take("moved");
    this.kept = take("kept");
    this.wrong = take("wrong");
    this.alarm = take("alarm-critical");
    this.alarmSoft = fade(this.alarm, 0.13);
    this.alarmLine = fade(this.alarm, 0.5);
    this.done = { fill: fade(this.ink, 0.1), solid: fade(this.ink, 0.2), edge: fade(this.ink, 0.3), text: this.ink2 };
  }

  /** The same order has the same hue on every page. */
  of(order: string): Hue {
    const known = this.orders.get(order);
    if (known) return known;
    const made = this.made(orderHue(order));
    this.orders.set(order, made);
    return made;
  }

  private made(hue: number): Hue {
    const known = this.hues.get(hue);
    if (known) return known;
    const made = this.dark
      ? { fill: `oklch(0.385 0.068 ${hue})`, solid: `oklch(0.515 0.1 ${hue})`, edge: `oklch(0.64 0.105 ${hue})`, text: `oklch(0.965 0.015 ${hue})` }
      : { fill: `oklch(0.885 0.054 ${hue})`, solid: `oklch(0.775 0.1 ${hue})`, edge: `oklch(0.575 0.13 ${hue})`, text: `oklch(0.26 0.06 ${hue})` };
    this.hues.set(hue, made);
    return made;
  }
}
