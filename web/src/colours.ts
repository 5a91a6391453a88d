// Design tokens as colours that a canvas understands: light-dark() and var() are resolved by the browser.
const cache = new Map<string, string>();
document.addEventListener("lo:theme", () => cache.clear());

/** The present colour of a token, such as `--ink-2`, as it is at this element. */
export function token(name: string, at: Element = document.body): string {
  const look = at.closest<HTMLElement>("[data-look]")?.dataset.look ?? "";
  const key = `${name} ${look}`;
  const known = cache.get(key);
  if (known) return known;
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  probe.style.transition = "none";
  at.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  cache.set(key, colour);
  return colour;
}

export function isDark(): boolean {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Hues for orders, alarm hues (red, orange, yellow) left out; the same order has the same hue on every page. */
const HUES = [266, 195, 318, 148, 232, 292, 172, 340, 250, 128, 212, 304];

export function orderHue(order: string): number {
  let hash = 2166136261;
  for (let index = 0; index < order.length; index += 1) hash = Math.imul(hash ^ order.charCodeAt(index), 16777619);
  return HUES[(hash >>> 0) % HUES.length] ?? 266;
}

/** A token's colour with an opacity; tokens are written in oklch(). */
export function fade(colour: string, alpha: number): string {
  return colour.startsWith("oklch(") ? colour.replace(/\s*(\/[^)]*)?\)$/, ` / ${alpha})`) : colour;
}
