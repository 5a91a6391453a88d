// A model's text as a tree, and every edit of the tree as an edit of lines: the text is the only truth.
export interface Feature {
  name: string;
  line: number;
  indent: number;
  price: number | null;
  isHeading: boolean;
  parent: Group | null;
  groups: Group[];
}
export interface Group {
  heading: string;
  line: number;
  indent: number;
  owner: Feature;
  members: Feature[];
}
export interface RuleLine {
  text: string;
  line: number;
}
export interface Outline {
  lines: string[];
  root: Feature | null;
  features: Map<string, Feature>;
  rules: RuleLine[];
}
export const GROUPS = ["mandatory", "optional", "alternative", "or"];
const WORDS = new Set([...GROUPS, "features", "constraints", "imports", "include", "namespace", "as", "cardinality", "true", "false", "String", "Integer", "Real", "Boolean", "sum", "avg", "len", "floor", "ceil", "constraint"]);
const NAME = /^\s*(?:(?:Boolean|String|Integer|Real)\s+)?(?:"([^"]*)"|([^\s{"]+))/u;
const PRICE = /(?<![\w"'])Price\s+(-?\d+(?:\.\d+)?)/;

export function quoted(name: string): string {
  return /^[^\W\d][\w#§%?;]*$/u.test(name) && !WORDS.has(name) ? name : `"${name}"`;
}

/** What stands in each line before its comment. */
function codeOf(lines: string[]): string[] {
  let open = false;
  return lines.map((line) => {
    let code = "";
    for (let at = 0; at < line.length; at++) {
      if (open) {
        if (line.startsWith("*/", at)) (open = false), at++;
      } else if (line.startsWith("//", at)) break;
      else if (line.startsWith("/*", at)) (open = true), at++;
      else if (line[at] === '"' || line[at] === "'") {
        const end = line.indexOf(line[at]!, at + 1);
        const upTo = end < 0 ? line.length : end + 1;
        code += line.slice(at, upTo);
        at = upTo - 1;
      } else code += line[at];
    }
    return code.replace(/\t/g, "    ").replace(/\s+$/, "");
  });
}

export function read(text: string): Outline {
  const lines = text.split("\n");
  const outline: Outline = { lines, root: null, features: new Map(), rules: [] };
  const open: (Feature | Group)[] = [];
  let section = "";
  codeOf(lines).forEach((code, at) => {
    const bare = code.trim();
    if (!bare) return;
    const indent = code.length - code.trimStart().length;
    if (indent === 0) {
      section = bare.split(/\s/)[0] ?? "";
      return;
    }
    if (section === "constraints") outline.rules.push({ text: bare, line: at + 1 });
    if (section === "features") place(outline, open, bare, at + 1, indent);
  });
  return outline;
}

function place(outline: Outline, open: (Feature | Group)[], bare: string, line: number, indent: number): void {
  while (open.length && open[open.length - 1]!.indent >= indent) open.pop();
  const above = open[open.length - 1];
  if (above && "name" in above) {
    const group: Group = { heading: bare, line, indent, owner: above, members: [] };
    above.groups.push(group);
    open.push(group);
    return;
  }
  const named = NAME.exec(bare);
  if (!named || (!above && outline.root)) return;
  const attributes = bare.slice(named[0].length);
  const price = PRICE.exec(attributes);
  const feature: Feature = {
    name: named[1] ?? named[2] ?? "", line, indent, price: price ? Number(price[1]) : null,
    isHeading: /[{,]\s*abstract\s*(true)?\s*[,}]/.test(attributes), parent: above ?? null, groups: [],
  };
  if (above) above.members.push(feature);
  else outline.root = feature;
  if (!outline.features.has(feature.name)) outline.features.set(feature.name, feature);
  open.push(feature);
}

/** The last line of a feature with everything below it. */
export function endOf(feature: Feature): number {
  let last = feature.line;
  for (const group of feature.groups) {
    last = Math.max(last, group.line);
    for (const member of group.members) last = Math.max(last, endOf(member));
  }
  return last;
}

export function freeName(outline: Outline, like = "new_option"): string {
  if (!outline.features.has(like)) return like;
  let number = 2;
  while (outline.features.has(`${like}_${number}`)) number++;
  return `${like}_${number}`;
}

const pad = (indent: number) => " ".repeat(indent);
const joined = (lines: string[]) => lines.join("\n");

export function addBeside(outline: Outline, feature: Feature, name: string): string {
  if (!feature.parent) return addBelow(outline, feature, name);
  const lines = [...outline.lines];
  lines.splice(endOf(feature), 0, pad(feature.indent) + quoted(name));
  return joined(lines);
}

export function addBelow(outline: Outline, feature: Feature, name: string): string {
  const lines = [...outline.lines];
  const group = feature.groups[feature.groups.length - 1];
  if (group) {
    const last = group.members[group.members.length - 1];
    const indent = last ? last.indent : group.indent + 4;
    lines.splice(last ? endOf(last) : group.line, 0, pad(indent) + quoted(name));
  } else lines.splice(feature.line, 0, `${pad(feature.indent + 4)}optional`, pad(feature.indent + 8) + quoted(name));
  return joined(lines);
}

export function remove(outline: Outline, feature: Feature): string {
  if (!feature.parent) return joined(outline.lines);
  const lines = [...outline.lines];
  const from = feature.parent.members.length === 1 ? feature.parent.line : feature.line;
  lines.splice(from - 1, endOf(feature) - from + 1);
  return joined(lines);
}

function replaceIn(line: string, old: string, now: string): string {
  const escaped = old.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const cut = line.indexOf("//");
  const code = cut < 0 ? line : line.slice(0, cut);
  return code.replace(new RegExp(`"${escaped}"|(?<![\\w"'])${escaped}(?![\\w"'])`, "gu"), () => quoted(now)) + (cut < 0 ? "" : line.slice(cut));
}

export function rename(outline: Outline, feature: Feature, name: string): string {
  const lines = [...outline.lines];
  const line = lines[feature.line - 1]!;
  const found = NAME.exec(line)!;
  const own = found[1] !== undefined ? `"${found[1]}"` : found[2]!;
  const at = found[0].length - own.length;
  lines[feature.line - 1] = line.slice(0, at) + quoted(name) + line.slice(at + own.length);
  for (const rule of outline.rules) lines[rule.line - 1] = replaceIn(lines[rule.line - 1]!, feature.name, name);
  return joined(lines);
}

export function setGroup(outline: Outline, group: Group, heading: string): string {
  const lines = [...outline.lines];
  lines[group.line - 1] = lines[group.line - 1]!.replace(group.heading, heading);
  return joined(lines);
}

/** Other attributes of a feature's line; a price of null takes it away. */
export function setAttributes(outline: Outline, feature: Feature, change: { price?: number | null; isHeading?: boolean }): string {
  const lines = [...outline.lines];
  const line = lines[feature.line - 1]!;
  const head = NAME.exec(line)![0];
  const rest = line.slice(head.length);
  const found = /^([^{/]*)\{([^}]*)\}(.*)$/.exec(rest);
  const parts = (found?.[2] ?? "").split(",").map((part) => part.trim()).filter(Boolean);
  const without = (key: RegExp) => parts.filter((part) => !key.test(part));
  let kept = parts;
  if ("price" in change) {
    const price = change.price;
    const said = price === null || price === undefined ? [] : [`Price ${Number.isInteger(price) ? price : price.toFixed(2)}`];
    const at = parts.findIndex((part) => /^Price\b/.test(part));
    kept = at < 0 ? [...parts, ...said] : [...parts.slice(0, at), ...said, ...parts.slice(at + 1)];
  }
  if ("isHeading" in change) kept = change.isHeading ? ["abstract", ...without(/^abstract\b/)] : without(/^abstract\b/);
  const block = kept.length ? ` {${kept.join(", ")}}` : "";
  const before = found ? found[1]!.trimEnd() : "";
  const after = found ? found[3]! : rest;
  lines[feature.line - 1] = head + before + block + (after && !/^\s/.test(after) ? ` ${after}` : after).replace(/\s+$/, "");
  return joined(lines);
}

/** Up or down among the members of one group; null at the end. */
export function shift(outline: Outline, feature: Feature, step: -1 | 1): string | null {
  const members = feature.parent?.members ?? [];
  const other = members[members.indexOf(feature) + step];
  if (!other) return null;
  const [first, second] = step < 0 ? [other, feature] : [feature, other];
  const lines = [...outline.lines];
  const a = lines.slice(first.line - 1, endOf(first));
  const between = lines.slice(endOf(first), second.line - 1);
  const b = lines.slice(second.line - 1, endOf(second));
  lines.splice(first.line - 1, endOf(second) - first.line + 1, ...b, ...between, ...a);
  return joined(lines);
}

/** Below the feature before it (in), or beside its parent (out); null where there is no such place. */
export function nest(outline: Outline, feature: Feature, way: "in" | "out"): string | null {
  if (!feature.parent) return null;
  const members = feature.parent.members;
  const target = way === "in" ? members[members.indexOf(feature) - 1] : feature.parent.owner;
  if (!target || (way === "out" && !target.parent)) return null;
  const block = outline.lines.slice(feature.line - 1, endOf(feature));
  const lines = [...outline.lines];
  const from = members.length === 1 ? feature.parent.line : feature.line;
  const moved = (indent: number) => block.map((line) => pad(Math.max(0, line.length - line.trimStart().length + indent - feature.indent)) + line.trimStart());
  if (way === "in") {
    const group = target.groups[target.groups.length - 1];
    const last = group?.members[group.members.length - 1];
    lines.splice(from - 1, endOf(feature) - from + 1);
    const own = last ? moved(last.indent) : [`${pad(target.indent + 4)}optional`, ...moved(target.indent + 8)];
    lines.splice(last ? endOf(last) : target.line, 0, ...own);
  } else {
    lines.splice(endOf(target), 0, ...moved(target.indent));
    lines.splice(from - 1, endOf(feature) - from + 1);
  }
  return joined(lines);
}

export function setRule(outline: Outline, line: number, text: string): string {
  const lines = [...outline.lines];
  const old = lines[line - 1]!;
  if (text.trim()) lines[line - 1] = old.slice(0, old.length - old.trimStart().length) + text.trim();
  else lines.splice(line - 1, 1);
  if (!text.trim() && outline.rules.length === 1) return joined(lines.filter((one) => one.trim() !== "constraints"));
  return joined(lines);
}

export function addRule(outline: Outline, text: string): string {
  const lines = [...outline.lines];
  const last = outline.rules[outline.rules.length - 1];
  if (last) {
    const indent = lines[last.line - 1]!.length - lines[last.line - 1]!.trimStart().length;
    lines.splice(last.line, 0, pad(indent) + text.trim());
    return joined(lines);
  }
  while (lines.length && !lines[lines.length - 1]!.trim()) lines.pop();
  return joined([...lines.filter((one) => one.trim() !== "constraints"), "constraints", `    ${text.trim()}`, ""]);
}
