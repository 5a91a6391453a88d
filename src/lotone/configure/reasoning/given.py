"""Values that a buyer gives to typed features, asked along with every question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from lotone.configure.model.expression import Scalar
from lotone.configure.model.features import FeatureType, Model
from lotone.configure.reasoning.reasoner import Answer, Costs, Reasoner
from lotone.configure.reasoning.typed import Typed
from lotone.kernel import Invalid


class WrongValue(Invalid):
    """A value for a feature that has none, or one of another kind."""


@dataclass(frozen=True)
class Given:
    """A Reasoner for models with typed features while some of them have these values."""

    typed: Typed
    values: Mapping[str, Scalar]

    def answer(self, assumptions: Sequence[int], cost: Costs) -> Answer | None:
        return self.typed.answer(assumptions, cost, self.values)

    def is_possible(self, assumptions: Sequence[int]) -> bool:
        return self.typed.is_possible(assumptions, self.values)

    def cheapest(self, assumptions: Sequence[int], cost: Costs) -> frozenset[int] | None:
        return self.typed.cheapest(assumptions, cost, self.values)

    def count(self, assumptions: Sequence[int]) -> int | None:
        return self.typed.count(assumptions, self.values)

    def sample(self, assumptions: Sequence[int], chance: Random) -> frozenset[int] | None:
        return self.typed.sample(assumptions, chance, self.values)


def with_values(reasoner: Reasoner, values: Mapping[str, Scalar]) -> Reasoner:
    """The reasoner while these values are given; one that no rule compares may be anything."""
    if not isinstance(reasoner, Typed):
        return reasoner
    theory = reasoner.theory
    compared = {name: value for name, value in values.items() if name in theory.numbers or name in theory.texts}
    return Given(reasoner, compared) if compared else reasoner


def checked(model: Model, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The values, each of the kind that its feature has; numbers may come as text. Raises WrongValue."""
    return {name: _checked(model, name, value) for name, value in values.items()}


def _checked(model: Model, name: str, value: Scalar) -> Scalar:
    kind = model.features[name].type
    try:
        match kind:
            case FeatureType.STRING:
                return str(value)
            case FeatureType.INTEGER:
                number = float(value)
                if number == int(number):
                    return int(number)
            case FeatureType.REAL:
                return float(value)
    except (ValueError, OverflowError):
        pass
    what = f"'{name}' has no value" if kind is FeatureType.BOOLEAN else f"'{name}' has a value of the type {kind.value}"
    raise WrongValue(f"{what}: {value!r} does not fit", where=name)
