// Adding machines: ids follow names until somebody writes her own, rows are ticked together, registers grow by rows.
const touched = new WeakSet<Element>();

function idOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  const begun = /^[a-z]/.test(plain) || !plain ? plain : `m-${plain}`;
  return begun.slice(0, 36).replace(/-+$/, "");
}

function followName(input: HTMLInputElement): void {
  const id = input.form?.querySelector<HTMLInputElement>("[data-connect-id]");
  if (id && !touched.has(id)) id.value = idOf(input.value).length > 1 ? idOf(input.value) : "";
}

function tickAll(box: HTMLInputElement): void {
  box.closest("table")?.querySelectorAll<HTMLInputElement>('tbody input[name^="take-"]').forEach((one) => (one.checked = box.checked));
}

/** A register row counts as ticked as soon as it has an address. */
function register(input: HTMLInputElement): void {
  const tick = input.closest("tr")?.querySelector<HTMLInputElement>('input[name^="take-"]');
  if (tick) tick.checked = input.value.trim() !== "";
}

function addRow(button: HTMLElement): void {
  const rows = button.closest("form")?.querySelector("#registers tbody");
  const last = rows?.lastElementChild;
  if (!rows || !last) return;
  const row = last.cloneNode(true) as HTMLElement;
  row.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select").forEach((field) => {
    field.name = field.name.replace(/\d+$/, String(rows.children.length + 1));
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = false;
    else if (field instanceof HTMLInputElement) field.value = "";
    field.removeAttribute("required");
  });
  rows.append(row);
  row.querySelector<HTMLElement>("[data-connect-register]")?.focus();
}

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement)) return;
  if (input.matches("[data-connect-id]")) touched.add(input);
  if (input.matches("[data-connect-name]")) followName(input);
  if (input.matches("[data-connect-register]")) register(input);
  if (input.matches("[data-connect-only]")) {
    const address = new URL(location.href);
    address.searchParams.set("only", input.value);
    history.replaceState(history.state, "", address);
  }
});
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box instanceof HTMLInputElement && box.matches("[data-connect-all]")) tickAll(box);
});
document.addEventListener("click", (event) => {
  const more = (event.target as Element).closest<HTMLElement>("[data-connect-more]");
  if (more) addRow(more);
});
// What was found appears below: bring it into sight without taking the focus away from what one types.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = (event as CustomEvent).detail.target as Element;
  if (target.id === "connect-found") target.scrollIntoView({ behavior: "smooth", block: "start" });
});
