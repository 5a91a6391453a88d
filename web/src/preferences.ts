// Theme, language and time zone of the reader, kept in cookies so that the server's first answer is already right.
import { language } from "./texts";

const YEAR = 31_536_000;

function keep(name: string, value: string): void {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${YEAR}; samesite=lax`;
}

export function startPreferences(): void {
  const root = document.documentElement;
  document.addEventListener("click", (event) => {
    const chosen = (event.target as Element).closest<HTMLElement>("[data-set-theme]")?.dataset.setTheme;
    if (!chosen) return;
    keep("theme", chosen);
    if (chosen === "auto") delete root.dataset.theme;
    else root.dataset.theme = chosen;
    document.querySelectorAll("[data-set-theme]").forEach((choice) => {
      choice.setAttribute("aria-current", String((choice as HTMLElement).dataset.setTheme === chosen));
    });
    document.dispatchEvent(new CustomEvent("lo:theme"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("lo:theme")));
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && root.dataset.zoneGuessed !== undefined) {
    keep("tz", zone);
    if (zone !== root.dataset.zone) rewriteTimes(zone);
  }
}

/** The server did not know this reader's zone yet: write the page's times again, in hers. */
function rewriteTimes(zone: string): void {
  const styles: Record<string, Intl.DateTimeFormatOptions> = {
    date: { dateStyle: "medium" },
    day: { weekday: "short", day: "numeric", month: "short" },
    time: { timeStyle: "short" },
    moment: { dateStyle: "medium", timeStyle: "short" },
    second: { dateStyle: "medium", timeStyle: "medium" },
  };
  document.querySelectorAll<HTMLTimeElement>("time[data-style]").forEach((element) => {
    const options = styles[element.dataset.style ?? ""];
    if (options) element.textContent = new Intl.DateTimeFormat(language, { ...options, timeZone: zone }).format(new Date(element.dateTime));
  });
}
