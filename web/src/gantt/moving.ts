// A bar that is being moved, by pointer or by keys: where its ghost stands, what the server says of that place, and the drop.
// Answers come while the hand still moves: one question is under way at a time, the newest place is asked next, and what
// was said of an older place is thrown away.
import { csrfToken } from "../htmx";
import { make, say } from "../texts";
import { toast } from "../toast";
import type { Bar } from "./model";
import { HOUR, MINUTE, type Scale } from "./scale";

export type Verdict = "asking" | "fits" | "delays" | "no";

export interface Ghost {
  bar: Bar;
  row: number;
  start: number;
  end: number;
  verdict: Verdict;
  words: string;
}

/** What the server says of a place. */
interface Told {
  verdict: Exclude<Verdict, "asking">;
  machine: string;
  start: number;
  end: number;
  possible: number | null;
  words: string;
  html: string;
}

/** What was dropped where. */
export interface Drop {
  id: string;
  machine?: string;
  start: number;
}

/** What a moving bar needs of the Gantt. */
export interface Board {
  readonly scale: Scale;
  /** The machine of a row; undefined where rows are no machines, so that only the time changes. */
  machineOf(row: number): string | undefined;
  rowOf(machine: string): number | undefined;
  /** Rows that a bar may be moved to. */
  isRow(row: number): boolean;
  redraw(): void;
  speak(text: string): void;
}

const ASK_MS = 40;
const STEPS = [1, 5, 15, 30, 60].map((minutes) => minutes * MINUTE);
const STEP_PX = 5;

export class Moving {
  readonly element = make("div", { class: "ghost-tip", hidden: true, "data-keep": true });
  ghost?: Ghost;
  byKeys = false;
  /** From the begin of the bar to where the pointer holds it. */
  grip = 0;
  private wanted = 0;
  private asked = 0;
  private open = false;
  private timer?: ReturnType<typeof setTimeout>;
  private waiting?: (place: Drop) => void;

  constructor(private readonly board: Board, private readonly address: string) {}

  get isOn(): boolean {
    return this.ghost !== undefined;
  }

  begin(bar: Bar, byKeys: boolean, grip = 0): void {
    this.byKeys = byKeys;
    this.grip = grip;
    const { start, end } = bar.booking;
    this.ghost = { bar, row: bar.row, start, end, verdict: "asking", words: "" };
    this.wanted = start;
    this.element.replaceChildren();
    this.element.hidden = false;
    if (byKeys) this.board.speak(say("Picked up. Arrow keys move it, Enter drops it, Escape leaves it where it was."));
    this.board.redraw();
    if (byKeys) this.ask();
  }

  /** The place that the hand means: a moment, and a row if that is one. */
  to(row: number | undefined, start: number): void {
    const { ghost } = this;
    if (!ghost) return;
    const place = row !== undefined && this.board.isRow(row) ? row : ghost.row;
    if (start === this.wanted && place === ghost.row) return;
    this.wanted = start;
    Object.assign(ghost, { row: place, start, end: start + (ghost.end - ghost.start), verdict: "asking" });
    this.board.redraw();
    this.ask();
  }

  /** By keys: so many steps in time (`far`: an hour each), or so many rows. */
  step(inTime: number, inRows: number, far: boolean): void {
    const { ghost } = this;
    if (!ghost) return;
    const length = far ? HOUR : (STEPS.find((one) => one / this.board.scale.perPixel >= STEP_PX) ?? HOUR);
    let row = ghost.row + inRows;
    while (inRows && !this.board.isRow(row) && row > 0 && row < 100_000) row += inRows;
    const start = inTime ? Math.round((this.wanted + inTime * length) / MINUTE) * MINUTE : this.wanted;
    this.to(inRows ? row : ghost.row, start);
  }

  /** Drop it where the ghost stands; at once, or as soon as the server has answered. Where it can't stand it is not dropped. */
  drop(then: (place: Drop) => void): void {
    const { ghost } = this;
    if (!ghost) return;
    if (ghost.verdict === "asking") {
      this.waiting = then;
      return;
    }
    if (ghost.verdict === "no") {
      const why = `${say("Not possible there")}: ${ghost.words}`;
      this.board.speak(why);
      if (this.byKeys) return;
      this.end();
      toast(why, { kind: "wrong" });
      return;
    }
    const { booking } = ghost.bar;
    const place = { id: booking.of ?? booking.id, machine: this.board.machineOf(ghost.row), start: this.wanted };
    this.end();
    then(place);
  }

  cancel(): void {
    if (!this.ghost) return;
    this.end();
    this.board.speak(say("Left where it was"));
  }

  private end(): void {
    clearTimeout(this.timer);
    this.ghost = this.waiting = undefined;
    this.asked += 1;
    this.element.hidden = true;
    this.board.redraw();
  }

  private ask(): void {
    clearTimeout(this.timer);
    if (!this.open) this.timer = setTimeout(() => void this.askNow(), ASK_MS);
  }

  private async askNow(): Promise<void> {
    const { ghost } = this;
    if (!ghost) return;
    this.open = true;
    const number = (this.asked += 1);
    const [row, start] = [ghost.row, this.wanted];
    const told = await this.answer(ghost, row, start);
    this.open = false;
    if (number !== this.asked || this.ghost !== ghost) return;
    if (ghost.row !== row || this.wanted !== start) this.ask();
    else if (told) this.take(ghost, told);
    else if (this.waiting) this.cancel();
  }

  private async answer(ghost: Ghost, row: number, start: number): Promise<Told | undefined> {
    const { booking } = ghost.bar;
    const body = new URLSearchParams({ start: String(Math.round(start)), machine: this.board.machineOf(row) ?? "" });
    try {
      const answer = await fetch(`${this.address}${booking.of ?? booking.id}/try`, {
        method: "POST", body, headers: { Accept: "application/json", "X-CSRF-Token": csrfToken() },
      });
      const told = (await answer.json()) as Told & { detail?: string };
      if (answer.ok) return told;
      return { ...told, verdict: "no", words: told.detail ?? "", start, end: start + ghost.end - ghost.start, machine: "", html: "", possible: null };
    } catch (fault) {
      if (fault instanceof TypeError || fault instanceof SyntaxError) return undefined; // no connection: the ghost stays grey
      throw fault;
    }
  }

  private take(ghost: Ghost, told: Told): void {
    const row = this.board.machineOf(ghost.row) === undefined ? ghost.row : (this.board.rowOf(told.machine) ?? ghost.row);
    Object.assign(ghost, { row, start: told.start, end: told.end, verdict: told.verdict, words: told.words });
    if (told.html) this.element.innerHTML = told.html; // made by our own templates, which escape what people wrote
    else this.element.textContent = told.words;
    this.element.dataset.verdict = told.verdict;
    this.board.speak(told.verdict === "no" ? `${say("Not possible there")}: ${told.words}` : told.words);
    this.board.redraw();
    const then = this.waiting;
    this.waiting = undefined;
    if (then) this.drop(then);
  }
}
