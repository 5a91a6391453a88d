"""Small sets of clauses, and what is true of them by looking at every assignment."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from hypothesis import strategies as st

from lotone.configure.reasoning.reasoner import Costs

Solution = frozenset[int]


@st.composite
def formulas(draw: st.DrawFn, variables_max: int = 8) -> tuple[int, list[list[int]]]:
    """Clauses over variables 1..n, not all of which need to appear; literals may repeat or contradict each other."""
    variables = draw(st.integers(1, variables_max))
    literal = st.integers(1, variables).flatmap(lambda each: st.sampled_from([each, -each]))
    return variables, draw(st.lists(st.lists(literal, min_size=1, max_size=4), max_size=14))


def assumptions(variables: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1, variables).flatmap(lambda each: st.sampled_from([each, -each])), max_size=3)


def costs(variables: int) -> st.SearchStrategy[Costs]:
    """Costs that end anywhere, negative ones and zeros among them."""
    amounts = st.lists(st.integers(-20, 20), max_size=variables)
    return amounts.map(lambda each: np.array([0, *each], dtype=np.int64))


def solutions(variables: int, clauses: Sequence[Sequence[int]], assumed: Sequence[int] = ()) -> list[Solution]:
    """The true variables of each solution, by trying everything."""
    found = []
    for values in product((False, True), repeat=variables):
        literals = {variable if value else -variable for variable, value in enumerate(values, start=1)}
        if all(literals & set(clause) for clause in clauses) and literals >= set(assumed):
            found.append(frozenset(literal for literal in literals if literal > 0))
    return found


def total(solution: Solution, cost: Costs) -> int:
    return sum(int(cost[variable]) for variable in solution if variable < len(cost))
