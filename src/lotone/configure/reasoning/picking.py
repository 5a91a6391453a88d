"""Which reasoner answers about a model: a circuit, else a search, or a constraint solver for numbers and texts."""

from dataclasses import replace
from threading import Lock

from lotone.configure.model.features import Model
from lotone.configure.reasoning.clauses import Clause, Clauses
from lotone.configure.reasoning.compiling import compile_clauses
from lotone.configure.reasoning.limits import Limits, NoCompiler, TooHard
from lotone.configure.reasoning.reasoner import Reasoner
from lotone.configure.reasoning.search import Search
from lotone.configure.reasoning.typed import Typed

COMPILING_SHARE = 0.8
"""Of the time that is allowed until the first answer; the rest is for the search that answers when it was not enough."""


class Formula:
    """The clauses of a model as they were first; what is asked later may define more variables in `clauses`."""

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self.clauses = Clauses(model)
        self.features = len(self.clauses.names)
        self.variables = self.clauses.top
        self.all: list[Clause] = self.clauses.all()
        self.definitions = tuple(self.clauses.definitions)

    def search(self) -> Search:
        return Search(self.all, self.variables, name=self.name)

    def typed(self, limits: Limits) -> Typed:
        return Typed(self.clauses.model, self.clauses, limits)

    def compiled(self, limits: Limits) -> Reasoner:
        """Raises TooHard or NoCompiler."""
        return compile_clauses(self.all, self.variables, limits)


class Picked:
    """The reasoner of a formula, made when it is asked for the first time; it may be exchanged for a better one."""

    def __init__(self, formula: Formula, limits: Limits, reasoner: Reasoner | None = None) -> None:
        self.formula = formula
        self.limits = limits
        self._lock = Lock()
        self._reasoner = reasoner

    def get(self) -> Reasoner:
        """From any thread; while it is made, all wait for the one that makes it."""
        if self._reasoner is None:
            with self._lock:
                if self._reasoner is None:
                    self._reasoner = self._made()
        return self._reasoner

    def set(self, reasoner: Reasoner) -> None:
        self._reasoner = reasoner

    def _made(self) -> Reasoner:
        if self.formula.clauses.is_typed:
            return self.formula.typed(self.limits)
        try:
            return self.formula.compiled(replace(self.limits, seconds=self.limits.seconds * COMPILING_SHARE))
        except (TooHard, NoCompiler):
            return self.formula.search()
