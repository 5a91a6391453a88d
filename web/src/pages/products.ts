// Products: the editor is fetched when a page holds one; a workbook that came back with reasons is saved as a file.
import { defineLater } from "../lazy";

defineLater("lo-model-editor", async () => (await import("../products/editor")).ModelEditor);

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-workbook]");
  if (!button) return;
  const bytes = Uint8Array.from(atob(button.dataset.workbook ?? ""), (one) => one.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" }));
  link.download = button.dataset.file ?? "tables.xlsx";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

/** A release is asked for in the reader's own time; the moment goes along in UTC. */
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const local = form.querySelector<HTMLInputElement>("input[data-local]");
  const at = form.querySelector<HTMLInputElement>("input[name=at]");
  if (local && at) at.value = local.value ? new Date(local.value).toISOString() : "";
}, true);
