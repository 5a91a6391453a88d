// What the Gantt shows, as its address answers it. Times are milliseconds since 1970 on the plant's clock.
export interface Row {
  id: string;
  label: string;
  detail?: string;
  /** Rows of one group stand together under its heading. */
  group?: string;
  href?: string;
  /** Whose closed hours are shaded in this row. */
  calendar?: string;
  /** Where a row is an order: it will be later than was told. */
  late?: boolean;
}

export interface Group {
  id: string;
  label: string;
  detail?: string;
  /** Whether its rows share work, so that the load of each day can be told. */
  load?: boolean;
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
  kind: Kind;
  /** Its order will be later than was told. */
  late?: boolean;
  /** A planner keeps it where it stands. */
  locked?: boolean;
  /** It may be moved by hand. */
  movable?: boolean;
  /** For how long before it its machine is set up, in milliseconds. */
  setup?: number;
  /** It shares a batch with those beside it. */
  batch?: boolean;
  /** The booking that is drawn here once more, in the row of an operator or tool. */
  of?: string;
  /** 0 to 1 while it runs. */
  progress?: number;
  href?: string;
  /** Where bookings of a row overlap: into how many strips it is divided there, and which one is this booking's, from 0. */
  lanes?: number;
  lane?: number;
  /** Bookings that must end before this one starts; drawn when the order is chosen. */
  after?: string[];
  /** Whose it is, what is done and where, for the tooltip and the table; else the label and the row's. */
  title?: string;
  step?: string;
  where?: string;
  /** Lines of the tooltip. */
  lines?: string[];
}

export type Kind = "planned" | "released" | "running" | "done" | "late" | "locked" | "held";

export interface Span {
  row?: string;
  /** All rows that work by this calendar. */
  calendar?: string;
  start: number;
  end: number | null;
  label?: string;
  /** Overtime that is worked, not only possible. */
  open?: boolean;
}

/** A moment that matters to a row: the date a buyer was told (now, or first). */
export interface Mark {
  row: string;
  at: number;
  kind: "told" | "first";
  /** When everything is expected to be ready for it; from there to the mark is spare time, or too little of it. */
  ready?: number;
}

export interface Sign {
  sign: Kind | Mark["kind"] | "closed" | "down" | "setup" | "maintenance" | "overtime";
  text: string;
}

/** What all bookings of one order share; a booking's own values weigh more. */
export type Shared = Partial<Pick<Booking, "label" | "short" | "title" | "late" | "lines">>;

export interface Answer {
  now: number;
  from?: number;
  to?: number;
  zone?: string;
  version?: number | string;
  /** What the shapes mean, as it is explained under the picture; names of kinds are used in tooltips and the table too. */
  legend?: Sign[];
  groups?: Group[];
  rows: Row[];
  bookings: Booking[];
  orders?: Record<string, Shared>;
  closed?: Span[];
  down?: Span[];
  maintenance?: Span[];
  overtime?: Span[];
  marks?: Mark[];
}

/** Where something stands in the picture, in pixels from the top of all rows. */
export interface Place {
  top: number;
  height: number;
}

/** What is drawn of one booking; it moves smoothly to where the last answer put it. */
export interface Bar extends Place {
  booking: Booking;
  row: number;
  start: number;
  end: number;
  goal: Place;
  from: Place & { start: number; end: number };
}

export const GROUP_HEIGHT = 28;

/** Where rows and group headings stand. */
export class Layout {
  readonly rows: Place[] = [];
  readonly headings: (Place & { group: Group; last: number })[] = [];
  readonly index = new Map<string, number>();
  readonly height: number;

  constructor(readonly answer: Answer, rowHeight: number) {
    const groups = new Map((answer.groups ?? []).map((group) => [group.id, group]));
    let top = 0;
    let before: string | undefined;
    answer.rows.forEach((row, at) => {
      const group = groups.get(row.group ?? "");
      if (group && row.group !== before) {
        this.headings.push({ group, top, height: GROUP_HEIGHT, last: at });
        top += GROUP_HEIGHT;
      }
      before = row.group;
      this.index.set(row.id, at);
      this.rows.push({ top, height: rowHeight });
      top += rowHeight;
      const heading = this.headings.at(-1);
      if (heading && group) heading.last = at;
    });
    this.height = top;
  }

  /** The rows that may be seen between two heights, first and last. */
  between(top: number, bottom: number): [number, number] {
    return [Math.max(0, this.firstBelow(top) - 1), Math.min(this.rows.length - 1, this.firstBelow(bottom))];
  }

  /** The row at a height; undefined on a heading or below the last row. */
  at(y: number): number | undefined {
    const found = this.firstBelow(y) - 1;
    const row = this.rows[found];
    return row && y < row.top + row.height ? found : undefined;
  }

  private firstBelow(y: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle]!.top <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where the bar of a booking belongs. */
  place(row: number, booking: Booking): Place {
    const { top, height } = this.rows[row]!;
    const lanes = Math.max(1, booking.lanes ?? 1);
    const pad = Math.max(3, Math.min(7, height * 0.15)) - (lanes > 1 ? 1 : 0);
    const lane = (height - 2 * pad) / lanes;
    return { top: top + pad + lane * (booking.lane ?? 0), height: lane - 1 };
  }
}

/** The bars of a new answer, remembering where the same bookings were drawn before. */
export function layOut(layout: Layout, before: Map<string, Bar>): Map<string, Bar> {
  const bars = new Map<string, Bar>();
  for (const own of layout.answer.bookings) {
    const row = layout.index.get(own.row);
    if (row === undefined) continue;
    const booking = { ...layout.answer.orders?.[own.order], ...own };
    const goal = layout.place(row, booking);
    const old = before.get(booking.id);
    const from = old
      ? { start: old.start, end: old.end, top: old.top, height: old.height }
      : { start: booking.start, end: booking.end, ...goal };
    bars.set(booking.id, { booking, row, goal, from, ...from });
  }
  return bars;
}

/** Where a bar is between its old and its new place; `part` runs from 0 to 1. */
export function moveTo(bar: Bar, part: number): void {
  bar.start = bar.from.start + (bar.booking.start - bar.from.start) * part;
  bar.end = bar.from.end + (bar.booking.end - bar.from.end) * part;
  bar.top = bar.from.top + (bar.goal.top - bar.from.top) * part;
  bar.height = bar.from.height + (bar.goal.height - bar.from.height) * part;
}

/** Bars of each row in the order of time, so that only those in sight are touched. */
export function byRow(bars: Iterable<Bar>, rows: number): Bar[][] {
  const lists: Bar[][] = Array.from({ length: rows }, () => []);
  for (const bar of bars) lists[bar.row]?.push(bar);
  for (const list of lists) list.sort((a, b) => a.booking.start - b.booking.start || a.booking.end - b.booking.end);
  return lists;
}
