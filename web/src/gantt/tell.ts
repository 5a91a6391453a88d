// The schedule in words: the tooltip of a booking, what is read aloud, and the table that shows the same as the picture.
import { SortedTable } from "../elements/table";
import { language, make, say } from "../texts";
import type { Answer, Bar, Booking, Kind } from "./model";
import { DAY, formatter, MINUTE, type Scale } from "./scale";

const TABLE_MOST = 2000;

export function kindText(answer: Answer | undefined, kind: Kind): string {
  return answer?.legend?.find((sign) => sign.sign === kind)?.text ?? "";
}

/** The zone of the picture: the plant's, unless the element asks for the reader's. */
export function zoneOf(element: Element, answer: Answer | undefined): string | undefined {
  const reader = document.documentElement.dataset.zone || undefined;
  return element.getAttribute("zone") === "plant" ? (answer?.zone ?? reader) : (reader ?? answer?.zone);
}

function whereText(answer: Answer | undefined, booking: Booking): string {
  return booking.where ?? answer?.rows.find((one) => one.id === booking.row)?.label ?? booking.row;
}

export function describe(booking: Booking, answer: Answer | undefined, zone: string | undefined): string[] {
  const time = formatter(language, zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const minutes = Math.round((booking.end - booking.start) / MINUTE);
  const what = [booking.step, kindText(answer, booking.kind)].filter(Boolean).join(" · ");
  const when = `${time.formatRange(booking.start, booking.end)} (${minutes} min)`;
  return [booking.title ?? booking.label, ...(what ? [what] : []), whereText(answer, booking), when, ...(booking.lines ?? [])];
}

/** The bookings around the sight as a table that sorts, filters and is exported. */
export class Telling {
  readonly element = make("div", { class: "as-table", hidden: true });
  private body = make("tbody", {});

  show(bars: Iterable<Bar>, scale: Scale, answer: Answer | undefined, zone: string | undefined): void {
    if (!this.element.firstChild) this.build();
    const time = formatter(language, zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const shown = [...bars]
      .filter((bar) => bar.booking.of === undefined && bar.booking.end > scale.from - DAY && bar.booking.start < scale.to + DAY)
      .sort((a, b) => a.booking.start - b.booking.start)
      .slice(0, TABLE_MOST)
      .map(({ booking }) => {
        const title = booking.title ?? booking.label;
        const name = booking.href ? make("a", { href: booking.href }, title) : title;
        const moment = (at: number) => make("td", { "data-value": new Date(at).toISOString(), class: "nowrap" }, time.format(at));
        const minutes = String(Math.round((booking.end - booking.start) / MINUTE));
        return make("tr", {}, make("td", {}, name), make("td", {}, booking.step ?? ""), make("td", {}, whereText(answer, booking)),
          make("td", {}, kindText(answer, booking.kind)), moment(booking.start), moment(booking.end), make("td", { class: "number" }, minutes));
      });
    this.body.replaceChildren(...shown);
  }

  private build(): void {
    const heads: [string, string][] = [[say("Order"), "text"], [say("Operation"), "text"], [say("Where"), "text"], [say("State"), "text"],
      [say("Begin"), "text"], [say("End"), "text"], [say("Minutes"), "number"]];
    const row = make("tr", {}, ...heads.map(([text, sort]) => make("th", { scope: "col", "data-sort": sort, class: sort === "number" ? "number" : "" }, text)));
    const table = new SortedTable();
    table.setAttribute("name", "schedule");
    table.append(make("div", { class: "table-wrap" }, make("table", {}, make("thead", {}, row), this.body)));
    this.element.append(table);
  }
}
