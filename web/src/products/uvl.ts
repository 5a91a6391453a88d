// UVL for the eye: sections, groups, names, attributes and rules in different ink, by a small stream language.
import { StreamLanguage, HighlightStyle, syntaxHighlighting, indentUnit, type StreamParser } from "@codemirror/language";
import { tags } from "@lezer/highlight";

interface State {
  section: string;
  comment: boolean;
}
const SECTION = /^(features|constraints|namespace|include|imports)\b/;
const GROUP = /^(mandatory|optional|alternative|or)\s*(?=\/\/|$)|^\[\s*\d+(\s*\.\.\s*(\d+|\*))?\s*\]/;

const parser: StreamParser<State> = {
  name: "uvl",
  startState: () => ({ section: "", comment: false }),
  token(stream, state) {
    if (state.comment) {
      if (stream.skipTo("*/")) {
        stream.match("*/");
        state.comment = false;
      } else stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      state.comment = true;
      return "comment";
    }
    if (stream.column() === 0) {
      const found = stream.match(SECTION) as RegExpMatchArray | null;
      if (found) {
        state.section = found[1] ?? "";
        return "heading";
      }
    }
    if (state.section === "features" && stream.string.slice(0, stream.pos).trim() === "" && stream.match(GROUP)) return "keyword";
    if (stream.match(/^(true|false|Boolean|String|Integer|Real|cardinality|abstract|sum|avg|len|floor|ceil)\b/)) return "atom";
    if (stream.match(/^"[^"]*"?/)) return "variableName";
    if (stream.match(/^'[^']*'?/)) return "string";
    if (stream.match(/^-?\d+(\.\d+)?/)) return "number";
    if (stream.match(/^(<=>|=>|==|!=|<=|>=|[!&|<>+*/-])/)) return "operator";
    if (stream.match(/^[^\W\d][\w#§%?;.]*/u)) return state.section === "features" && stream.string.includes("{") && stream.string.indexOf("{") < stream.start ? "propertyName" : "variableName";
    stream.next();
    return "punctuation";
  },
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } } },
};

export const uvl = [
  StreamLanguage.define(parser),
  indentUnit.of("    "),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.heading, fontWeight: "700", color: "var(--thread)" },
      { tag: tags.keyword, color: "var(--series-3)", fontWeight: "560" },
      { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
      { tag: tags.number, color: "var(--series-2)" },
      { tag: tags.string, color: "var(--series-4)" },
      { tag: tags.operator, color: "var(--series-6)", fontWeight: "600" },
      { tag: tags.propertyName, color: "var(--ink-2)" },
      { tag: tags.atom, color: "var(--series-5)" },
    ]),
  ),
];
