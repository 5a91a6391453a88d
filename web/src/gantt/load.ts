// How full each group's days are: booked hours of its rows, of the hours in which they are open.
import type { Answer, Span } from "./model";

export interface DayLoad {
  start: number;
  end: number;
  booked: number;
  open: number;
}

/** The load of every whole day between two moments; `days` are the midnights. */
export function loads(answer: Answer, days: number[]): Map<string, DayLoad[]> {
  const found = new Map<string, DayLoad[]>();
  const groupOf = new Map(answer.rows.map((row) => [row.id, row.group ?? ""]));
  for (const group of answer.groups ?? []) {
    if (!group.load) continue;
    const rows = answer.rows.filter((row) => row.group === group.id);
    found.set(group.id, days.slice(1).map((end, at) => {
      const start = days[at]!;
      const open = rows.reduce((sum, row) => sum + (end - start) - closedHours(answer.closed ?? [], row.id, row.calendar, start, end), 0);
      return { start, end, booked: 0, open };
    }));
  }
  for (const booking of answer.bookings) {
    const list = found.get(groupOf.get(booking.row) ?? "");
    if (!list) continue;
    for (const day of list) {
      if (day.end > booking.start && day.start < booking.end) day.booked += Math.min(day.end, booking.end) - Math.max(day.start, booking.start);
    }
  }
  return found;
}

function closedHours(spans: Span[], row: string, calendar: string | undefined, start: number, end: number): number {
  let sum = 0;
  for (const span of spans) {
    if (span.row !== row && (span.calendar === undefined || span.calendar !== calendar)) continue;
    sum += Math.max(0, Math.min(end, span.end ?? end) - Math.max(start, span.start));
  }
  return sum;
}
