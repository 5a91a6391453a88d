// Behaviour of the frame around a page: menus that close, the side navigation of phones, dialogs, copying, keys.
import { say } from "./texts";
import { toast } from "./toast";

export function startMenus(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    document.querySelectorAll<HTMLDetailsElement>("details.menu[open]").forEach((menu) => {
      if (!menu.contains(target) || target.closest("a, button")) menu.open = false;
    });
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) document.querySelector<HTMLDialogElement>(`#${opener.dataset.dialog}`)?.showModal();
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    if (target instanceof HTMLDialogElement && target.open) target.close(); // a click on the backdrop
    const copy = target.closest<HTMLElement>("[data-copy]");
    if (copy) void copyText(copy.dataset.copy ?? "");
    if (target.closest("[data-print]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector<HTMLDetailsElement>("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector<HTMLElement>("summary")?.focus();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = (event as CustomEvent).detail as { elt: Element; successful: boolean };
    if (successful && elt.closest("[data-close-after]")) elt.closest("dialog")?.close();
  });
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(say("Copied"));
  } catch {
    toast(say("Your browser did not allow copying; mark the text and copy it."), { kind: "wrong" });
  }
}

/** On narrow screens the thread scrolls: begin where one stands. */
export function startThread(): void {
  const thread = document.querySelector<HTMLElement>(".thread");
  const here = thread?.querySelector<HTMLElement>(".here");
  if (thread && here) thread.scrollLeft = here.offsetLeft - thread.clientWidth / 2 + here.offsetWidth / 2;
}

export function startSide(): void {
  const side = document.querySelector<HTMLElement>(".side");
  const burger = document.querySelector<HTMLButtonElement>(".burger");
  if (!side || !burger) return;
  const set = (open: boolean) => {
    side.classList.toggle("open", open);
    burger.setAttribute("aria-expanded", String(open));
    if (open) side.querySelector<HTMLElement>("a")?.focus();
  };
  burger.addEventListener("click", (event) => {
    event.stopPropagation();
    set(!side.classList.contains("open"));
  });
  document.addEventListener("click", (event) => {
    if (side.classList.contains("open") && !side.contains(event.target as Node)) set(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) {
      set(false);
      burger.focus();
    }
  });
}
