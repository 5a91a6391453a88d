// <lo-live src="/live?facts=ScheduleChanged">: one stream of facts for the page. Every fact becomes the event
// `lo:<Name>` on <body>, so fragments refresh themselves: hx-get="..." hx-trigger="lo:ScheduleChanged from:body".
import { say } from "../texts";

const HIDDEN_CLOSE_MS = 30_000;
const LAST_RETRY_MS = 15_000;

export class Live extends HTMLElement {
  private source?: EventSource;
  private last = "";
  private retryMs = 500;
  private timer?: ReturnType<typeof setTimeout>;
  private hiddenTimer?: ReturnType<typeof setTimeout>;
  private readonly onVisibility = () => this.visibilityChanged();

  connectedCallback(): void {
    this.last = this.getAttribute("after") ?? "";
    this.classList.add("live-state");
    this.setAttribute("role", "status");
    document.addEventListener("visibilitychange", this.onVisibility);
    this.open();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.close();
  }

  private open(): void {
    this.close();
    const address = new URL(this.getAttribute("src") ?? "/live", location.href);
    if (this.last) address.searchParams.set("after", this.last);
    const source = new EventSource(address);
    this.source = source;
    source.addEventListener("open", () => {
      this.retryMs = 500;
      this.show("open", say("live"));
    });
    source.addEventListener("fact", (event) => this.heard(event as MessageEvent<string>));
    source.addEventListener("bye", () => this.again());
    source.addEventListener("error", () => this.again());
  }

  private heard(event: MessageEvent<string>): void {
    this.last = event.lastEventId || this.last;
    const fact = JSON.parse(event.data) as { name: string };
    document.body.dispatchEvent(new CustomEvent(`lo:${fact.name}`, { detail: fact }));
    document.body.dispatchEvent(new CustomEvent("lo:fact", { detail: fact }));
  }

  // EventSource retries by itself, but gives up on an HTTP error and can't slow down: so we do both.
  private again(): void {
    this.close();
    this.show("lost", say("connection lost, trying again"));
    this.timer = setTimeout(() => this.open(), this.retryMs * (0.7 + Math.random() * 0.6));
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  // A page nobody looks at gives its connection back; it catches up from the last fact it heard.
  private visibilityChanged(): void {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) this.hiddenTimer = setTimeout(() => this.close(), HIDDEN_CLOSE_MS);
    else if (!this.source) this.open();
  }

  private show(state: string, text: string): void {
    this.dataset.state = state;
    if (this.textContent !== text) this.textContent = text;
  }
}
