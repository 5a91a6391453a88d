"""What pages and API both ask: analysis of a text, the plant to check against, difference and effect of versions."""

from dataclasses import dataclass
from typing import Any

from lotone.configure import (
    AS_ONE_TYPES,
    BrokenModel,
    Change,
    Draft,
    Effect,
    Fault,
    Held,
    Model,
    Plant,
    Product,
    TooHard,
    UnknownProduct,
    analyse,
    difference,
    effect_of,
    read_model,
)
from lotone.identity import Actor
from lotone.kernel import Invalid, LotOneError, Money
from lotone.wiring import Work

DRAFT = "draft"
"""How the draft is called where a version's number could stand."""


def who(actor: Actor) -> str:
    """Under which name a change is kept."""
    return actor.display or actor.who


def plant_of(work: Work) -> Plant:
    """What tables may name: parts, and work centers with their machines."""
    centers: dict[str, list[str]] = {}
    for item in work.assets.equipment():
        if item.level.value == "work_center":
            centers.setdefault(item.id, [])
        elif item.level.value == "work_unit" and item.parent:
            centers.setdefault(item.parent, []).append(item.id)
    return Plant(set(work.assets.parts()), centers)


def looked_at(product: Product) -> dict[str, Any]:
    """Faults of the model's text and, where it can be read, what the analysis finds; as plain values."""
    try:
        model = read_model(product.model_text, name="model")
    except BrokenModel as broken:
        return {"faults": [fault.as_json() for fault in broken.faults], "findings": [], "features": 0, "constraints": 0}
    size = {"features": len(model.features), "constraints": len(model.constraints), "faults": []}
    try:
        return {**size, **analyse(model, AS_ONE_TYPES).as_json(model, product.names)}
    except TooHard as fault:
        return {**size, "findings": [], "complete": False, "unlooked": {"void": len(model.features)}, "note": fault.message}


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a version, or the draft."""

    name: str
    product: Product

    @property
    def model(self) -> Model | None:
        try:
            return read_model(self.product.model_text, name=self.name)
        except BrokenModel:
            return None


def side(work: Work, product: str, name: str) -> Side:
    """A version by its number, the draft, or what is sold now (an empty name). Raises UnknownProduct, UnknownDraft."""
    if name == DRAFT:
        return Side(DRAFT, work.drafts.draft(product).as_product)
    if name and not (name.isascii() and name.isdecimal() and len(name) < 10):
        raise Invalid(f"expected the number of a version or '{DRAFT}', found '{name[:20]}'", where="version")
    found = work.configure.product(product, int(name) if name else None)
    return Side(str(found.version), found)


def changes_between(before: Side, after: Side) -> tuple[Change, ...]:
    return difference(before.product, after.product, before.model, after.model)


def held(work: Work, product: str) -> list[Held]:
    """What people hold of a product: open quotes and saved configurations."""
    quotes = [
        Held(
            quote.id,
            "quote",
            quote.configuration,
            quote.id,
            is_whole=True,
            price=Money(quote.price.cents // max(quote.quantity, 1), quote.price.currency),
        )
        for quote in work.orders.open_quotes(product)
    ]
    saved = [
        Held(one.id, "saved", one.choices, one.name, price=one.price) for one in work.saved.of_product(product)
    ]  # fmt: skip
    return [*quotes, *saved]


def effect(work: Work, product: str, after: Side) -> Effect | None:
    """What happens to what people hold when `after` is sold; None when it can't be sold at all."""
    try:
        before = work.configure.product(product)
    except UnknownProduct:
        before = None
    try:
        return effect_of(before, after.product, held(work, product))
    except LotOneError:
        return None


def faults(work: Work, draft: Draft) -> list[Fault]:
    return work.drafts.faults(draft, plant_of(work))
