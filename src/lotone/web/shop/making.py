"""Whole configurations at one press: the cheapest, one that is ready sooner, the one with the least footprint."""

from collections.abc import Callable
from dataclasses import dataclass

from lotone.configure import Product, configurator_of
from lotone.kernel import Invalid
from lotone.web.shop.choosing import Sheet, sheet, take
from lotone.web.shop.days import days_of, soonest
from lotone.web.shop.wording import Wording
from lotone.wiring import Work

STEPS_MAX = 6
"""So many options are exchanged at most to be ready sooner; each is asked about with all the others still open."""
FOOTPRINT = "Footprint"


@dataclass(frozen=True)
class Make:
    """One such press."""

    name: str
    icon: str
    text: str
    make: Callable[[Work, Sheet, Wording], Sheet]


class NotMade(Invalid):
    """Nothing is made by that name."""


def _cheapest(work: Work, shown: Sheet, say: Wording) -> Sheet:
    return sheet(shown.product, _named(shown.product, configurator_of(shown.product).complete(())))


def _sooner(work: Work, shown: Sheet, say: Wording) -> Sheet:
    """Exchange one option after the other for the one that gains most, until no single one gains a day."""
    configurator = configurator_of(shown.product)
    for _ in range(STEPS_MAX):
        found = soonest(days_of(work, shown, say, age_s=0.0), shown)
        if not found:
            break
        shown = sheet(shown.product, take(configurator, shown.choices, found[0][1].option.name))
    return shown


def _lightest(work: Work, shown: Sheet, say: Wording) -> Sheet:
    configurator = configurator_of(shown.product)
    return sheet(shown.product, _named(shown.product, configurator.complete((), cost=FOOTPRINT)))


def _named(product: Product, configuration: frozenset[str]) -> tuple[str, ...]:
    """The features of a configuration that a buyer chooses."""
    model = configurator_of(product).model
    return tuple(name for name in model.in_order(configuration) if not model.features[name].abstract)


# The texts are collected for translation by `say`; see `makes_of`.
CHEAPEST = Make("cheapest", "wallet", "Make it the cheapest", _cheapest)
SOONER = Make("soonest", "calendar-clock", "Make it the soonest", _sooner)
LIGHTEST = Make("footprint", "sparkles", "Make it the lowest footprint", _lightest)


def makes_of(product: Product) -> list[Make]:
    """What can be made of a product: the footprint only where its model tells it."""
    features = configurator_of(product).model.features.values()
    has_footprint = any(FOOTPRINT in feature.attributes for feature in features)
    return [CHEAPEST, SOONER, *([LIGHTEST] if has_footprint else [])]


def made(work: Work, shown: Sheet, name: str, say: Wording) -> Sheet:
    """The configuration after one press. Raises NotMade."""
    found = next((make for make in makes_of(shown.product) if make.name == name), None)
    if found is None:
        raise NotMade(f"'{name[:40]}' can't be made of {shown.product.id}", where="make")
    return found.make(work, shown, say)
