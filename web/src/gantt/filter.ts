// What is looked for in the schedule: an order, a product, a step; or only what is late. It lives in the address.
import { icon, make, say } from "../texts";
import type { Answer, Booking, Row } from "./model";

export class Filter {
  readonly element: HTMLElement;
  query: string;
  lateOnly: boolean;
  private readonly count = make("span", { class: "count", "aria-live": "polite" });

  constructor(changed: () => void) {
    const parameters = new URLSearchParams(location.search);
    this.query = parameters.get("find") ?? "";
    this.lateOnly = parameters.get("late") === "1";
    const input = make("input", { type: "search", class: "input small", placeholder: say("Search"), "aria-label": say("Find in the schedule") });
    input.value = this.query;
    input.addEventListener("input", () => {
      this.query = input.value;
      changed();
    });
    const late = make("button", { type: "button", class: "button small", "aria-pressed": String(this.lateOnly) }, icon("alarm-clock"), say("Late only"));
    late.addEventListener("click", () => {
      this.lateOnly = !this.lateOnly;
      late.setAttribute("aria-pressed", String(this.lateOnly));
      changed();
    });
    this.element = make("div", { class: "gantt-filter" }, make("div", { class: "search-box" }, icon("search"), input), late, this.count);
  }

  get isOn(): boolean {
    return this.lateOnly || this.query.trim() !== "";
  }

  /** What is meant among the bookings; undefined when nothing is looked for. */
  matches(bookings: Iterable<Booking>): Set<string> | undefined {
    this.count.textContent = "";
    if (!this.isOn) return undefined;
    const found = new Set<string>();
    const orders = new Set<string>();
    for (const booking of bookings) {
      if (!this.fits([booking.label, booking.title, booking.step, ...(booking.lines ?? [])], booking.late)) continue;
      found.add(booking.id);
      orders.add(booking.order);
    }
    this.count.textContent = say("{count} orders", { count: orders.size });
    return found;
  }

  /** Where each row is an order, only those that are meant. */
  rows(answer: Answer): Answer {
    if (!this.isOn) return answer;
    const steps = new Map<string, string>();
    for (const booking of answer.bookings) steps.set(booking.row, `${steps.get(booking.row) ?? ""} ${booking.step ?? ""}`);
    const isMeant = (row: Row) => this.fits([row.label, row.detail, steps.get(row.id)], row.late);
    return { ...answer, rows: answer.rows.filter(isMeant) };
  }

  remember(address: URL): void {
    const set = (key: string, value: string) => (value ? address.searchParams.set(key, value) : address.searchParams.delete(key));
    set("find", this.query.trim());
    set("late", this.lateOnly ? "1" : "");
  }

  private fits(texts: (string | undefined)[], late = false): boolean {
    if (this.lateOnly && !late) return false;
    const all = texts.filter(Boolean).join(" ").toLocaleLowerCase();
    return this.query.toLocaleLowerCase().split(/\s+/).filter(Boolean).every((word) => all.includes(word));
  }
}
