// How the text looks: our tokens, which reach into the editor's shadow root.
import { EditorView } from "@codemirror/view";

const wavy = (colour: string) => ({ backgroundImage: "none", textDecoration: `underline wavy ${colour}`, textUnderlineOffset: "0.2em" });

export const look = EditorView.theme({
  "&": { height: "100%", fontSize: "0.875rem", backgroundColor: "var(--surface)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--thread)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--ink-3)", borderInlineEnd: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-content": { caretColor: "var(--ink)" },
  "& .cm-cursor": { borderLeftColor: "var(--ink)" },
  "& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "var(--thread-soft)" },
  ".cm-selectionMatch": { backgroundColor: "var(--hover)" },
  ".cm-searchMatch": { backgroundColor: "var(--moved-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", border: "1px solid var(--line)", borderRadius: "var(--r-s)", color: "var(--ink)", maxWidth: "40rem" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)", borderColor: "var(--line)", fontFamily: "var(--text)" },
  ".cm-textfield, .cm-button": { backgroundColor: "var(--raised)", backgroundImage: "none", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "var(--r-s)" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--thread-soft)", color: "var(--ink)" },
  ".cm-diagnostic": { fontFamily: "var(--text)", borderInlineStartWidth: "4px" },
  ".cm-diagnostic-error": { borderInlineStartColor: "var(--wrong)" },
  ".cm-diagnostic-warning": { borderInlineStartColor: "var(--moved)" },
  ".cm-diagnostic-info": { borderInlineStartColor: "var(--ink-3)" },
  ".cm-lintRange-error": wavy("var(--wrong)"),
  ".cm-lintRange-warning": wavy("var(--moved)"),
  ".cm-lintRange-info": wavy("var(--line-strong)"),
});
