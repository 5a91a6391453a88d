// <lo-age at="2026-03-02T07:00:00Z" clock="plant" stale="60">: how old a value is; looks stale after `stale` seconds.
import { plantNow, wallNow } from "../clock";
import { language, say } from "../texts";

const all = new Set<Age>();
let timer: ReturnType<typeof setInterval> | undefined;
const relative = new Intl.RelativeTimeFormat(language, { style: "narrow", numeric: "always" });

export class Age extends HTMLElement {
  static observedAttributes = ["at", "stale"];

  connectedCallback(): void {
    all.add(this);
    timer ??= setInterval(() => document.hidden || all.forEach((age) => age.show()), 1000);
    this.show();
  }

  disconnectedCallback(): void {
    all.delete(this);
    if (all.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.show();
  }

  show(): void {
    const at = Date.parse(this.getAttribute("at") ?? "");
    const seconds = ((this.getAttribute("clock") === "plant" ? plantNow() : wallNow()) - at) / 1000;
    const stale = !(seconds <= Number(this.getAttribute("stale") ?? "Infinity"));
    this.toggleAttribute("data-stale", stale);
    const text = Number.isNaN(at) ? say("never") : ageText(seconds);
    if (text !== this.textContent) this.textContent = text;
    this.title = stale ? say("This value is stale: nothing newer has come.") : "";
  }
}

export function ageText(seconds: number): string {
  if (seconds < 1.5) return say("now");
  for (const [unit, length] of [["day", 86_400], ["hour", 3600], ["minute", 60]] as const) {
    if (seconds >= length * 1.5) return relative.format(-Math.round(seconds / length), unit);
  }
  return relative.format(-Math.round(seconds), "second");
}
