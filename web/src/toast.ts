// Short messages at the edge of the page, read aloud politely.
import htmx from "htmx.org";
import { icon, make, say } from "./texts";

interface Options {
  kind?: string;
  undo?: string;
}

/** Show a message; `undo` is the address of a form that takes the change back. Wrong ones stay until they are closed. */
export function toast(text: string, { kind, undo }: Options = {}): void {
  if (!text) return;
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

function box(): HTMLElement {
  const known = document.querySelector<HTMLElement>(".toasts");
  if (known) return known;
  return document.body.appendChild(make("div", { class: "toasts", "aria-live": "polite" }));
}
