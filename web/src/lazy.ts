// Elements whose code is fetched only when the page holds one of them.
type Constructor = CustomElementConstructor;

const waiting = new Map<string, () => Promise<Constructor>>();
let watching = false;

/** Fetch and define `name` as soon as such an element is in the document. */
export function defineLater(name: string, load: () => Promise<Constructor>): void {
  waiting.set(name, load);
  look();
  if (!watching) {
    watching = true;
    new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  }
}

function look(): void {
  for (const [name, load] of waiting) {
    if (document.querySelector(name) === null) continue;
    waiting.delete(name);
    load().then((element) => customElements.define(name, element));
  }
}
