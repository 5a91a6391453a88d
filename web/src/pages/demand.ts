// The shop's pages tell which options were in sight for a second, in batches; the demand page asks anew when its fields change.
import { csrfToken } from "../htmx";

const IN_SIGHT_MS = 1000;
const SEND_MS = 4000;

/** Which options of the configurator a shopper's window showed, told to the shop without her name. */
class Sight {
  private readonly told = new Set<string>();
  private readonly news = new Set<string>();
  private readonly timers = new Map<Element, ReturnType<typeof setTimeout>>();
  private readonly observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.moved(entry)), { threshold: 0.75 });
  private sending?: ReturnType<typeof setTimeout>;

  constructor(private readonly shop: HTMLElement) {
    this.watch();
    new MutationObserver(() => this.watch()).observe(shop, { childList: true, subtree: true });
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.send());
    window.addEventListener("pagehide", () => this.send());
  }

  private watch(): void {
    for (const option of this.shop.querySelectorAll(".shop-option")) this.observer.observe(option);
  }

  private moved(entry: IntersectionObserverEntry): void {
    clearTimeout(this.timers.get(entry.target));
    this.timers.delete(entry.target);
    if (!entry.isIntersecting) return;
    this.timers.set(entry.target, setTimeout(() => this.saw(entry.target), IN_SIGHT_MS));
  }

  private saw(option: Element): void {
    this.timers.delete(option);
    const name = option.querySelector("input")?.value;
    if (!name || this.told.has(name)) return;
    this.told.add(name);
    this.news.add(name);
    this.sending ??= setTimeout(() => this.send(), SEND_MS);
  }

  private send(): void {
    clearTimeout(this.sending);
    this.sending = undefined;
    if (!this.news.size) return;
    const body = JSON.stringify({ options: [...this.news] });
    this.news.clear();
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() };
    // Statistics are worth no second try, and no word to the shopper.
    fetch(`${this.shop.getAttribute("src")}/looked`, { method: "POST", body, headers, keepalive: true }).catch(() => undefined);
  }
}

const shop = document.querySelector<HTMLElement>("lo-configurator[src]");
if (shop) new Sight(shop);

document.addEventListener("change", (event) => {
  const field = event.target as HTMLInputElement;
  if (field.matches?.("[data-demand-ask]") && field.reportValidity()) field.form?.requestSubmit();
});
