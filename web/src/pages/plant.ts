// Pages on machines: one calm beat that refreshes what is live, the choice of values in a trend, ranges of the state strip.
const BEAT_MS = 2000;
/** Facts come in bursts; what they make fresh is asked for at most so often. */
const CALM_MS = 400;
const FACTS = [
  "MachineStopped", "MachineRecovered", "OperationStarted", "OperationDone", "OperationFailed", "ScheduleChanged",
  "ConnectionLost", "ConnectionRestored", "ConnectionAdded", "ConnectionChanged", "ConnectionRemoved", "Everything",
];

let last = 0;
let soon: ReturnType<typeof setTimeout> | undefined;

function beat(): void {
  last = performance.now();
  if (!document.hidden) document.body.dispatchEvent(new CustomEvent("lo:plant"));
}

function beatSoon(): void {
  clearTimeout(soon);
  soon = setTimeout(beat, Math.max(30, last + CALM_MS - performance.now()));
}

function chosen(): string[] {
  return Array.from(document.querySelectorAll<HTMLInputElement>("[data-plant-tag]:checked"), (box) => box.value);
}

/** The chosen values go into the trend, into the address, and into what the page asks for when it refreshes itself. */
function choose(): void {
  const tags = chosen().join(",");
  const address = new URL(location.href);
  address.searchParams.set("tags", tags);
  history.replaceState(history.state, "", address);
  document.querySelector("[data-plant-trend]")?.setAttribute("src", `/plant/trend.json?tags=${tags}`);
  document.querySelector("[data-plant-all]")?.setAttribute("href", `/plant/trend?tags=${tags}`);
  remember("tags", tags);
}

function remember(name: string, value: string | number): void {
  const live = document.querySelector<HTMLElement>("#machine-now");
  if (!live) return;
  live.setAttribute("hx-vals", JSON.stringify({ ...(JSON.parse(live.getAttribute("hx-vals") ?? "{}") as object), [name]: value }));
}

function setHours(link: HTMLElement): void {
  const address = new URL(location.href);
  address.searchParams.set("hours", link.dataset.plantHours ?? "8");
  history.replaceState(history.state, "", address);
  remember("hours", Number(link.dataset.plantHours));
  beat();
}

function filter(input: HTMLInputElement): void {
  const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  document.querySelectorAll<HTMLDetailsElement>(".plant-choices details").forEach((group) => {
    const name = group.querySelector("summary")?.textContent ?? "";
    let shown = 0;
    group.querySelectorAll<HTMLElement>("label").forEach((label) => {
      const text = `${name} ${label.textContent}`.toLocaleLowerCase();
      label.hidden = !words.every((word) => text.includes(word));
      if (!label.hidden) shown += 1;
    });
    group.hidden = shown === 0;
    if (words.length) group.open = shown > 0;
  });
}

if (document.querySelector("#plant-board, #machine-now, [data-plant-live]")) {
  setInterval(beat, BEAT_MS);
  for (const name of FACTS) document.body.addEventListener(`lo:${name}`, beatSoon);
  document.addEventListener("visibilitychange", () => document.hidden || beat());
}
document.addEventListener("change", (event) => {
  if ((event.target as Element).matches("[data-plant-tag]")) choose();
});
document.addEventListener("input", (event) => {
  const input = event.target as Element;
  if (input instanceof HTMLInputElement && input.matches("[data-plant-filter]")) filter(input);
});
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const range = target.closest<HTMLElement>("[data-plant-hours]");
  if (range && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    setHours(range);
  }
  const link = target.closest<HTMLElement>("[data-plant-link]");
  if (link) link.dataset.copy = location.href;
}, true);
