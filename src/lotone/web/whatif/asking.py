"""What pages and API both ask: changes as people and programs give them, and the planner process for what takes longer."""

from collections.abc import Iterable, Mapping
from typing import Any

from lotone.identity import Actor
from lotone.kernel import Words
from lotone.plan import Change, Scenario, Snapshot, WrongChange, change_of
from lotone.plan.model.altering import Called
from lotone.wiring import STUDIES, Platform, Work

CHOICES_MOST = 2000


def who(actor: Actor) -> str:
    """Under which name a scenario is kept."""
    return actor.display or actor.who


def call_planner(platform: Platform, organization: str) -> None:
    """Somebody waits for a long question: the planner process looks at once. Without the hint it looks soon."""
    platform.messages.publish(f"{STUDIES}.{organization}")


def change_from(work: Work, values: Mapping[str, Any]) -> Change:
    """A change from its JSON. That of a new order may name a product, choices and a quantity instead of its demand.

    Raises WrongChange, and what the configurator raises.
    """
    if values.get("kind") != "order" or "demand" in values:
        return change_of(values)
    product, choices, quantity = values.get("product"), values.get("choices", []), values.get("quantity", 1)
    if not isinstance(product, str) or not isinstance(choices, list) or len(choices) > CHOICES_MOST:
        raise WrongChange("a new order needs a product and a list of choices", where="product")
    if not isinstance(quantity, int):
        raise WrongChange("the quantity of a new order is a whole number", where="quantity")
    demand = work.orders.demanded(product, [str(each) for each in choices], quantity=quantity)
    rest = {name: value for name, value in values.items() if name not in ("product", "choices", "quantity")}
    return change_of({**rest, "demand": demand.as_json()})


def scenario_from(work: Work, name: str, changes: Iterable[Mapping[str, Any]]) -> Scenario:
    return Scenario(name, tuple(change_from(work, each) for each in changes))


def said(change: Change, snapshot: Snapshot, called: Called = str) -> Words:
    """A change in words, also when what it speaks of is gone from the plan by now."""
    try:
        return change.said(snapshot, called)
    except WrongChange as fault:
        return Words(f"{change.kind.replace('_', ' ')}: {fault.message}")
