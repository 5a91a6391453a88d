// Short messages at the edge of the page, read aloud politely.
import htmx from "htmx.org";
import { icon, make, say } from "./texts";

const KEPT = "lotone.toasts";
const FRESH_MS = 2_000;
const fresh = new Set<[string, Options]>();

interface Options {
  kind?: string;
  undo?: string;
}

/** Show a message; `undo` is the address of a form that takes the change back. Wrong ones stay until they are closed. */
export function toast(text: string, { kind, undo }: Options = {}): void {
  if (!text) return;
  const told: [string, Options] = [text, { kind, undo }];
  fresh.add(told);
  setTimeout(() => fresh.delete(told), FRESH_MS);
  const shown = make("div", { class: "toast", role: kind === "wrong" ? "alert" : "status" });
  shown.append(icon(kind === "wrong" ? "circle-alert" : "circle-check"), make("span", {}, text));
  if (undo) {
    const button = make("button", { type: "button", "hx-post": undo, "hx-swap": "none" }, say("Undo"));
    button.addEventListener("htmx:afterRequest", () => shown.remove());
    shown.append(button);
  }
  const close = make("button", { type: "button", "aria-label": say("Close") }, "×");
  close.addEventListener("click", () => shown.remove());
  shown.append(close);
  box().append(shown);
  htmx.process(shown);
  if (kind !== "wrong") setTimeout(() => shown.remove(), undo ? 10_000 : 5_000);
}

/** What was just told when the page is left, because a form leads elsewhere, is told on the next page. */
export function startToasts(): void {
  addEventListener("pagehide", () => {
    if (fresh.size) sessionStorage.setItem(KEPT, JSON.stringify([...fresh]));
  });
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (kept) for (const [text, options] of JSON.parse(kept) as [string, Options][]) toast(text, options);
}

function box(): HTMLElement {
  const known = document.querySelector<HTMLElement>(".toasts");
  if (known) return known;
  return document.body.appendChild(make("div", { class: "toasts", "aria-live": "polite" }));
}
