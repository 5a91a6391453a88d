"""Why choices do not go together in a model with numbers and texts: minimal reasons, by a constraint solver."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from ortools.sat.python import cp_model

from lotone.configure.model.features import Model
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import TooHard
from lotone.configure.reasoning.reasons import Reasons
from lotone.configure.reasoning.sat import Deadline
from lotone.configure.reasoning.theory import Theory


class TypedReasons:
    """As `Reasons`, with the comparisons that need numbers and texts. Not thread-safe: its owner holds a lock."""

    def __init__(self, model: Model, clauses: Clauses) -> None:
        self.model = model
        self.clauses = clauses
        self.first_switch = clauses.top + 1
        self.switches = [self.first_switch + number for number in range(len(clauses.of_rule))]
        self._plain = Reasons(clauses.of_rule, clauses.definitions, clauses.top)
        """Without the numbers: where the rules alone say no, they are the reason, and found much faster."""

    @cached_property
    def theory(self) -> Theory:
        theory = Theory(self.model, self.clauses, with_rules=False)
        for switch, of_rule in zip(self.switches, self.clauses.of_rule, strict=True):
            truth = theory.program.new_bool_var(str(switch))
            theory.truths.append(truth)
            theory.add_clauses(of_rule, switch=truth)
        return theory

    def core(self, literals: Iterable[int], deadline: Deadline) -> list[int]:
        """A minimal set of literals and switches that can't hold together, as by `Reasons.core`."""
        literals = list(literals)
        if not self._plain.are_possible(literals, deadline):
            return self._plain.core(literals, deadline)
        core = self._core([*literals, *self.switches], deadline) or []
        for literal in sorted(core, key=lambda one: abs(one) >= self.first_switch):
            if literal in core:
                core = self._core([other for other in core if other != literal], deadline) or core
        return core

    def _core(self, literals: Sequence[int], deadline: Deadline) -> list[int] | None:
        """Some of the literals that can't hold together; None when all can."""
        deadline.check()
        program = self.theory.program.clone()
        truths = {self.theory.index(literal): literal for literal in literals}
        program.add_assumptions([self.theory.truth(literal) for literal in literals])
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = max(deadline.left_s, 0.01)
        status = solver.solve(program)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        if status != cp_model.INFEASIBLE:
            raise TooHard(f"no answer within {deadline.limits.seconds:g} s: {deadline.question}")
        return [truths[index] for index in solver.sufficient_assumptions_for_infeasibility()]

    def rules_in(self, core: Iterable[int]) -> list[int]:
        """The numbers of the rules whose switches are in a core."""
        return [literal - self.first_switch for literal in core if literal >= self.first_switch]
