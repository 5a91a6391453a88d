"""Changes of single lines in a model's text that leave everything else, comments and blank lines too, as somebody wrote it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lotone.configure.model.expression import quoted
from lotone.configure.model.features import Model

_PRICE = re.compile(r"(?<![\w\"'])Price\s+-?\d+(?:\.\d+)?")
_CODE = re.compile(r'(?:"[^"\n]*"|\'[^\'\n]*\'|(?!//)(?!/\*).)*')
"""What stands in a line before its comment."""
_NAME = re.compile(r'\s*(?:(?:Boolean|String|Integer|Real)\s+)?(?:"[^"]*"|[^\s{]+)')
_WHEN = re.compile(r'(data-when=")([^"]*)(")')


def with_prices(model: Model, cents: Mapping[str, int]) -> str:
    """The model's text with other prices; features that are not named keep theirs."""
    lines = model.text.split("\n")
    for name, amount in cents.items():
        feature = model.features[name]
        if feature.price_cents != amount:
            lines[feature.line - 1] = _priced(lines[feature.line - 1], amount)
    return "\n".join(lines)


def _priced(line: str, cents: int) -> str:
    found = _CODE.match(line)
    code = found[0] if found else line
    comment = line[len(code) :]
    attribute = f"Price {cents // 100}" if cents % 100 == 0 else f"Price {cents / 100:.2f}"
    name = _NAME.match(code)
    at = name.end() if name else 0
    brace = code.find("{", at)
    if brace < 0:
        bare = code.rstrip()
        return f"{bare} {{{attribute}}}{code[len(bare) :]}{comment}"
    inside = code[brace:]
    if _PRICE.search(inside):
        return code[:brace] + _PRICE.sub(attribute, inside, count=1) + comment
    rest = inside[1:].lstrip()
    return f"{code[:brace]}{{{attribute}{'' if rest.startswith('}') else ', '}{rest}{comment}"


def with_rules(model: Model, rules: Sequence[str]) -> str:
    """The model's text with exactly these constraints: those that go lose their line, new ones come at the end."""
    wanted = Counter(rules)
    lines: list[str | None] = list(model.text.split("\n"))
    last, indent = 0, "    "
    for rule in model.constraints:
        line = lines[rule.line - 1] or ""
        indent = line[: len(line) - len(line.lstrip())] or indent
        if wanted[rule.text] > 0:
            wanted[rule.text] -= 1
            last = rule.line
        else:
            lines[rule.line - 1] = None
    added = [f"{indent}{text}" for text in wanted.elements()]
    if not added:
        return "\n".join(_without_empty_section(lines) if not rules else [line for line in lines if line is not None])
    head = next((at for at, line in enumerate(lines, start=1) if line is not None and line.strip() == "constraints"), 0)
    at = last or head
    if not at:
        while lines and not (lines[-1] or "").strip():
            lines.pop()
        return "\n".join([*(line for line in lines if line is not None), "constraints", *added, ""])
    kept = [*lines[:at], *added, *lines[at:]]
    return "\n".join(line for line in kept if line is not None)


def _without_empty_section(lines: Sequence[str | None]) -> list[str]:
    """The last rule is gone, so the heading above it goes too."""
    return [line for line in lines if line is not None and line.strip() != "constraints"]


def renamed(content: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """A draft's content in which a feature has another name in words, start, tables and picture; the model is left alone."""
    word = re.compile(rf'"{re.escape(old)}"|(?<![\w"\'-]){re.escape(old)}(?![\w"\'-])')

    def when(text: str) -> str:
        return word.sub(lambda _: quoted(new), text)

    demand = {
        table: [{**row, "when": when(row["when"])} for row in rows] for table, rows in content["demand"].items()
    }  # fmt: skip
    picture = content["picture"]
    if picture:
        svg = re.sub(
            r'(data-when=")([^"]*)(")', lambda found: found[1] + _in_attribute(when, found[2]) + found[3], picture["svg"]
        )
        picture = {"svg": svg, "styles": [{**style, "when": when(style["when"])} for style in picture["styles"]]}
    return {
        "option_words": {new if name == old else name: words for name, words in content["option_words"].items()},
        "start": [new if name == old else name for name in content["start"]],
        "demand": demand,
        "picture": picture,
    }


def _in_attribute(when: Any, text: str) -> str:
    plain = text.replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    changed = when(plain)
    if changed == plain:
        return text
    return str(changed).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
