// The planner's pages: the side panel of the schedule, the change between machines and orders, one calm refresh for bursts of facts.
import htmx from "htmx.org";
import type { Gantt } from "../gantt/element";
import type { Booking } from "../gantt/model";

/** Facts come in bursts; what they make fresh is asked for at most so often. */
const CALM_MS = 1500;
/** Holds run out without a fact. */
const ANYWAY_MS = 60_000;
const FACTS = ["ScheduleChanged", "PromiseMoved", "Everything"];

let last = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

function refreshSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    last = performance.now();
    document.body.dispatchEvent(new CustomEvent("lo:plan"));
  }, Math.max(60, last + CALM_MS - performance.now()));
}

function gantt(): Gantt | null {
  return document.querySelector<Gantt>("lo-gantt#schedule");
}

function panel(): HTMLElement | null {
  return document.querySelector<HTMLElement>("#plan-panel");
}

async function showOperation(id: string): Promise<void> {
  const place = panel();
  if (!place) return;
  let shown = place.querySelector<HTMLElement>("#plan-operation");
  if (!shown) place.prepend((shown = Object.assign(document.createElement("article"), { id: "plan-operation", className: "plan-operation" })));
  place.classList.add("open");
  await htmx.ajax("get", `/plan/bookings/${id}`, { target: shown, swap: "outerHTML" });
}

function closePanel(): void {
  panel()?.classList.remove("open");
  document.querySelector("#plan-operation")?.remove();
}

/** The panel may lie over the picture: then what was chosen moves out from under it. */
function uncover(booking: Booking): void {
  const chart = gantt();
  const place = panel();
  const position = place && getComputedStyle(place).position;
  if (!chart || !place) return;
  if (position === "fixed") scrollBy({ top: (chart.chosenTop ?? 0) - innerHeight * 0.28, behavior: "smooth" });
  if (position !== "absolute") return;
  const free = chart.area.clientWidth - place.offsetWidth - 24;
  const over = Math.min(chart.scale.x(booking.end), chart.scale.x(booking.start) + free * 0.8) - free;
  if (over > 0) chart.see(chart.scale.pan(over * chart.scale.perPixel));
}

function setRows(by: string): void {
  const chart = gantt();
  if (!chart) return;
  chart.setAttribute("row-height", by === "order" ? "44" : "34");
  chart.setAttribute("src", `/plan/schedule.json?by=${by}`);
  const address = new URL(location.href);
  if (by === "machine") address.searchParams.delete("by");
  else address.searchParams.set("by", by);
  history.replaceState(history.state, "", address);
  document.querySelectorAll<HTMLElement>("[data-plan-by]").forEach((link) => link.setAttribute("aria-current", String(link.dataset.planBy === by)));
}

function clicked(event: MouseEvent): void {
  const target = event.target as Element;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const rows = target.closest<HTMLElement>("[data-plan-by]");
  const other = target.closest<HTMLElement>("[data-booking]");
  const csv = target.closest<HTMLAnchorElement>("[data-plan-csv]");
  const chart = gantt();
  if (rows && chart) {
    event.preventDefault();
    setRows(rows.dataset.planBy ?? "machine");
  } else if (other?.dataset.booking && chart) {
    event.preventDefault();
    void showOperation(other.dataset.booking);
    chart.show(other.dataset.booking, Number(other.dataset.at));
    if (!other.closest("#plan-panel")) chart.scrollIntoView({ block: "nearest" });
  } else if (csv && chart) csv.href = `/plan/schedule.csv?from=${Math.round(chart.scale.from)}&to=${Math.round(chart.scale.to)}`;
  else if (target.closest("[data-plan-close]")) {
    closePanel();
    chart?.unselect();
    chart?.area.focus({ preventScroll: true });
  }
}

if (document.querySelector("lo-gantt#schedule")) setInterval(() => document.hidden || refreshSoon(), ANYWAY_MS);
for (const name of FACTS) document.body.addEventListener(`lo:${name}`, refreshSoon);
document.addEventListener("click", clicked);
document.addEventListener("select-booking", (event) => {
  const booking = (event as CustomEvent<Booking | undefined>).detail;
  if (!panel()) return;
  if (!booking) closePanel();
  else if (document.querySelector<HTMLElement>("#plan-operation")?.dataset.id !== booking.id) {
    void showOperation(booking.id);
    uncover(booking);
  }
});
