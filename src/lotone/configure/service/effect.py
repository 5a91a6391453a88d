"""The effect of a version on what people hold, asked of the configurators before and after."""

from collections.abc import Iterable

from lotone.configure.model.effect import Affected, Effect, Held
from lotone.configure.model.options import Contradiction
from lotone.configure.model.product import Product
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.service.configurators import configurator_of
from lotone.kernel import LotOneError, Money

HELD_MAX = 2_000
"""Configurations that are looked at; further ones are counted."""


def effect_of(before: Product | None, after: Product, held: Iterable[Held]) -> Effect:
    """Which of the held configurations stay valid when `after` takes the place of `before`, and what they cost then.

    Raises what `configurator_of` raises for a product that can't be read.
    """
    everything = list(held)
    old = configurator_of(before) if before is not None else None
    new = configurator_of(after)
    looked = [_affected(one, old, new) for one in everything[:HELD_MAX]]
    looked.sort(key=lambda one: (one.is_valid, -abs(one.cents)))
    return Effect(looked, max(0, len(everything) - HELD_MAX))


def _affected(one: Held, old: Configurator | None, new: Configurator) -> Affected:
    before = one.price or _price(one, old)
    gone = [name for name in one.features if name not in new.model.features]
    if gone:
        return Affected(one, False, tuple(f"'{name}' is gone" for name in gone), before)
    others = [name for name in new.model.features if name not in one.features] if one.is_whole else []
    try:
        options = new.options(one.features, refused=others)
    except Contradiction as fault:
        return Affected(one, False, fault.explanation.constraints or (fault.message,), before)
    return Affected(one, True, (), before, options.price)


def _price(one: Held, configurator: Configurator | None) -> Money | None:
    try:
        return configurator.price(one.features) if configurator else None
    except LotOneError:
        return None
