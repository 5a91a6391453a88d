// <lo-tabs><div class="tabs"><button data-tab="a">..</button></div><section id="a">..</section></lo-tabs>; the tab is in the address.
export class Tabs extends HTMLElement {
  connectedCallback(): void {
    const list = this.querySelector(".tabs");
    list?.setAttribute("role", "tablist");
    for (const tab of this.tabs()) {
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", tab.dataset.tab ?? "");
      tab.addEventListener("click", () => this.choose(tab, true));
      this.panel(tab)?.setAttribute("role", "tabpanel");
    }
    list?.addEventListener("keydown", (event) => this.key(event as KeyboardEvent));
    const named = this.tabs().find((tab) => tab.dataset.tab === new URLSearchParams(location.search).get("tab"));
    const first = named ?? this.tabs()[0];
    if (first) this.choose(first, false);
  }

  private tabs(): HTMLElement[] {
    return Array.from(this.querySelectorAll<HTMLElement>("[data-tab]"));
  }

  private panel(tab: HTMLElement): HTMLElement | null {
    return this.querySelector(`#${CSS.escape(tab.dataset.tab ?? "")}`);
  }

  private choose(chosen: HTMLElement, remember: boolean): void {
    for (const tab of this.tabs()) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      this.panel(tab)?.toggleAttribute("hidden", tab !== chosen);
    }
    if (!remember) return;
    const address = new URL(location.href);
    address.searchParams.set("tab", chosen.dataset.tab ?? "");
    history.replaceState(history.state, "", address);
  }

  private key(event: KeyboardEvent): void {
    const tabs = this.tabs();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    if (!step || at < 0) return;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next?.focus();
    if (next) this.choose(next, true);
  }
}
