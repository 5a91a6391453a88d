"""Answers of the configurator: what is still possible, what it costs, and why something is not possible."""

from dataclasses import dataclass, field
from typing import Any

from lotone.configure.model.features import Rule, RuleKind
from lotone.kernel import Conflict, Invalid, Money

COUNT_MAX = 2**53
"""A larger count is written as text: numbers in JSON are exact up to here."""


@dataclass(frozen=True)
class Options:
    """What the choices so far leave open. Every feature is in exactly one of the first four, in the order of the model."""

    selected: tuple[str, ...]
    """The choices themselves."""
    forced: tuple[str, ...]
    """Not chosen, but in every configuration with these choices."""
    possible: tuple[str, ...]
    """In some configurations with these choices, not in others."""
    impossible: tuple[str, ...]
    """In no configuration with these choices; what was refused is here too."""
    switchable: tuple[str, ...]
    """Those of `impossible` that become possible when only the choice beside them in an alternative is exchanged."""
    price: Money
    """Of what is selected and forced."""
    price_min: Money
    """No configuration with these choices costs less."""
    price_max: Money
    """No configuration with these choices costs more."""
    count: int | None = None
    """How many configurations there are with these choices; None where it was not counted."""

    @property
    def is_complete(self) -> bool:
        """Nothing is open: selected and forced are the configuration."""
        return not self.possible

    @property
    def configuration(self) -> frozenset[str]:
        return frozenset(self.selected) | frozenset(self.forced)

    def as_json(self) -> dict[str, Any]:
        names = ("selected", "forced", "possible", "impossible", "switchable")
        amounts = {name: getattr(self, name).cents / 100 for name in ("price", "price_min", "price_max")}
        lists = {name: list(getattr(self, name)) for name in names}
        count = str(self.count) if self.count and self.count > COUNT_MAX else self.count
        return {**lists, **amounts, "currency": self.price.currency, "count": count, "complete": self.is_complete}


@dataclass(frozen=True)
class Explanation:
    """Why something can't be chosen as well, and the smallest change that makes room for it."""

    wanted: tuple[str, ...]
    take_back: tuple[str, ...] = ()
    """The fewest own choices that must go; empty when nothing stands against it, or when it is never possible."""
    rules: tuple[Rule, ...] = ()
    """The rules of the model that stand against it: without any one of them the reason would not hold."""
    is_never_possible: bool = False
    """The model has no configuration with it, whatever is taken back."""
    choices: tuple[str, ...] = field(default=())
    """The own choices that the rules involve."""

    @property
    def reasons(self) -> tuple[Rule, ...]:
        """The rules worth telling: constraints and groups. That a child needs its parent goes without saying."""
        telling = tuple(rule for rule in self.rules if rule.kind in (RuleKind.CONSTRAINT, RuleKind.GROUP))
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
        return f"no configuration has {', '.join(explanation.wanted) or 'any feature'}: {rules}"
    return f"take back {', '.join(explanation.take_back)}: with the other choices it breaks {rules}"


class Incomplete(Invalid):
    """A configuration in which something is still open."""
