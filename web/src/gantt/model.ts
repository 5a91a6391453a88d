// What the Gantt shows, as its address answers it. Times are milliseconds since 1970 on the plant's clock.
export interface Row {
  id: string;
  label: string;
  detail?: string;
  group?: string;
  href?: string;
}

export interface Booking {
  id: string;
  row: string;
  start: number;
  end: number;
  label: string;
  /** Drawn instead of the label where that does not fit, such as a number. */
  short?: string;
  /** What is drawn in one hue: the order. */
  order: string;
  kind: "planned" | "running" | "done" | "late" | "locked" | "held";
  /** 0 to 1 while it runs. */
  progress?: number;
  href?: string;
  /** Lines of the tooltip. */
  lines?: string[];
}

export interface Span {
  row?: string;
  start: number;
  end: number | null;
  label?: string;
}

export interface Answer {
  now: number;
  from?: number;
  to?: number;
  zone?: string;
  version?: number | string;
  rows: Row[];
  bookings: Booking[];
  closed?: Span[];
  down?: Span[];
}

/** What is drawn of one booking; start and end move smoothly to where the last answer put them. */
export interface Bar {
  booking: Booking;
  row: number;
  start: number;
  end: number;
  fromStart: number;
  fromEnd: number;
  fromRow: number;
  y: number;
}

/** The bars of a new answer, remembering where the same bookings were drawn before. */
export function layOut(answer: Answer, before: Map<string, Bar>): Map<string, Bar> {
  const index = new Map(answer.rows.map((row, at) => [row.id, at]));
  const bars = new Map<string, Bar>();
  for (const booking of answer.bookings) {
    const row = index.get(booking.row);
    if (row === undefined) continue;
    const old = before.get(booking.id);
    bars.set(booking.id, {
      booking, row, start: booking.start, end: booking.end, y: old?.y ?? row,
      fromStart: old?.start ?? booking.start, fromEnd: old?.end ?? booking.end, fromRow: old?.y ?? row,
    });
  }
  return bars;
}

/** Where a bar is between its old and its new place; `part` runs from 0 to 1. */
export function moveTo(bar: Bar, part: number): void {
  bar.start = bar.fromStart + (bar.booking.start - bar.fromStart) * part;
  bar.end = bar.fromEnd + (bar.booking.end - bar.fromEnd) * part;
  bar.y = bar.fromRow + (bar.row - bar.fromRow) * part;
}

/** Bars of each row in the order of time, so that only those in sight are touched. */
export function byRow(bars: Iterable<Bar>, rows: number): Bar[][] {
  const lists: Bar[][] = Array.from({ length: rows }, () => []);
  for (const bar of bars) lists[bar.row]?.push(bar);
  for (const list of lists) list.sort((a, b) => a.booking.start - b.booking.start);
  return lists;
}
