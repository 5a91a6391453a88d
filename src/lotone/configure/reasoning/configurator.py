"""The configurator: answers about one model, for any number of threads."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from random import Random
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from lotone.configure.model.demand import Demand, DemandRules
from lotone.configure.model.explosion import Tables
from lotone.configure.model.expression import Expression, features_of
from lotone.configure.model.features import Model, similar
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
from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.picking import Formula, Picked
from lotone.configure.reasoning.reasoner import NEVER, Answer, Costs, Reasoner
from lotone.configure.reasoning.sat import Deadline, Solver
from lotone.configure.reasoning.search import CLICK
from lotone.configure.reasoning.switching import Branches
from lotone.configure.reasoning.wishes import amounts, distance, ranked
from lotone.kernel import Money

Assumptions = tuple[list[str], list[int]]
"""Choices by name, and choices and refusals as literals."""


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

    def options(self, choices: Iterable[str], refused: Iterable[str] = ()) -> Options:
        """What the choices leave open."""
        chosen, assumptions = self._assumptions(choices, refused)
        answer = self._answer(assumptions)
        features = slice(1, self.formula.features + 1)
        can_be_in, can_be_out = answer.can_be_in[features], answer.can_be_out[features]
        states = np.where(can_be_in, np.where(can_be_out, State.POSSIBLE, State.FORCED), State.IMPOSSIBLE).astype(np.uint8)
        states[[self._variable[name] - 1 for name in chosen]] = State.SELECTED
        low, high = self._bounds(answer, states)
        return Options(
            names=self._names,
            states=states,
            price=Money(int(self._price[features][states >= State.FORCED].sum()), self.currency),
            price_min=Money(low, self.currency),
            price_max=Money(high, self.currency),
            price_with=self._price_with(answer),
            is_price_attained=answer.attained,
            counted=partial(self.reasoner.count, assumptions),
            switched=partial(self._switchable, chosen, assumptions, states == State.IMPOSSIBLE),
        )

    def is_possible(self, expressions: Iterable[Expression] = (), *, choices: Iterable[str] = ()) -> bool:
        """Is there a configuration with the choices in which all these expressions are true?"""
        return self.example(expressions, choices=choices) is not None

    def example(self, expressions: Iterable[Expression] = (), *, choices: Iterable[str] = ()) -> frozenset[str] | None:
        """Some configuration with the choices in which all these expressions are true, or None."""
        expressions = tuple(expressions)
        _, assumptions = self._assumptions(choices, ())
        for expression in expressions:
            self._known(features_of(expression))
        deadline = Deadline(CLICK, f"{self.model.name}: a configuration with some conditions")
        with self._lock:
            clauses, known = self.formula.clauses, len(self.formula.clauses.definitions)
            asked = [clauses.literal(expression) for expression in expressions]
            self._solver.add(clauses.definitions[known:])
            if not self._solver.solve([*assumptions, *asked], deadline):
                return None
            return self._named(np.flatnonzero(self._solver.true(self.formula.features)).tolist())

    def explain(self, choices: Iterable[str], wanted: str | Iterable[str], refused: Iterable[str] = ()) -> Explanation:
        """Why `wanted` does not go with the choices: the fewest choices to take back, and the rules that stand against it."""
        wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        self._known(wanted)
        _, assumptions = self._assumptions([choice for choice in choices if choice not in wanted], refused)
        return self._explainer.explain(self.reasoner, assumptions, [self._variable[name] for name in wanted])

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
    ) -> frozenset[str]:
        """The cheapest configuration with the choices; of several equally cheap ones, one with few features.

        `cost` may be the name of an attribute, such as `Days` or `Footprint`, or an amount for each feature, to three
        decimals: then it is the configuration with the least sum of that, of several the cheapest. Raises UnknownAttribute.
        """
        wishes = [self._price, distance(self.formula.variables, self.formula.features)]
        if cost is not None:
            wishes.insert(0, amounts(self.model, cost, self.formula.variables))
        _, assumptions = self._assumptions(choices, refused)
        return self._best(assumptions, *wishes)

    def nearest(self, choices: Iterable[str], wanted: str | Iterable[str], refused: Iterable[str] = ()) -> frozenset[str]:
        """The configuration with `wanted` that differs in the fewest features from the present one: "change it anyway".

        The present one is the choices with what they force, so a complete configuration is itself. Of several equally near
        ones it is the cheapest. Raises Contradiction when no configuration has what is wanted without what is refused.
        """
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        _, own = self._assumptions(choices, ())
        _, assumptions = self._assumptions(wanted, refused)
        answer = self.reasoner.answer(own, self._price)
        present = own if answer is None else np.flatnonzero(answer.can_be_in & ~answer.can_be_out).tolist()
        features, variables = self.formula.features, self.formula.variables
        near = distance(variables, features, [variable for variable in present if variable <= features])
        return self._best(assumptions, near, self._price)

    def sample(
        self, choices: Iterable[str] = (), seed: int | str | None = None, refused: Iterable[str] = ()
    ) -> frozenset[str]:
        """A random configuration with the choices, each equally likely where `samples_are_uniform`; the same for one seed."""
        _, assumptions = self._assumptions(choices, refused)
        found = self.reasoner.sample(assumptions, Random(seed))  # noqa: S311 (a sample, no secret)
        if found is None:
            raise self._contradiction(assumptions)
        return self._named(found)

    @property
    def samples_are_uniform(self) -> bool:
        return bool(getattr(self.reasoner, "is_uniform", True))

    # -- numbers

    def price(self, choices: Iterable[str]) -> Money:
        """What the choices and all that they force cost together, by the attribute `Price`."""
        return self.options(choices).price

    def count(self, choices: Iterable[str] = (), refused: Iterable[str] = ()) -> int | None:
        """How many configurations have the choices, exactly; None where the model can't be counted."""
        return self.reasoner.count(self._assumptions(choices, refused)[1])

    # -- what it needs

    def check(self, configuration: Iterable[str]) -> frozenset[str]:
        """The configuration, when it is complete and breaks no rule. Raises Incomplete, Contradiction, UnknownFeature."""
        names, assumptions = self._assumptions(configuration, ())
        chosen = frozenset(names)
        others = [-number for name, number in self._variable.items() if name not in chosen]
        if not self.reasoner.is_possible([*assumptions, *others]):
            options = self.options(names)
            missing = [*options.forced, *self._open_groups(chosen)] or [*options.possible]
            raise Incomplete(f"the configuration is not complete, still missing: {'; '.join(missing[:5])}")
        return chosen

    def _open_groups(self, chosen: frozenset[str]) -> list[str]:
        groups = [group for name in self.model.in_order(chosen) for group in self.model.features[name].groups]
        return [group.text for group in groups if sum(member.name in chosen for member in group.members) < group.low]

    def explode(self, configuration: Iterable[str]) -> Demand:
        """Parts and operations that make one unit of a complete configuration. Raises as `check` does."""
        return self._tables.explode(self.check(configuration))

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.demand.bound(self.model))

    # -- inside

    def _known(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._variable:
                raise UnknownFeature(f"{self.model.name} has no feature '{name}'{similar(name, self._variable)}")

    def _assumptions(self, choices: Iterable[str], refused: Iterable[str]) -> Assumptions:
        chosen, without = list(dict.fromkeys(choices)), list(dict.fromkeys(refused))
        self._known(chosen)
        self._known(without)
        return chosen, [self._variable[name] for name in chosen] + [-self._variable[name] for name in without]

    def _named(self, variables: Iterable[int]) -> frozenset[str]:
        names = self._names.in_order
        return frozenset(names[variable - 1] for variable in variables if variable <= len(names))

    def _answer(self, assumptions: Sequence[int]) -> Answer:
        answer = self.reasoner.answer(assumptions, self._price)
        if answer is None:
            raise self._contradiction(assumptions)
        return answer

    def _contradiction(self, assumptions: Sequence[int]) -> Contradiction:
        return Contradiction(self._explainer.explain(self.reasoner, assumptions, ()))

    def _fits(self, choices: Iterable[str], refused: Iterable[str]) -> bool:
        return self.reasoner.is_possible(self._assumptions(choices, refused)[1])

    def _best(self, assumptions: Sequence[int], *costs: Costs) -> frozenset[str]:
        found = self.reasoner.cheapest(assumptions, ranked(*costs))
        if found is None:
            raise self._contradiction(assumptions)
        return self._named(found)

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

    def _switchable(self, chosen: list[str], assumptions: Sequence[int], never: NDArray[np.bool_]) -> NDArray[np.int64]:
        refused = [literal for literal in assumptions if literal < 0]

        def can_be_in(kept: Sequence[str]) -> NDArray[np.bool_] | None:
            answer = self.reasoner.answer([*(self._variable[name] for name in kept), *refused], self._price)
            return None if answer is None else answer.can_be_in[1 : self.formula.features + 1]

        return self._branches.switchable(chosen, never, can_be_in)

    @cached_property
    def _solver(self) -> Solver:
        return Solver(self.formula.clauses.all())
