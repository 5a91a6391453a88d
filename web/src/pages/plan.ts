// The planner's pages: the side panel of the schedule, the change between machines and orders, one calm refresh for bursts of facts.
import htmx from "htmx.org";
import type { Gantt } from "../gantt/element";
import type { Booking } from "../gantt/model";
import type { Drop } from "../gantt/moving";
import { download } from "../download";

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

/** The place of the operation that is shown beside the picture; made when there is none. */
function openPanel(place: HTMLElement): HTMLElement {
  let shown = place.querySelector<HTMLElement>("#plan-operation");
  if (!shown) place.prepend((shown = Object.assign(document.createElement("article"), { id: "plan-operation", className: "plan-operation" })));
  place.classList.add("open");
  return shown;
}

async function showOperation(id: string): Promise<void> {
  const place = panel();
  if (place) await htmx.ajax("get", `/plan/bookings/${id}`, { target: openPanel(place), swap: "outerHTML" });
}

/** A bar was dropped: the server moves it, or says why not; either way the picture shows what is true. */
async function dropped({ id, machine, start }: Drop): Promise<void> {
  const place = panel();
  if (!place) return;
  const values = { start: String(Math.round(start)), machine: machine ?? "" };
  await htmx.ajax("post", `/plan/bookings/${id}/move`, { target: openPanel(place), swap: "outerHTML", values });
  if (!place.querySelector("#plan-operation > header")) closePanel();
  await gantt()?.reload();
}

async function undo(): Promise<void> {
  await htmx.ajax("post", "/plan/undo", { target: "body", swap: "none" });
}

async function saveWorkbook(chart: Gantt): Promise<void> {
  const range = `from=${Math.round(chart.scale.from)}&to=${Math.round(chart.scale.to)}`;
  const answer = await fetch(`/plan/schedule.rows?${range}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { workbook } = await import("../xlsx");
  download("schedule.xlsx", workbook("schedule", await answer.json()));
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
  else if (target.closest("[data-plan-xlsx]") && chart) void saveWorkbook(chart);
  else if (target.closest("[data-plan-pick]")) chart?.pickChosen();
  else if (target.closest("[data-plan-close]")) {
    closePanel();
    chart?.unselect();
    chart?.area.focus({ preventScroll: true });
  }
}

if (document.querySelector("lo-gantt#schedule")) setInterval(() => document.hidden || refreshSoon(), ANYWAY_MS);
for (const name of FACTS) document.body.addEventListener(`lo:${name}`, refreshSoon);
document.addEventListener("click", clicked);
document.addEventListener("drop-booking", (event) => void dropped((event as CustomEvent<Drop>).detail));
document.body.addEventListener("htmx:afterRequest", (event) => {
  const path = (event as CustomEvent).detail.pathInfo?.requestPath as string | undefined;
  if (path && /^\/plan\/(undo|bookings\/[^/]+\/(move|lock|unlock))$/.test(path)) void gantt()?.reload();
});
document.addEventListener("keydown", (event) => {
  const isTyping = (event.target as Element).closest("input, textarea, select, [contenteditable]") !== null;
  const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
  if (!isUndo || isTyping || !gantt()?.hasAttribute("moves")) return;
  event.preventDefault();
  void undo();
});
document.addEventListener("select-booking", (event) => {
  const booking = (event as CustomEvent<Booking | undefined>).detail;
  if (!panel()) return;
  if (!booking) closePanel();
  else if (document.querySelector<HTMLElement>("#plan-operation")?.dataset.id !== (booking.of ?? booking.id)) {
    void showOperation(booking.of ?? booking.id);
    uncover(booking);
  }
});
