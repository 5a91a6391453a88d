// htmx with morphing swaps, our CSRF token, and errors that are said to people.
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph";
import { say } from "./texts";
import { toast } from "./toast";

interface Problem {
  title?: string;
  detail?: string;
  where?: string | null;
  number?: string;
}

/** What has a life of its own in the browser is left alone when the page around it is updated. */
const KEPT = "lo-trend, lo-gantt, lo-palette, dialog[open], details[open] > summary ~ .list, lo-table thead, [data-keep]";

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

export function startHtmx(): void {
  Object.assign(htmx.config, {
    includeIndicatorStyles: false, allowEval: false, selfRequestsOnly: true, historyCacheSize: 0,
    defaultSwapStyle: "innerHTML", scrollIntoViewOnBoost: false, globalViewTransitions: false,
  });
  defineMorph();
  const line = document.body.appendChild(document.createElement("div"));
  line.className = "loading-line";
  let open = 0;
  const count = (change: number) => line.classList.toggle("on", (open = Math.max(0, open + change)) > 0);
  // What the page refreshes by itself shows no progress; what a person asked for does.
  const asked = (event: Event) => {
    const config = (event as CustomEvent).detail.requestConfig ?? (event as CustomEvent).detail;
    const cause = config.triggeringEvent as Event | undefined;
    return cause !== undefined && ["click", "submit", "change", "input", "keyup"].includes(cause.type);
  };
  document.body.addEventListener("htmx:beforeRequest", (event) => asked(event) && count(1));
  document.body.addEventListener("htmx:afterRequest", (event) => asked(event) && count(-1));
  document.body.addEventListener("htmx:configRequest", (event) => {
    (event as CustomEvent).detail.headers["X-CSRF-Token"] = csrfToken();
  });
  document.body.addEventListener("htmx:responseError", (event) => answerProblem(event as CustomEvent));
  document.body.addEventListener("htmx:sendError", (event) => {
    if (asked(event)) toast(say("LotOne can't be reached. Nothing was changed; try again in a moment."), { kind: "wrong" });
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => clearFaults((event as CustomEvent).detail.elt as Element));
  document.body.addEventListener("toast", (event) => {
    const detail = (event as CustomEvent).detail as { text?: string; value?: string; kind?: string; undo?: string };
    toast(detail.text ?? detail.value ?? "", { kind: detail.kind, undo: detail.undo });
  });
}

function defineMorph(): void {
  htmx.defineExtension("morph", {
    isInlineSwap: (style: string) => style === "morph" || style === "morph:outerHTML",
    handleSwap: (style: string, target: Node, fragment: Node) => {
      if (!style.startsWith("morph")) return false;
      const morphStyle = style === "morph:innerHTML" ? "innerHTML" : "outerHTML";
      const children = Array.from((fragment as DocumentFragment).children);
      return Idiomorph.morph(target as Element, children, {
        morphStyle,
        ignoreActiveValue: true,
        callbacks: {
          beforeNodeMorphed: (old: Node, now: Node) => !(old instanceof Element && (isSameAge(old, now) || old.matches(KEPT))),
          beforeNodeRemoved: (old: Node) => !(old instanceof Element && old.matches("[data-keep]")),
          beforeAttributeUpdated: (name: string, node: Node) =>
            !(name === "open" && node instanceof HTMLDetailsElement) && !(name === "class" && (node as Element).matches(".side")),
        },
      } as never) as never;
    },
  } as never);
}

/** An age writes its own text, so only what it counts from is taken over. */
function isSameAge(old: Element, now: Node): boolean {
  if (old.localName !== "lo-age" || !(now instanceof Element) || now.localName !== "lo-age") return false;
  for (const name of ["clock", "stale", "at"]) {
    const value = now.getAttribute(name);
    if (value === null) old.removeAttribute(name);
    else if (value !== old.getAttribute(name)) old.setAttribute(name, value);
  }
  return true;
}

function answerProblem(event: CustomEvent): void {
  const request = event.detail.xhr as XMLHttpRequest;
  if (request.status === 401) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  let problem: Problem = {};
  try {
    problem = JSON.parse(request.responseText) as Problem;
  } catch {
    problem = { detail: say("Something went wrong ({status}). Nothing was changed.", { status: request.status }) };
  }
  const form = (event.detail.elt as Element).closest("form");
  if (form && problem.where && showFault(form, problem.where, problem.detail ?? "")) return;
  const number = problem.number ? ` (${problem.number})` : "";
  toast(`${problem.detail ?? problem.title ?? ""}${number}`, { kind: "wrong" });
}

function showFault(form: HTMLFormElement, where: string, text: string): boolean {
  const input = form.elements.namedItem(where);
  if (!(input instanceof HTMLElement)) return false;
  input.setAttribute("aria-invalid", "true");
  const fault = document.createElement("span");
  fault.className = "fault";
  fault.id = `fault-${where}`;
  fault.setAttribute("role", "alert");
  fault.textContent = text;
  input.setAttribute("aria-describedby", fault.id);
  input.closest(".field")?.append(fault);
  input.focus();
  return true;
}

function clearFaults(element: Element): void {
  const form = element.closest("form");
  form?.querySelectorAll(".fault").forEach((fault) => fault.remove());
  form?.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
}
