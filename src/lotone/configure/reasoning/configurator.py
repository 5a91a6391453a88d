"""The configurator: answers about one model, for any number of threads."""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from threading import Lock

import numpy as np

from lotone.configure.model.demand import Demand, DemandRules
from lotone.configure.model.explosion import Tables
from lotone.configure.model.expression import Expression, features_of
from lotone.configure.model.features import GroupKind, Model, similar
from lotone.configure.model.options import Contradiction, Explanation, Incomplete, Options, UnknownFeature
from lotone.configure.reasoning.bounds import price_bound
from lotone.configure.reasoning.cheapest import cheapest
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.compiling import compile_clauses
from lotone.configure.reasoning.limits import NoCompiler, TooHard
from lotone.configure.reasoning.reasoner import Costs
from lotone.configure.reasoning.solver import Reasons, Solver, smallest_hitting_set
from lotone.kernel import Money

_ONE_FEATURE = 1
_CENT = 1_000_000
"""Costs of `complete`: a cent outweighs every number of features, so of the cheapest it takes one with few features."""


class Configurator:
    """Answers about one model. All methods may be called from any thread; each call holds the solver for itself.

    >>> from lotone.configure import read_model
    >>> rules = "constraints\\n    Belt => Rack"
    >>> tree = "features\\n    Bike\\n        optional\\n            Belt {Price 90}\\n            Rack\\n"
    >>> model = read_model(tree + rules)
    >>> options = Configurator(model).options(["Belt"])
    >>> options.forced, str(options.price)
    (('Bike', 'Rack'), '90.00 EUR')
    """

    def __init__(self, model: Model, demand: DemandRules | None = None, *, currency: str = "EUR") -> None:
        self.model = model
        self.demand = demand or DemandRules()
        self.currency = currency
        self._lock = Lock()
        self._clauses = Clauses(model)
        self._solver = Solver(self._clauses)
        self._reasons: Reasons | None = None
        self._variable = self._clauses.variable
        self._price = {name: feature.price_cents for name, feature in model.features.items()}

    # -- what is possible

    def options(self, choices: Iterable[str], refused: Iterable[str] = ()) -> Options:
        """What the choices leave open. Raises UnknownFeature, and Contradiction when the choices break a rule themselves."""
        chosen, assumptions = self._assumptions(choices, refused)
        with self._lock:
            fixed = self._solver.fixed(assumptions)
            if fixed is None:
                raise Contradiction(self._explain(assumptions, ()))
            always = {name for name, number in self._variable.items() if number in fixed}
            never = {name for name, number in self._variable.items() if -number in fixed}
            switchable = {name for name in never if self._is_switchable(name, assumptions)}
        in_order = self.model.in_order
        count, price_min, price_max = self._bounds(assumptions, always, never)
        return Options(
            selected=in_order(chosen),
            forced=in_order(always - chosen),
            possible=in_order(self.model.features.keys() - always - never),
            impossible=in_order(never),
            switchable=in_order(switchable),
            price=self._sum(always),
            price_min=Money(price_min, self.currency),
            price_max=Money(price_max, self.currency),
            count=count,
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
        with self._lock:
            known = len(self._clauses.definitions)
            asked = [self._clauses.literal(expression) for expression in expressions]
            self._solver.add(self._clauses.definitions[known:])
            model = self._solver.model([*assumptions, *asked])
        return None if model is None else self._names(model)

    def explain(self, choices: Iterable[str], wanted: str | Iterable[str], refused: Iterable[str] = ()) -> Explanation:
        """Why `wanted` does not go with the choices: the fewest choices to take back, and the rules that stand against it."""
        wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        self._known(wanted)
        _, assumptions = self._assumptions([choice for choice in choices if choice not in wanted], refused)
        with self._lock:
            return self._explain(assumptions, wanted)

    def choose(self, choices: Iterable[str], wanted: str, refused: Iterable[str] = ()) -> tuple[str, ...]:
        """The choices after choosing one more: what stands against it in its own alternatives is exchanged for it.

        Raises Contradiction when other choices stand against it too.
        """
        kept = [choice for choice in choices if choice != wanted]
        rivals = self._rivals(wanted) if not self.explain(kept, wanted, refused).is_possible else set()
        kept = [choice for choice in kept if choice not in rivals]
        why = self.explain(kept, wanted, refused)
        if not why.is_possible:
            raise Contradiction(why)
        return (*kept, wanted)

    # -- what it costs

    def price(self, choices: Iterable[str]) -> Money:
        """What the choices and all that they force cost together, by the attribute `Price`."""
        return self.options(choices).price

    def complete(self, choices: Iterable[str], refused: Iterable[str] = ()) -> frozenset[str]:
        """The cheapest configuration with the choices; of several equally cheap ones, one with few features."""
        _, assumptions = self._assumptions(choices, refused)
        cost = {self._variable[name]: cents * _CENT + _ONE_FEATURE for name, cents in self._price.items()}
        found = self._cheapest(assumptions, cost)
        if found is None:
            with self._lock:
                raise Contradiction(self._explain(assumptions, ()))
        return frozenset(self._clauses.names[variable - 1] for variable in found if variable <= len(self._price))

    def _cheapest(self, assumptions: Sequence[int], cost: dict[int, int]) -> Set[int] | None:
        if self._circuit is not None:
            return self._circuit.cheapest(assumptions, self._costs(cost))
        with self._lock:
            clauses = self._clauses.all()
        return cheapest(clauses, assumptions, cost)

    # -- what it needs

    def check(self, configuration: Iterable[str]) -> frozenset[str]:
        """The configuration, when it is complete and breaks no rule. Raises Incomplete, Contradiction, UnknownFeature."""
        chosen, assumptions = self._assumptions(configuration, ())
        others = [-number for name, number in self._variable.items() if name not in chosen]
        with self._lock:
            is_configuration = self._solver.is_possible([*assumptions, *others])
        if not is_configuration:
            options = self.options(chosen)
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
        return Tables(self.demand)

    # -- inside

    def _known(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._variable:
                raise UnknownFeature(f"{self.model.name} has no feature '{name}'{similar(name, self._variable)}")

    def _assumptions(self, choices: Iterable[str], refused: Iterable[str]) -> tuple[frozenset[str], list[int]]:
        chosen, without = list(dict.fromkeys(choices)), list(dict.fromkeys(refused))
        self._known(chosen)
        self._known(without)
        literals = [self._variable[name] for name in chosen] + [-self._variable[name] for name in without]
        return frozenset(chosen), literals

    def _names(self, model: Sequence[int]) -> frozenset[str]:
        return frozenset(self._clauses.names[literal - 1] for literal in model if literal > 0)

    def _name(self, literal: int) -> str:
        return self._clauses.names[abs(literal) - 1]

    def _sum(self, names: Iterable[str]) -> Money:
        return Money(sum(self._price[name] for name in names), self.currency)

    @cached_property
    def _circuit(self) -> Circuit | None:
        with self._lock:
            clauses, top = self._clauses.all(), self._clauses.top
        try:
            return compile_clauses(clauses, top)
        except (TooHard, NoCompiler):
            return None

    def _costs(self, cost: Mapping[int, int]) -> Costs:
        costs = np.zeros(len(self._price) + 1, dtype=np.int64)
        costs[list(cost)] = list(cost.values())
        return costs

    def _bounds(self, assumptions: Sequence[int], always: set[str], never: set[str]) -> tuple[int | None, int, int]:
        """Count and lowest and highest price: exact by the circuit, else no count and bounds that the tree gives."""
        circuit = self._circuit
        if circuit is None:
            low, high = (price_bound(self.model.root, always, never, lowest=lowest) for lowest in (True, False))
            return None, low, high
        found = circuit.answer(assumptions, self._costs({self._variable[name]: cents for name, cents in self._price.items()}))
        if found is None:
            return 0, 0, 0
        return circuit.count(assumptions), found.low, found.high

    def _rivals(self, name: str) -> set[str]:
        """The features that exclude this one because they stand in another branch of an alternative."""
        rivals: set[str] = set()
        for own in (name, *self.model.above(name)):
            group = self.model.group_of.get(own)
            if group is not None and group.kind is GroupKind.ALTERNATIVE:
                rivals.update(below.name for member in group.members if member.name != own for below in member)
        return rivals

    def _is_switchable(self, name: str, assumptions: Sequence[int]) -> bool:
        rivals = {self._variable[rival] for rival in self._rivals(name)}
        kept = [literal for literal in assumptions if literal not in rivals]
        return len(kept) < len(assumptions) and self._solver.is_possible([*kept, self._variable[name]])

    def _explain(self, choices: Sequence[int], wanted: Sequence[str]) -> Explanation:
        asked = [self._variable[name] for name in wanted]
        if self._solver.is_possible([*choices, *asked]):
            return Explanation(tuple(wanted))
        if self._reasons is None:
            self._reasons = Reasons(self._clauses)
        if not self._solver.is_possible(asked):
            return self._explanation(wanted, (), [self._reasons.core(asked)], never=True)
        cores = []
        take_back: tuple[int, ...] = ()
        while not self._solver.is_possible([*(choice for choice in choices if choice not in take_back), *asked]):
            kept = [choice for choice in choices if choice not in take_back]
            cores.append(self._reasons.core([*kept, *asked]))
            take_back = smallest_hitting_set([[literal for literal in core if literal in choices] for core in cores])
        return self._explanation(wanted, take_back, cores)

    def _explanation(
        self, wanted: Sequence[str], take_back: Iterable[int], cores: Sequence[Sequence[int]], *, never: bool = False
    ) -> Explanation:
        own = {abs(literal) for core in cores for literal in core} & set(self._variable.values())
        numbers = sorted({number for core in cores for number in self._reasons.rules_in(core)}) if self._reasons else []
        rules = self.model.rules
        return Explanation(
            wanted=tuple(wanted),
            take_back=tuple(self._name(literal) for literal in take_back),
            rules=tuple(rules[number] for number in numbers),
            is_never_possible=never,
            choices=self.model.in_order({self._name(number) for number in own} - set(wanted)),
        )
