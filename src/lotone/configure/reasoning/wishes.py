"""What somebody would like a configuration to be, as one cost for each feature: the least sum is the best."""

from collections.abc import Collection, Mapping

import numpy as np

from lotone.configure.model.features import Model
from lotone.configure.reasoning.reasoner import Costs
from lotone.kernel import Invalid

SUM_MAX = 2**61
DECIMALS = 1000
"""Attributes are weighed to three decimals."""


class UnknownAttribute(Invalid):
    """No feature of the model has this attribute as a number."""


def ranked(*costs: Costs) -> Costs:
    """One cost in which each of the given outweighs all that come after it; as many of them as 64 bits hold."""
    total = costs[0].astype(np.int64)
    for cost in costs[1:]:
        factor = int(np.abs(cost).sum()) * 2 + 1
        if int(np.abs(total).sum()) * factor > SUM_MAX // 2:
            break
        total = total * factor + cost
    return total


def distance(variables: int, features: int, present: Collection[int] = ()) -> Costs:
    """In how many features a configuration differs from those present, up to a constant."""
    cost = np.zeros(variables + 1, dtype=np.int64)
    cost[1 : features + 1] = 1
    cost[list(present)] = -1
    return cost


def amounts(model: Model, by: str | Mapping[str, float], variables: int) -> Costs:
    """The amount of each feature, by the name of an attribute or as given. Raises UnknownAttribute.

    Names of attributes are compared without case. What has none costs nothing.
    """
    given = _of_attribute(model, by) if isinstance(by, str) else by
    cost = np.zeros(variables + 1, dtype=np.int64)
    for number, name in enumerate(model.features, start=1):
        if name in given:
            cost[number] = round(given[name] * DECIMALS)
    return cost


def _of_attribute(model: Model, attribute: str) -> dict[str, float]:
    found: dict[str, float] = {}
    known: set[str] = set()
    for feature in model.features.values():
        for name, value in feature.attributes.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                known.add(name)
                if name.lower() == attribute.lower():
                    found[feature.name] = value
    if not found:
        has = f"; it has {', '.join(sorted(known))}" if known else ""
        raise UnknownAttribute(f"no feature of {model.name} has the attribute '{attribute}' as a number{has}")
    return found
