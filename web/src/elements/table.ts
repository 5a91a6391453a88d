// <lo-table name="late"> around a <table>: sorts by its headers (th data-sort="text|number|time"), filters, exports CSV
// and XLSX. Cells may carry data-value to be sorted and exported by. Sort and filter live in the address.
import { download } from "../download";
import { icon, language, make, say } from "../texts";

export class SortedTable extends HTMLElement {
  private query = "";
  private column = -1;
  private descending = false;
  private count?: HTMLElement;
  private observer?: MutationObserver;

  connectedCallback(): void {
    if (this.querySelector(":scope > .tools")) return;
    const parameters = new URLSearchParams(location.search);
    this.query = parameters.get(this.key("q")) ?? "";
    this.column = Number(parameters.get(this.key("sort")) ?? -1);
    this.descending = parameters.get(this.key("dir")) === "desc";
    this.addTools();
    this.headers().forEach((header, index) => this.makeSortable(header, index));
    this.observer = new MutationObserver(() => this.apply());
    this.apply();
  }

  disconnectedCallback(): void {
    this.observer?.disconnect();
  }

  private key(what: string): string {
    const name = this.getAttribute("name");
    return name ? `${name}-${what}` : what;
  }

  private table(): HTMLTableElement {
    return this.querySelector("table") as HTMLTableElement;
  }

  private headers(): HTMLTableCellElement[] {
    return Array.from(this.table().tHead?.rows[0]?.cells ?? []);
  }

  private rows(): HTMLTableRowElement[] {
    return Array.from(this.table().tBodies[0]?.rows ?? []);
  }

  private addTools(): void {
    const input = make("input", { type: "search", class: "input small", placeholder: say("Filter"), "aria-label": say("Filter this table") });
    input.value = this.query;
    input.addEventListener("input", () => {
      this.query = input.value;
      this.apply();
      this.remember();
    });
    const csv = make("button", { type: "button", class: "button small quiet" }, icon("download"), "CSV");
    csv.addEventListener("click", () => this.exportText());
    const xlsx = make("button", { type: "button", class: "button small quiet" }, icon("download"), "XLSX");
    xlsx.addEventListener("click", () => void this.exportWorkbook());
    this.count = make("span", { class: "count", role: "status" });
    const tools = make("div", { class: "tools no-print", "data-keep": true }, make("div", { class: "search-box" }, icon("search"), input));
    tools.append(...this.querySelectorAll(":scope > [slot=tools]"), this.count, csv, xlsx);
    this.prepend(tools);
  }

  private makeSortable(header: HTMLTableCellElement, index: number): void {
    if (!header.dataset.sort || header.querySelector("button")) return;
    const button = make("button", { type: "button" });
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      this.descending = this.column === index ? !this.descending : header.dataset.sort === "number";
      this.column = index;
      this.apply();
      this.remember();
    });
  }

  private apply(): void {
    this.observer?.disconnect();
    const words = this.query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.rows();
    let shown = 0;
    for (const row of rows) {
      const text = (row.textContent ?? "").toLocaleLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    this.sort(rows);
    if (this.count) {
      const text = words.length ? say("{shown} of {all}", { shown, all: rows.length }) : String(rows.length);
      if (this.count.textContent !== text) this.count.textContent = text;
    }
    const body = this.table().tBodies[0];
    if (body) this.observer?.observe(body, { childList: true, subtree: true, characterData: true });
  }

  private sort(rows: HTMLTableRowElement[]): void {
    this.headers().forEach((header, index) => {
      if (index === this.column) header.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
    const kind = this.headers()[this.column]?.dataset.sort;
    if (!kind) return;
    const compare = new Intl.Collator(language, { numeric: true }).compare;
    const sign = this.descending ? -1 : 1;
    const sorted = rows
      .map((row) => ({ row, value: cellValue(row.cells[this.column]) }))
      .sort((a, b) => sign * (kind === "number" ? number(a.value) - number(b.value) : compare(a.value, b.value)))
      .map(({ row }) => row);
    if (sorted.some((row, index) => row !== rows[index])) this.table().tBodies[0]?.append(...sorted);
  }

  private remember(): void {
    const address = new URL(location.href);
    const set = (key: string, value: string) => (value ? address.searchParams.set(key, value) : address.searchParams.delete(key));
    set(this.key("q"), this.query);
    set(this.key("sort"), this.column >= 0 ? String(this.column) : "");
    set(this.key("dir"), this.descending ? "desc" : "");
    history.replaceState(history.state, "", address);
  }

  /** What is shown: the headings, then the rows that the filter leaves, in their order. */
  private shown(): string[][] {
    const head = this.headers().map((header) => (header.textContent ?? "").trim());
    return [head, ...this.rows().filter((row) => !row.hidden).map((row) => Array.from(row.cells, cellValue))];
  }

  private exportText(): void {
    download(`${this.getAttribute("name") ?? "table"}.csv`, csvText(this.shown()), "text/csv");
  }

  private async exportWorkbook(): Promise<void> {
    const name = this.getAttribute("name") ?? "table";
    const isNumber = this.headers().map((header) => header.dataset.sort === "number");
    const [head = [], ...rows] = this.shown();
    const typed = rows.map((row) => row.map((text, column) => (isNumber[column] && PLAIN_NUMBER.test(text) ? Number(text) : text)));
    const { workbook } = await import("../xlsx");
    download(`${name}.xlsx`, workbook(name, [head, ...typed]));
  }
}

const PLAIN_NUMBER = /^-?\d{1,15}(\.\d+)?$/;

function cellValue(cell: HTMLTableCellElement | undefined): string {
  return cell?.dataset.value ?? (cell?.textContent ?? "").replace(/\s+/g, " ").trim();
}

function number(text: string): number {
  const value = Number.parseFloat(text.replace(/[^\d.eE+-]/g, ""));
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
}

/** RFC 4180, with cells that a spreadsheet would take for a formula made harmless. */
export function csvText(rows: (string | number | null)[][]): string {
  const cell = (value: string | number | null) => {
    const text = String(value ?? "");
    const isRisky = typeof value === "string" && /^[=+@\t\r-]/.test(text) && !/^[+-]?[\d.,]+ ?%?$/.test(text);
    const safe = isRisky ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
