"""Answers of the configurator: what is still possible, what it costs, and why something is not possible."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotone.configure.model.features import Rule, RuleKind
from lotone.kernel import Conflict, Invalid, Money

Value = int | float | str
"""What a typed feature has."""


class State(IntEnum):
    """What a feature is under the choices so far."""

    IMPOSSIBLE = 0
    """In no configuration with these choices; what was refused is here too."""
    POSSIBLE = 1
    """In some configurations with these choices, not in others."""
    FORCED = 2
    """Not chosen, but in every configuration with these choices."""
    SELECTED = 3
    """One of the choices themselves."""


@dataclass(frozen=True)
class Names:
    """The features of a model in its order, and their places."""

    in_order: tuple[str, ...]

    @cached_property
    def place(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.in_order)}

    def at(self, places: NDArray[np.int64]) -> tuple[str, ...]:
        return tuple(map(self.in_order.__getitem__, places.tolist()))


class PriceWith(Mapping[str, Money]):
    """The least price of a configuration that has a feature, for every feature that some configuration has."""

    def __init__(self, names: Names, cents: NDArray[np.int64], is_known: NDArray[np.bool_], currency: str) -> None:
        self._names, self._cents, self._is_known, self._currency = names, cents, is_known, currency

    def __getitem__(self, name: str) -> Money:
        place = self._names.place[name]
        if not self._is_known[place]:
            raise KeyError(name)
        return Money(int(self._cents[place]), self._currency)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.at(np.flatnonzero(self._is_known)))

    def __len__(self) -> int:
        return int(self._is_known.sum())


@dataclass(frozen=True, eq=False)
class Options:
    """What the choices so far leave open. Every feature is in exactly one of `selected`, `forced`, `possible`, `impossible`,
    each in the order of the model. Lists of names, `count` and `switchable` are made when they are asked for."""

    names: Names = field(repr=False)
    states: NDArray[np.uint8] = field(repr=False)
    """The `State` of each feature, in the order of the model."""
    price: Money
    """Of what is selected and forced."""
    price_min: Money
    """No configuration with these choices costs less."""
    price_max: Money
    """No configuration with these choices costs more."""
    price_with: Mapping[str, Money] = field(repr=False)
    """The least price of a configuration with these choices and the feature, for selected, forced and possible ones; empty
    where it is not known (models that do not compile)."""
    is_price_attained: bool = True
    """There are configurations at just `price_min` and `price_max`; otherwise they are bounds, and that is all."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """The values given to typed features, and those that follow from the choices."""
    counted: Callable[[], int | None] = field(default=lambda: None, repr=False)
    switched: Callable[[], NDArray[np.int64]] = field(default=lambda: np.zeros(0, dtype=np.int64), repr=False)
    """What computes `count` and the places of `switchable`."""

    @cached_property
    def selected(self) -> tuple[str, ...]:
        """The choices themselves."""
        return self._in(State.SELECTED)

    @cached_property
    def forced(self) -> tuple[str, ...]:
        """Not chosen, but in every configuration with these choices."""
        return self._in(State.FORCED)

    @cached_property
    def possible(self) -> tuple[str, ...]:
        """In some configurations with these choices, not in others."""
        return self._in(State.POSSIBLE)

    @cached_property
    def impossible(self) -> tuple[str, ...]:
        """In no configuration with these choices; what was refused is here too."""
        return self._in(State.IMPOSSIBLE)

    @cached_property
    def switchable(self) -> tuple[str, ...]:
        """Those of `impossible` that become possible when only the choice beside them in an alternative is exchanged."""
        return self.names.at(self.switched())

    @cached_property
    def count(self) -> int | None:
        """How many configurations there are with these choices, exactly; None where this can't be counted."""
        return self.counted()

    def state(self, name: str) -> State:
        """What one feature is. Raises KeyError for one that the model does not have."""
        return State(int(self.states[self.names.place[name]]))

    @cached_property
    def is_complete(self) -> bool:
        """Nothing is open: selected and forced are the configuration."""
        return not bool((self.states == State.POSSIBLE).any())

    @cached_property
    def configuration(self) -> frozenset[str]:
        return frozenset(self.selected) | frozenset(self.forced)

    def _in(self, state: State) -> tuple[str, ...]:
        return self.names.at(np.flatnonzero(self.states == state))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and self.as_json() == other.as_json()

    __hash__ = None  # type: ignore[assignment]

    def as_json(self) -> dict[str, Any]:
        """Plain values; the exact count as text, as numbers in JSON end at 2^53."""
        names = ("selected", "forced", "possible", "impossible", "switchable")
        amounts = {name: getattr(self, name).cents / 100 for name in ("price", "price_min", "price_max")}
        return {
            **{name: list(getattr(self, name)) for name in names},
            **amounts,
            "price_attained": self.is_price_attained,
            "price_with": {name: self.price_with[name].cents / 100 for name in self.possible if name in self.price_with},
            "currency": self.price.currency,
            "count": None if self.count is None else str(self.count),
            "complete": self.is_complete,
            "values": dict(self.values),
        }


@dataclass(frozen=True)
class Explanation:
    """Why something can't be chosen as well, and the smallest change that makes room for it."""

    wanted: tuple[str, ...]
    take_back: tuple[str, ...] = ()
    """The fewest own choices that must go; empty when nothing stands against it, or when it is never possible."""
    rules: tuple[Rule, ...] = ()
    """The rules of the model that stand against it: without any one of them the reason would not hold. Empty where it is
    not known in time which ones."""
    is_never_possible: bool = False
    """The model has no configuration with it, whatever is taken back."""
    choices: tuple[str, ...] = field(default=())
    """The own choices that the rules involve."""

    @property
    def reasons(self) -> tuple[Rule, ...]:
        """The rules worth telling: constraints and groups. That a child needs its parent goes without saying."""
        telling = tuple(rule for rule in self.rules if rule.kind in (RuleKind.CONSTRAINT, RuleKind.GROUP, RuleKind.TABLE))
        return telling or self.rules

    @property
    def constraints(self) -> tuple[str, ...]:
        """The reasons as the model's text says them."""
        return tuple(rule.text for rule in self.reasons)

    @property
    def is_possible(self) -> bool:
        return not self.take_back and not self.is_never_possible

    def as_json(self) -> dict[str, Any]:
        return {
            "wanted": list(self.wanted),
            "possible": self.is_possible,
            "never": self.is_never_possible,
            "take_back": list(self.take_back),
            "choices": list(self.choices),
            "rules": [rule.as_json() for rule in self.rules],
        }


class UnknownFeature(Invalid):
    """A choice that the model does not have."""


class Contradiction(Conflict):
    """The choices contradict each other; `explanation` says which must go and why."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        super().__init__(_told(explanation))


def _told(explanation: Explanation) -> str:
    rules = "; ".join(rule.text for rule in explanation.rules)
    if explanation.is_never_possible:
        return f"no configuration has {', '.join(explanation.wanted) or 'any feature'}{': ' if rules else ''}{rules}"
    broken = f"with the other choices it breaks {rules}" if rules else "the other choices leave no room for it"
    return f"take back {', '.join(explanation.take_back)}: {broken}"


class Incomplete(Invalid):
    """A configuration in which something is still open."""
