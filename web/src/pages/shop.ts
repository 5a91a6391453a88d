// The shop: the picture that follows the choices, one small request a click, a hold that counts down.
import { Idiomorph } from "idiomorph";
import { say } from "../texts";
import { toast } from "../toast";

const SHOWN_MS = 260;
const GONE_MS = 180;
const SLOW_MS = 150;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The picture comes without styles of its own, which pages do not allow in their text; here it gets them. */
function dress(root: Element): void {
  for (const element of [root, ...root.querySelectorAll("[data-style]")]) {
    const style = element.getAttribute("data-style");
    if (style) (element as SVGElement).style.cssText = style;
  }
}

/** <lo-picture>: a drawing that is dressed when it appears, and gently becomes another. */
class Picture extends HTMLElement {
  connectedCallback(): void {
    for (const svg of this.querySelectorAll(":scope > svg")) dress(svg);
    this.dataset.dressed = "";
  }

  become(next: Element): void {
    const fresh = document.importNode(next, true) as Element & SVGElement;
    const [old, ...older] = [...this.querySelectorAll(":scope > svg")].reverse();
    older.forEach((one) => one.remove());
    if (old?.getAttribute("data-drawn") === next.outerHTML) return;
    fresh.setAttribute("data-drawn", next.outerHTML);
    dress(fresh);
    this.append(fresh);
    if (!old || still.matches) return old?.remove();
    fresh.animate([{ opacity: 0 }, { opacity: 1 }], { duration: SHOWN_MS, easing: "ease-out" });
    old.animate([{ opacity: 1 }, { opacity: 1, offset: 0.6 }, { opacity: 0 }], SHOWN_MS + GONE_MS).finished.then(
      () => old.remove(),
      () => old.remove(),
    );
  }
}

class Refused extends Error {}

/** <lo-configurator src="/shop/demo/ebike">: choices in the address, a sheet and a promise a click. */
class Configurator extends HTMLElement {
  private past: string[] = [];
  private tail: Promise<void> = Promise.resolve();

  connectedCallback(): void {
    this.addEventListener("change", (event) => this.changed(event));
    this.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("keydown", this.keys);
    // The first page of a visit was made before anybody knew the reader's zone, and days differ by zones.
    if (document.documentElement.hasAttribute("data-zone-guessed")) this.tail = this.tail.then(() => this.show(this.query));
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.keys);
  }

  private readonly keys = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || !this.past.length) return;
    event.preventDefault();
    this.undo();
  };

  /** The choices as they stand, as an address says them. */
  private get query(): string {
    const address = this.querySelector<HTMLElement>(".shop-sheet")?.dataset.address ?? "";
    return address.slice(address.indexOf("?") + 1);
  }

  private changed(event: Event): void {
    const input = event.target as HTMLInputElement;
    if (!input.closest("#shop-options")) return;
    if (input.dataset.drop) this.act("drop", input.dataset.drop);
    else this.act(input.checked ? "take" : "drop", input.value);
  }

  private clicked(event: Event): void {
    const target = event.target as HTMLElement;
    const taken = target.closest<HTMLElement>("[data-take]")?.dataset.take;
    const asked = target.closest<HTMLElement>("[data-why]") ?? target.closest(".shop-option.blocked")?.querySelector<HTMLElement>("[data-why]");
    if (taken) this.act("take", taken);
    else if (asked) this.tail = this.tail.then(() => this.explain(asked)); // after the choices on their way: they redraw it
    else if (target.closest("[data-undo]")) this.undo();
    else if (target.closest("[data-sooner]")) void this.sooner(target.closest<HTMLElement>("[data-sooner]")!);
    else if (target.closest("[data-copy-address]")) void share();
    else if (target.closest("[data-make]")) this.make(target.closest<HTMLElement>("[data-make]")!);
    else if (target.closest("[data-elsewhere-open]")) void this.elsewhere();
    else if (target.closest("[data-more]")) this.more(target.closest<HTMLElement>("[data-more]")!);
    else if (target.closest(".shop-sections a")) this.jump(event, target.closest<HTMLAnchorElement>("a")!);
  }

  /** On phones the reason for the day is one line until it is asked for. */
  private more(button: HTMLElement): void {
    const open = this.querySelector(".shop-deal")?.classList.toggle("open") ?? false;
    button.setAttribute("aria-expanded", String(open));
  }

  private jump(event: Event, link: HTMLAnchorElement): void {
    event.preventDefault();
    this.querySelector(link.hash)?.scrollIntoView({ behavior: still.matches ? "auto" : "smooth", block: "start" });
  }

  /** One after the other, so that two quick clicks are two choices. */
  private act(verb: "take" | "drop", name: string): void {
    this.tail = this.tail.then(async () => {
      const now = this.query;
      this.past.push(now);
      await this.show(`${now}&${verb}=${encodeURIComponent(name)}`);
    });
  }

  /** A whole configuration at one press; it can be taken back like a choice. */
  private make(button: HTMLElement): void {
    button.closest("details")?.removeAttribute("open");
    this.tail = this.tail.then(async () => {
      const now = this.query;
      this.past.push(now);
      await this.show(`${now}&make=${encodeURIComponent(button.dataset.make ?? "")}`);
    });
  }

  /** The code for another device's camera, for the choices as they stand. */
  private async elsewhere(): Promise<void> {
    this.querySelector("details.shop-more")?.removeAttribute("open");
    const dialog = this.querySelector<HTMLDialogElement>("#elsewhere");
    try {
      const page = await this.ask("elsewhere", this.query);
      dialog?.querySelector("[data-elsewhere]")?.replaceChildren(...page.body.childNodes);
      dialog?.showModal();
    } catch (fault) {
      toast(fault instanceof Refused ? fault.message : say("LotOne can't be reached."), { kind: "wrong" });
    }
  }

  private undo(): void {
    this.tail = this.tail.then(async () => {
      const earlier = this.past.pop();
      if (earlier !== undefined) await this.show(earlier);
    });
  }

  private async show(query: string): Promise<void> {
    const slow = setTimeout(() => this.querySelector("#shop-promise")?.classList.add("waiting"), SLOW_MS);
    try {
      this.put(await this.ask("sheet", query));
    } catch (fault) {
      this.past.pop();
      toast(fault instanceof Refused ? fault.message : say("LotOne can't be reached. Nothing was changed; try again in a moment."), { kind: "wrong" });
      this.querySelectorAll<HTMLFormElement | HTMLInputElement>("#shop-options input").forEach((input) => {
        (input as HTMLInputElement).checked = (input as HTMLInputElement).defaultChecked;
      });
    } finally {
      clearTimeout(slow);
      this.querySelector("#shop-promise")?.classList.remove("waiting");
    }
  }

  private async ask(what: string, query: string): Promise<Document> {
    const answer = await fetch(`${this.getAttribute("src")}/${what}?${query}`, { headers: { "HX-Request": "true" } });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(refusal(text, answer.status));
    return new DOMParser().parseFromString(text, "text/html");
  }

  private put(page: Document): void {
    const fresh = page.querySelector<HTMLElement>(".shop-sheet");
    const shown = this.querySelector<HTMLElement>(".shop-sheet");
    if (!fresh || !shown) return;
    shown.dataset.address = fresh.dataset.address;
    const svg = fresh.querySelector("#shop-picture > svg");
    if (svg) this.querySelector<Picture>("#shop-picture")?.become(svg);
    for (const part of ["#shop-promise", "#shop-price", "#shop-news", "#shop-more"]) this.morph(fresh, part);
    this.morph(fresh, "#shop-order");
    this.morph(fresh, "#shop-options");
    const held = this.querySelector<HTMLInputElement>("#shop-order [name=instead_of]");
    if (held) held.value = this.dataset.held ?? "";
    this.querySelectorAll<HTMLElement>("[data-undo]").forEach((button) => button.toggleAttribute("hidden", !this.past.length));
    history.replaceState(history.state, "", fresh.dataset.address);
  }

  private morph(fresh: Element, part: string): void {
    const [old, next] = [this.querySelector(part), fresh.querySelector(part)];
    if (old && next) Idiomorph.morph(old, next, { morphStyle: "outerHTML" } as never);
  }

  private async explain(button: HTMLElement): Promise<void> {
    const place = this.querySelector<HTMLElement>(`#why-${CSS.escape(button.dataset.why ?? "")}`);
    if (!place) return;
    const open = place.hidden;
    this.querySelectorAll<HTMLElement>(".shop-why-not:not([hidden])").forEach((other) => (other.hidden = true));
    this.querySelectorAll("[data-why]").forEach((other) => other.setAttribute("aria-expanded", "false"));
    if (!open) return;
    try {
      const page = await this.ask("why", `${this.query}&wanted=${encodeURIComponent(button.dataset.why ?? "")}`);
      place.replaceChildren(...page.body.childNodes);
      place.hidden = false;
      button.setAttribute("aria-expanded", "true");
      const answer = place.querySelector<HTMLElement>("[data-take]");
      answer?.focus({ preventScroll: true });
      place.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    } catch (fault) {
      if (fault instanceof Refused) toast(fault.message, { kind: "wrong" });
    }
  }

  private async sooner(button: HTMLElement): Promise<void> {
    const place = this.querySelector<HTMLElement>("#shop-sooner");
    if (!place) return;
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (place.hidden || place.childElementCount) return;
    const page = await this.ask("sooner", this.query).catch(() => undefined);
    if (page) place.replaceChildren(...page.body.childNodes);
  }
}

function refusal(text: string, status: number): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? text;
  } catch {
    return say("Something went wrong ({status}). Nothing was changed.", { status });
  }
}

async function share(): Promise<void> {
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    await navigator.share({ url: location.href }).catch(() => undefined);
    return;
  }
  try {
    await navigator.clipboard.writeText(location.href);
    toast(say("The address of your configuration is copied."));
  } catch {
    toast(say("Your browser did not allow copying; mark the text and copy it."), { kind: "wrong" });
  }
}

/** <lo-countdown seconds="840">: what is left of a hold; at its end the page offers to hold again. */
class Countdown extends HTMLElement {
  private timer?: ReturnType<typeof setInterval>;

  connectedCallback(): void {
    const end = performance.now() + Number(this.getAttribute("seconds")) * 1000;
    const show = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      this.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      this.toggleAttribute("data-soon", left < 60);
      if (left === 0) this.over();
    };
    this.timer = setInterval(show, 500);
    show();
  }

  disconnectedCallback(): void {
    clearInterval(this.timer);
  }

  private over(): void {
    clearInterval(this.timer);
    this.closest("form")?.setAttribute("hidden", "");
    document.querySelector(".shop-again")?.removeAttribute("hidden");
  }
}

/** <lo-done share="0.4">: how much of the unit is made; the picture beside it fills with colour so far. */
class Done extends HTMLElement {
  static observedAttributes = ["share", "over"];

  attributeChangedCallback(): void {
    this.tell();
  }

  connectedCallback(): void {
    this.tell();
  }

  private tell(): void {
    const order = this.closest<HTMLElement>(".shop-order");
    order?.style.setProperty("--done", `${Number(this.getAttribute("share") ?? 0) * 100}%`);
    order?.toggleAttribute("data-over", this.hasAttribute("over"));
  }
}

customElements.define("lo-picture", Picture);
customElements.define("lo-configurator", Configurator);
customElements.define("lo-countdown", Countdown);
customElements.define("lo-done", Done);
CSS.registerProperty?.({ name: "--done", syntax: "<percentage>", inherits: true, initialValue: "0%" });

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.matches("[data-save]")) {
    // what is saved is what is chosen now, not what was when the page was loaded
    const chosen = document.querySelectorAll<HTMLInputElement>("#shop-order input[name=c]");
    form.querySelector("[data-choices]")?.replaceChildren(...[...chosen].map((one) => one.cloneNode()));
  }
  if (!form.matches("[data-once], #shop-order")) return;
  if (form.id === "shop-order" && document.querySelector("#shop-promise [data-none]")) return event.preventDefault();
  if (form.dataset.sent !== undefined) event.preventDefault(); // pressed twice: once is enough
  form.dataset.sent = "";
  form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll<HTMLFormElement>("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});
