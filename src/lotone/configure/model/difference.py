"""What is different between two versions of a product, thing by thing, in words that a product manager reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lotone.configure.model.features import Feature, Model
from lotone.configure.model.product import Product

TABLES = {
    "operations": ("id",),
    "times": ("operation", "when"),
    "parts": ("part", "operation", "when"),
    "parameters": ("operation", "parameter", "when"),
    "checks": ("operation", "check", "when"),
}
"""Each table with the columns by which a row is found again."""


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One thing that is different. `before` is empty for what was added, `after` for what was removed."""

    what: str
    """feature, place, price, attribute, rule, one of the tables, words, start, picture, style, name."""
    kind: ChangeKind
    name: str
    before: str = ""
    after: str = ""

    def as_json(self) -> dict[str, str]:
        return {"what": self.what, "kind": self.kind.value, "name": self.name, "before": self.before, "after": self.after}


def difference(before: Product, after: Product, model_before: Model | None, model_after: Model | None) -> tuple[Change, ...]:
    """Every change from one version to another. A model that can't be read (a draft's) is compared as lines of text."""
    changes: list[Change] = []
    if model_before is not None and model_after is not None:
        changes += _features(model_before, model_after)
        changes += _rules(model_before, model_after)
    elif before.model_text != after.model_text:
        changes += _lines(before.model_text, after.model_text)
    for table, keys in TABLES.items():
        changes += _rows(table, keys, before.demand.as_json()[table], after.demand.as_json()[table])
    changes += _texts(before, after)
    return tuple(changes)


def _compare(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in before:
        if name not in after:
            yield Change(what, ChangeKind.REMOVED, name, before[name])
    for name, text in after.items():
        if name not in before:
            yield Change(what, ChangeKind.ADDED, name, "", text)
        elif before[name] != text:
            yield Change(what, ChangeKind.CHANGED, name, before[name], text)


def _features(before: Model, after: Model) -> Iterator[Change]:
    yield from _compare("feature", _places(before), _places(after))
    both = [name for name in after.features if name in before.features]
    old, new = ({name: _price(model.features[name]) for name in both} for model in (before, after))
    yield from _compare("price", old, new)
    yield from _added_prices(before, after)
    for name in both:
        own, now = (_attributes(model.features[name]) for model in (before, after))
        yield from _compare("attribute", own, now)


def _added_prices(before: Model, after: Model) -> Iterator[Change]:
    """What a new feature costs belongs to what is different."""
    for name, feature in after.features.items():
        if name not in before.features and feature.price_cents:
            yield Change("price", ChangeKind.ADDED, name, "", _price(feature))


def _attributes(feature: Feature) -> dict[str, str]:
    """What is said besides the price, which has its own line."""
    return {
        f"{feature.name}.{key}": str(value) for key, value in feature.attributes.items() if key not in ("Price", "abstract")
    }


def _price(feature: Feature) -> str:
    return f"{feature.price_cents / 100:.2f}"


def _places(model: Model) -> dict[str, str]:
    """Where each feature stands: `alternative in colour`."""
    places = {}
    for name, feature in model.features.items():
        group = model.group_of.get(name)
        heading = f"{group.heading} in {group.parent}" if group else "root"
        places[name] = f"{heading}{' (heading)' if feature.abstract else ''}"
    return places


def _rules(before: Model, after: Model) -> Iterator[Change]:
    old = {rule.text: rule.text for rule in before.constraints}
    new = {rule.text: rule.text for rule in after.constraints}
    yield from _compare("rule", old, new)


def _lines(before: str, after: str) -> Iterator[Change]:
    old, new = before.splitlines(), after.splitlines()
    gone, come = [line for line in old if line not in set(new)], [line for line in new if line not in set(old)]
    yield from (Change("line", ChangeKind.REMOVED, line.strip(), line.strip()) for line in gone if line.strip())
    yield from (Change("line", ChangeKind.ADDED, line.strip(), "", line.strip()) for line in come if line.strip())


def _rows(table: str, keys: tuple[str, ...], before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[Change]:
    yield from _compare(table, _keyed(keys, before), _keyed(keys, after))


def _keyed(keys: tuple[str, ...], rows: list[dict[str, Any]]) -> dict[str, str]:
    """Rows by what they are about. Several about the same are numbered, so that none is lost."""
    found: dict[str, str] = {}
    for row in rows:
        name = " · ".join(str(row[key]) for key in keys if row.get(key))
        rest = ", ".join(f"{key} {_shown(value)}" for key, value in row.items() if key not in keys and _is_said(value))
        number = 2
        while name in found:
            name = f"{name.partition(' #')[0]} #{number}"
            number += 1
        found[name] = rest
    return found


def _is_said(value: Any) -> bool:
    return value not in (None, "", [], 0.0)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("en", ""))
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _texts(before: Product, after: Product) -> Iterator[Change]:
    def words(product: Product) -> dict[str, str]:
        return {
            name: " · ".join(text for text in (own.name.en, own.name.zh, own.hint.en, own.hint.zh) if text)
            for name, own in product.option_words.items()
        }

    yield from _compare("words", words(before), words(after))
    if (before.words, before.hint) != (after.words, after.hint):
        yield Change("name", ChangeKind.CHANGED, after.id, _named(before), _named(after))
    if before.currency != after.currency:
        yield Change("currency", ChangeKind.CHANGED, after.id, before.currency, after.currency)
    if before.start != after.start:
        yield Change("start", ChangeKind.CHANGED, after.id, ", ".join(before.start), ", ".join(after.start))
    svg = tuple(product.picture.svg if product.picture else "" for product in (before, after))
    if svg[0] != svg[1]:
        yield Change("picture", ChangeKind.CHANGED, after.id, f"{len(svg[0])} characters", f"{len(svg[1])} characters")
    yield from _rows("styles", ("property", "when"), _styles(before), _styles(after))


def _named(product: Product) -> str:
    return " · ".join(text for text in (product.words.en, product.words.zh, product.hint.en, product.hint.zh) if text)


def _styles(product: Product) -> list[dict[str, Any]]:
    return list(product.picture.as_json()["styles"]) if product.picture else []
