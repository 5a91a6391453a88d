"""The configurator: answers about one model, for any number of threads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from random import Random
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from lotone.configure.model.demand import Demand, DemandRules
from lotone.configure.model.explosion import Tables
from lotone.configure.model.expression import Expression, Scalar, as_text, features_of
from lotone.configure.model.features import Model, Rule, RuleKind, similar
from lotone.configure.model.options import (
    Contradiction,
    Explanation,
    Incomplete,
    Names,
    Options,
    PriceWith,
    State,
    UnknownFeature,
)
from lotone.configure.reasoning.bounds import price_bound
from lotone.configure.reasoning.explaining import Explainer
from lotone.configure.reasoning.given import checked, with_values
from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.picking import Formula, Picked
from lotone.configure.reasoning.reasoner import NEVER, Answer, Costs, Reasoner
from lotone.configure.reasoning.sat import Deadline, Solver
from lotone.configure.reasoning.search import CLICK
from lotone.configure.reasoning.switching import Branches
from lotone.configure.reasoning.typed import Domain, Typed
from lotone.configure.reasoning.wishes import amounts, distance, ranked
from lotone.kernel import Money

VALID_MAX = 10_000
"""So many configurations that were found here are known to be valid."""
Values = Mapping[str, Scalar]
_NONE: Values = {}


@dataclass(frozen=True)
class _Asked:
    """Choices by name, choices and refusals as literals, values of typed features, and what answers about all of it."""

    chosen: list[str]
    assumptions: list[int]
    values: Values
    reasoner: Reasoner


class Configurator:
    """Answers about one model. All methods may be called from any thread, in any order of choices; it keeps no choices, so to
    undo one is to ask without it. The first answer compiles the model, within the limits; a model that does not compile is
    searched. All answers are exact; where the model is searched, nothing is counted and samples are not uniform.

    Raises UnknownFeature for names that the model does not have, Contradiction where the choices break a rule themselves, and
    TooHard where an answer takes longer than the limits.

    >>> from lotone.configure import read_model
    >>> rules = "constraints\\n    Belt => Rack"
    >>> tree = "features\\n    Bike\\n        optional\\n            Belt {Price 90}\\n            Rack\\n"
    >>> model = read_model(tree + rules)
    >>> options = Configurator(model).options(["Belt"])
    >>> options.forced, str(options.price), options.count
    (('Bike', 'Rack'), '90.00 EUR', 1)
    """

    def __init__(
        self,
        model: Model,
        demand: DemandRules | None = None,
        *,
        currency: str = "EUR",
        limits: Limits | None = None,
        reasoner: Reasoner | None = None,
    ) -> None:
        self.model = model
        self.demand = demand or DemandRules()
        self.currency = currency
        self.formula = Formula(model)
        self._picked = Picked(self.formula, limits or Limits(), reasoner)
        self._explainer = Explainer(model, self.formula, CLICK)
        self._lock = Lock()
        self._names = Names(tuple(model.features))
        self._variable = self.formula.clauses.variable
        self._branches = Branches(model)
        self._valid: set[frozenset[str]] = set()
        self._price = np.zeros(self.formula.variables + 1, dtype=np.int64)
        self._price[1 : len(self._variable) + 1] = [feature.price_cents for feature in model.features.values()]

    @property
    def reasoner(self) -> Reasoner:
        """What answers, compiled if need be."""
        return self._picked.get()

    def use(self, reasoner: Reasoner) -> None:
        """Let another reasoner about the same clauses answer from now on."""
        self._picked.set(reasoner)

    # -- what is possible

    def options(self, choices: Iterable[str], refused: Iterable[str] = (), values: Values = _NONE) -> Options:
        """What the choices leave open. `values` are those of typed features, which are then chosen. Raises WrongValue."""
        asked = self._asked(choices, refused, values)
        answer = self._answer(asked)
        features = slice(1, self.formula.features + 1)
        can_be_in, can_be_out = answer.can_be_in[features], answer.can_be_out[features]
        states = np.where(can_be_in, np.where(can_be_out, State.POSSIBLE, State.FORCED), State.IMPOSSIBLE).astype(np.uint8)
        states[[self._variable[name] - 1 for name in asked.chosen]] = State.SELECTED
        low, high = self._bounds(answer, states)
        return Options(
            names=self._names,
            states=states,
            price=Money(int(self._price[features][states >= State.FORCED].sum()), self.currency),
            price_min=Money(low, self.currency),
            price_max=Money(high, self.currency),
            price_with=self._price_with(answer),
            is_price_attained=answer.attained,
            values=asked.values,
            counted=partial(asked.reasoner.count, asked.assumptions),
            switched=partial(self._switchable, asked, states == State.IMPOSSIBLE),
        )

    def domain(
        self, feature: str, choices: Iterable[str] = (), refused: Iterable[str] = (), values: Values = _NONE
    ) -> Domain | None:
        """What the value of a typed feature can be beside the choices and the other values; None where no rule compares it,
        or where the feature can't be in."""
        self._known([feature])
        asked = self._asked(choices, refused, {name: value for name, value in values.items() if name != feature})
        typed = self.reasoner
        return typed.domain(feature, asked.assumptions, asked.values) if isinstance(typed, Typed) else None

    def is_possible(self, expressions: Iterable[Expression] = (), *, choices: Iterable[str] = ()) -> bool:
        """Is there a configuration with the choices in which all these expressions are true?"""
        return self.example(expressions, choices=choices) is not None

    def example(self, expressions: Iterable[Expression] = (), *, choices: Iterable[str] = ()) -> frozenset[str] | None:
        """Some configuration with the choices in which all these expressions are true, or None."""
        expressions = tuple(expressions)
        asked = self._asked(choices, ())
        for expression in expressions:
            self._known(features_of(expression))
        if self.formula.clauses.is_typed:
            return self._typed_example(expressions, asked)
        deadline = Deadline(CLICK, f"{self.model.name}: a configuration with some conditions")
        with self._lock:
            clauses, known = self.formula.clauses, len(self.formula.clauses.definitions)
            literals = [clauses.literal(expression) for expression in expressions]
            self._solver.add(clauses.definitions[known:])
            if not self._solver.solve([*asked.assumptions, *literals], deadline):
                return None
            return self._named(np.flatnonzero(self._solver.true(self.formula.features)).tolist())

    def _typed_example(self, expressions: tuple[Expression, ...], asked: _Asked) -> frozenset[str] | None:
        """Comparisons in the expressions need a program of their own: the model with the expressions as further rules."""
        reasoner = asked.reasoner
        if expressions:
            rules = tuple(Rule(RuleKind.CONSTRAINT, as_text(expression), 0, expression) for expression in expressions)
            reasoner = Configurator(replace(self.model, constraints=(*self.model.constraints, *rules))).reasoner
        found = reasoner.cheapest(asked.assumptions, np.zeros_like(self._price))
        return None if found is None else self._named(found)

    def explain(
        self, choices: Iterable[str], wanted: str | Iterable[str], refused: Iterable[str] = (), values: Values = _NONE
    ) -> Explanation:
        """Why `wanted` does not go with the choices: the fewest choices to take back, and the rules that stand against it.

        Where only the values stand against it, the features are told whose values must go; no other of them could stay.
        """
        wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        self._known(wanted)
        return self._explained(self._asked([choice for choice in choices if choice not in wanted], refused, values), wanted)

    def _explained(self, asked: _Asked, wanted: Sequence[str]) -> Explanation:
        literals = [self._variable[name] for name in wanted]
        why = self._explainer.explain(self.reasoner, asked.assumptions, literals)
        if not why.is_possible or not asked.values or asked.reasoner.is_possible([*asked.assumptions, *literals]):
            return why
        kept: dict[str, Scalar] = {}
        for name, value in asked.values.items():
            if with_values(self.reasoner, {**kept, name: value}).is_possible([*asked.assumptions, *literals]):
                kept[name] = value
        gone = tuple(name for name in asked.values if name not in kept)
        return Explanation(tuple(wanted), take_back=gone, choices=gone)

    def choose(self, choices: Iterable[str], wanted: str, refused: Iterable[str] = ()) -> tuple[str, ...]:
        """The choices after choosing one more: what stands against it in its own alternatives is exchanged for it.

        Raises Contradiction when other choices stand against it too.
        """
        self._known([wanted])
        kept = [choice for choice in choices if choice != wanted]
        if not self._fits([*kept, wanted], refused):
            rivals = self._branches.rivals(wanted)
            kept = [choice for choice in kept if choice not in rivals]
        if not self._fits([*kept, wanted], refused):
            raise Contradiction(self.explain(kept, wanted, refused))
        return (*kept, wanted)

    # -- one configuration

    def complete(
        self,
        choices: Iterable[str],
        refused: Iterable[str] = (),
        cost: str | Mapping[str, float] | None = None,
        values: Values = _NONE,
    ) -> frozenset[str]:
        """The cheapest configuration with the choices; of several equally cheap ones, one with few features.

        `cost` may be the name of an attribute, such as `Days` or `Footprint`, or an amount for each feature, to three
        decimals: then it is the configuration with the least sum of that, of several the cheapest. Raises UnknownAttribute.
        """
        wishes = [self._price, distance(self.formula.variables, self.formula.features)]
        if cost is not None:
            wishes.insert(0, amounts(self.model, cost, self.formula.variables))
        return self._best(self._asked(choices, refused, values), *wishes)

    def nearest(
        self, choices: Iterable[str], wanted: str | Iterable[str], refused: Iterable[str] = (), values: Values = _NONE
    ) -> frozenset[str]:
        """The configuration with `wanted` that differs in the fewest features from the present one: "change it anyway".

        The present one is the choices with what they force, so a complete configuration is itself. Of several equally near
        ones it is the cheapest. Raises Contradiction when no configuration has what is wanted without what is refused.
        """
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        own = self._asked(choices, ())
        answer = own.reasoner.answer(own.assumptions, self._price)
        present = own.assumptions if answer is None else np.flatnonzero(answer.can_be_in & ~answer.can_be_out).tolist()
        features, variables = self.formula.features, self.formula.variables
        near = distance(variables, features, [variable for variable in present if variable <= features])
        return self._best(self._asked(wanted, refused, values), near, self._price)

    def sample(
        self,
        choices: Iterable[str] = (),
        seed: int | str | None = None,
        refused: Iterable[str] = (),
        values: Values = _NONE,
    ) -> frozenset[str]:
        """A random configuration with the choices, each equally likely where `samples_are_uniform`; the same for one seed."""
        asked = self._asked(choices, refused, values)
        found = asked.reasoner.sample(asked.assumptions, Random(seed))  # noqa: S311 (a sample, no secret)
        if found is None:
            raise Contradiction(self._explained(asked, ()))
        return self._named(found)

    @property
    def samples_are_uniform(self) -> bool:
        return bool(getattr(self.reasoner, "is_uniform", True))

    # -- numbers

    def price(self, choices: Iterable[str]) -> Money:
        """What the choices and all that they force cost together, by the attribute `Price`."""
        return self.options(choices).price

    def count(self, choices: Iterable[str] = (), refused: Iterable[str] = (), values: Values = _NONE) -> int | None:
        """How many configurations have the choices, exactly; None where the model can't be counted."""
        asked = self._asked(choices, refused, values)
        return asked.reasoner.count(asked.assumptions)

    # -- what it needs

    def check(self, configuration: Iterable[str], values: Values = _NONE) -> frozenset[str]:
        """The configuration, when it is complete and breaks no rule. Raises Incomplete, Contradiction, UnknownFeature."""
        if not values and isinstance(configuration, frozenset) and configuration in self._valid:
            return configuration
        asked = self._asked(configuration, (), values)
        chosen = frozenset(asked.chosen)
        others = [-number for name, number in self._variable.items() if name not in chosen]
        if not asked.reasoner.is_possible([*asked.assumptions, *others]):
            options = self.options(asked.chosen, values=values)
            missing = [*options.forced, *self._open_groups(chosen)] or [*options.possible]
            raise Incomplete(f"the configuration is not complete, still missing: {'; '.join(missing[:5])}")
        return chosen

    def _open_groups(self, chosen: frozenset[str]) -> list[str]:
        groups = [group for name in self.model.in_order(chosen) for group in self.model.features[name].groups]
        return [group.text for group in groups if sum(member.name in chosen for member in group.members) < group.low]

    def explode(self, configuration: Iterable[str], values: Values = _NONE) -> Demand:
        """Parts and operations that make one unit of a complete configuration with these values. Raises as `check` does,
        Incomplete where the tables need a value that is not given, and NoAmount where a formula has none."""
        chosen = self.check(configuration, values)
        missing = [name for name in self.model.in_order(self._tables.typed & chosen) if name not in values]
        if missing:
            raise Incomplete(f"the configuration is not complete, still missing: a value for {', '.join(missing)}")
        return self._tables.explode(chosen, checked(self.model, values))

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.demand.bound(self.model), typed=self.model.typed)

    # -- inside

    def _known(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._variable:
                raise UnknownFeature(f"{self.model.name} has no feature '{name}'{similar(name, self._variable)}")

    def _asked(self, choices: Iterable[str], refused: Iterable[str], values: Values = _NONE) -> _Asked:
        chosen, without = list(dict.fromkeys([*choices, *values])), list(dict.fromkeys(refused))
        self._known(chosen)
        self._known(without)
        literals = [self._variable[name] for name in chosen] + [-self._variable[name] for name in without]
        if not values:
            return _Asked(chosen, literals, _NONE, self.reasoner)
        values = checked(self.model, values)
        return _Asked(chosen, literals, values, with_values(self.reasoner, values))

    def _named(self, variables: Iterable[int]) -> frozenset[str]:
        names = self._names.in_order
        return frozenset(names[variable - 1] for variable in variables if variable <= len(names))

    def _answer(self, asked: _Asked) -> Answer:
        answer = asked.reasoner.answer(asked.assumptions, self._price)
        if answer is None:
            raise Contradiction(self._explained(asked, ()))
        return answer

    def _fits(self, choices: Iterable[str], refused: Iterable[str]) -> bool:
        asked = self._asked(choices, refused)
        return asked.reasoner.is_possible(asked.assumptions)

    def _best(self, asked: _Asked, *costs: Costs) -> frozenset[str]:
        found = asked.reasoner.cheapest(asked.assumptions, ranked(*costs))
        if found is None:
            raise Contradiction(self._explained(asked, ()))
        configuration = self._named(found)
        if not asked.values:
            if len(self._valid) > VALID_MAX:
                self._valid = set()
            self._valid.add(configuration)
        return configuration

    def _bounds(self, answer: Answer, states: NDArray[np.uint8]) -> tuple[int, int]:
        """Lowest and highest price: as answered, or the closer bounds of the tree where those are not attained."""
        if answer.attained:
            return answer.low, answer.high
        always = frozenset(self._names.at(np.flatnonzero(states >= State.FORCED)))
        never = frozenset(self._names.at(np.flatnonzero(states == State.IMPOSSIBLE)))
        low, high = (price_bound(self.model.root, always, never, lowest=lowest) for lowest in (True, False))
        return max(low, answer.low), min(high, answer.high)

    def _price_with(self, answer: Answer) -> Mapping[str, Money]:
        if answer.low_with is None:
            return {}
        cents = answer.low_with[1 : self.formula.features + 1]
        return PriceWith(self._names, cents, cents != NEVER, self.currency)

    def _switchable(self, asked: _Asked, never: NDArray[np.bool_]) -> NDArray[np.int64]:
        refused = [literal for literal in asked.assumptions if literal < 0]

        def can_be_in(kept: Sequence[str]) -> NDArray[np.bool_] | None:
            answer = asked.reasoner.answer([*(self._variable[name] for name in kept), *refused], self._price)
            return None if answer is None else answer.can_be_in[1 : self.formula.features + 1]

        return self._branches.switchable(asked.chosen, never, can_be_in)

    @cached_property
    def _solver(self) -> Solver:
        return Solver(self.formula.clauses.all())
