// The names of the rows and groups in sight, beside the picture.
import { make } from "../texts";
import { HEAD } from "./draw";
import type { Answer, Layout } from "./model";

export function rowLabels(answer: Answer, layout: Layout, top: number, height: number): HTMLElement[] {
  const place = (label: HTMLElement, at: number, high: number) => {
    label.style.top = `${HEAD + at - top}px`;
    label.style.height = `${high}px`;
    return label;
  };
  const bottom = top + height;
  const [first, last] = layout.between(top, bottom);
  const shown = answer.rows.slice(first, last + 1).map((row, at) => {
    const label = row.href ? make("a", { href: row.href }) : make("span", { class: "row-label" });
    label.append(make("span", { class: "clip" }, row.label));
    if (row.detail) label.append(make("small", {}, row.detail));
    label.title = [row.label, row.detail].filter(Boolean).join(" · ");
    return place(label, layout.rows[first + at]!.top, layout.rows[first + at]!.height);
  });
  for (const { group, top: at, height: high } of layout.headings) {
    if (at + high < top || at > bottom) continue;
    const label = make("span", { class: "row-label heading" }, make("span", { class: "clip" }, group.label));
    if (group.detail) label.append(make("small", {}, group.detail));
    shown.push(place(label, at, high));
  }
  return shown;
}

export function corner(text: string, zone: string | undefined): HTMLElement {
  const label = make("span", { class: "row-label group" }, make("span", {}, text), make("small", {}, zone?.replace("_", " ") ?? ""));
  label.style.top = "0";
  label.style.height = `${HEAD}px`;
  return label;
}
