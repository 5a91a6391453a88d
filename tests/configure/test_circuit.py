"""A circuit says of small formulas what looking at every assignment says; native and Python passes say the same."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import log2
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from configure.circuits import Solution, assumptions, costs, formulas, solutions, total
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.kernel import Native, Plain, library, passes_over
from lotone.configure.reasoning.kernel import native as native_passes
from lotone.configure.reasoning.reasoner import NEVER, Answer
from lotone.configure.reasoning.small import compile_small

NO_COST = np.zeros(0, dtype=np.int64)
HUGE = 1 << 62
CHI_SQUARE_PER_PLACE = 3.0
"""Of 30 or more places, a fair draw exceeds it once in ten million times; the seed is fixed anyway."""


def circuit(variables: int, clauses: list[list[int]]) -> Circuit:
    layout = compile_small(clauses, variables)
    assert layout is not None
    return Circuit(layout)


def plain(native: Circuit) -> Circuit:
    return Circuit(native.layout, Plain(native.layout))


def both(native: Circuit) -> tuple[Circuit, Circuit]:
    return native, plain(native)


def test_the_native_passes_are_there() -> None:
    assert isinstance(passes_over(circuit(1, []).layout), Native)


def test_a_platform_without_a_library_is_told_once_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_passes.platform, "machine", lambda: "abacus")
    library.cache_clear()
    try:
        with capture_logs() as lines:
            made = [circuit(2, [[1, 2]]) for _ in range(3)]
        assert [(line["event"], line["log_level"]) for line in lines] == [
            ("no native circuit on this platform, answers are slower", "warning")
        ]
        assert made[0].count([]) == 3
    finally:
        library.cache_clear()


@given(st.data())
def test_an_answer_is_what_all_solutions_say(data: st.DataObject) -> None:
    variables, clauses = data.draw(formulas())
    assumed, cost = data.draw(assumptions(variables)), data.draw(costs(variables))
    found = solutions(variables, clauses, assumed)
    for each in both(circuit(variables, clauses)):
        answer = each.answer(assumed, cost)
        assert (answer is None) == (not found)
        assert each.is_possible(assumed) == bool(found)
        assert each.count(assumed) == len(found)
        if answer is not None:
            is_what_they_say(answer, variables, found, cost)


def is_what_they_say(answer: Answer, variables: int, found: list[Solution], cost: np.ndarray) -> None:
    totals = {solution: total(solution, cost) for solution in found}
    assert answer.low == min(totals.values())
    assert answer.high == max(totals.values())
    assert answer.log2_count == pytest.approx(log2(len(found)), abs=1e-9)
    assert answer.low_with is not None
    assert len(answer.can_be_in) == len(answer.can_be_out) == len(answer.low_with) == variables + 1
    for variable in range(1, variables + 1):
        assert answer.can_be_in[variable] == any(variable in solution for solution in found)
        assert answer.can_be_out[variable] == any(variable not in solution for solution in found)
        assert answer.low_with[variable] == min((totals[each] for each in found if variable in each), default=NEVER)


@given(st.data())
def test_the_cheapest_solution_is_one_and_costs_least(data: st.DataObject) -> None:
    variables, clauses = data.draw(formulas())
    assumed, cost = data.draw(assumptions(variables)), data.draw(costs(variables))
    found = solutions(variables, clauses, assumed)
    native, python = (each.cheapest(assumed, cost) for each in both(circuit(variables, clauses)))
    assert native == python
    if native is None:
        assert not found
    else:
        assert native in found
        assert total(native, cost) == min(total(solution, cost) for solution in found)


@given(st.data())
def test_the_nearest_solution_is_one_with_the_fewest_changes(data: st.DataObject) -> None:
    variables, clauses = data.draw(formulas())
    everything = solutions(variables, clauses)
    present = frozenset(data.draw(st.sets(st.integers(1, variables))))
    changes = np.array([0, *(-1 if variable in present else 1 for variable in range(1, variables + 1))], dtype=np.int64)
    nearest = circuit(variables, clauses).cheapest([], changes)
    if nearest is None:
        assert not everything
    else:
        assert len(nearest ^ present) == min(len(solution ^ present) for solution in everything)


@given(st.data())
def test_samples_are_solutions_and_the_same_from_native_and_python_passes(data: st.DataObject) -> None:
    variables, clauses = data.draw(formulas())
    assumed = data.draw(assumptions(variables))
    found = solutions(variables, clauses, assumed)
    native, python = (each.sample(assumed, Random(5)) for each in both(circuit(variables, clauses)))
    assert native == python
    assert native in found if found else native is None


@pytest.mark.parametrize("clauses", [[], [[1, 2, 3], [-1, 4]], [[1, -2], [2, -3], [3, 4, 5, 6]], [[-1, -2], [1, 2]]])
@pytest.mark.parametrize("assumed", [[], [1]])
def test_sampling_is_uniform(clauses: list[list[int]], assumed: list[int]) -> None:
    variables, draws = 7, 6_000
    found = solutions(variables, clauses, assumed)
    made, chance = circuit(variables, clauses), Random(20)
    seen = Counter(made.sample(assumed, chance) for _ in range(draws))
    expected = draws / len(found)
    chi_square = sum((seen[solution] - expected) ** 2 / expected for solution in found)
    assert set(seen) <= set(found)
    assert chi_square < CHI_SQUARE_PER_PLACE * len(found)


def test_numbers_beyond_64_bits_are_exact() -> None:
    """Two hundred groups of three, at least one in each, and a thousand variables nobody speaks of."""
    clauses = [[number, number + 1, number + 2] for number in range(1, 601, 3)]
    made = circuit(1600, clauses)
    for each in both(made):
        assert each.count([]) == 7**200 << 1000
        assert each.count([1, -2, 700, -701]) == 2 * 7**199 << 998
        assert each.count([-1, -2, -3]) == 0
        answer = each.answer([], NO_COST)
        assert answer is not None
        assert answer.log2_count == pytest.approx(200 * log2(7) + 1000, rel=1e-12)


def test_costs_beyond_64_bits_together_are_exact() -> None:
    """Then only what the cheapest solution with each variable costs stays open: it would not fit its array."""
    cost = np.array([0, HUGE, HUGE, HUGE, -HUGE, -HUGE, -HUGE], dtype=np.int64)
    for each in both(circuit(6, [[1, 4], [-2, -5]])):
        answer = each.answer([3], cost)
        assert answer is not None
        assert (answer.low, answer.high, answer.low_with) == (HUGE - 3 * HUGE, 3 * HUGE, None)
        assert each.cheapest([3], cost) == {3, 4, 5, 6}


def test_the_least_of_all_costs_is_no_trouble() -> None:
    cost = np.array([0, np.iinfo(np.int64).min], dtype=np.int64)
    for each in both(circuit(1, [])):
        answer = each.answer([], cost)
        assert answer is not None
        assert (answer.low, answer.high) == (-(1 << 63), 0)
        assert each.cheapest([], cost) == {1}


def test_contradictory_assumptions_leave_nothing() -> None:
    for each in both(circuit(4, [[1, 2]])):
        for assumed in ([3, -3], [-1, -2], [1, 2, -4, 4]):
            assert each.answer(assumed, NO_COST) is None
            assert each.cheapest(assumed, NO_COST) is None
            assert each.count(assumed) == 0
            assert each.sample(assumed, Random(1)) is None


@pytest.mark.parametrize("literal", [0, 3, -3, 2**31 - 1, -(2**31)])
def test_a_literal_that_is_none_is_refused(literal: int) -> None:
    for each in both(circuit(2, [[1, 2]])):
        asking: list[Callable[[], object]] = [
            lambda each=each: each.answer([literal], NO_COST),
            lambda each=each: each.cheapest([literal], NO_COST),
            lambda each=each: each.count([literal]),
            lambda each=each: each.sample([literal], Random(1)),
        ]
        for ask in asking:
            with pytest.raises(IndexError, match="variables are 1 to 2"):
                ask()


def test_costs_may_be_longer_than_the_variables_and_of_any_kind_of_number() -> None:
    cost = np.arange(100)[::7].astype(np.int32)
    assert circuit(2, [[1, 2]]).cheapest([], cost) == {1}


def test_clauses_without_a_solution() -> None:
    for each in both(circuit(2, [[1], [-1, 2], [-2]])):
        assert each.answer([], NO_COST) is None
        assert each.cheapest([], NO_COST) is None
        assert each.count([]) == 0
        assert each.sample([], Random(1)) is None
        assert not each.is_possible([1])


def test_many_threads_ask_one_circuit() -> None:
    clauses = [[-number, number + 1] for number in range(1, 60)] + [
        [number, number + 2, -number - 3] for number in range(1, 50)
    ]
    made = circuit(60, clauses)
    cost = np.arange(61, dtype=np.int64)
    questions = [[number] if number % 3 else [-number] for number in range(1, 61)] * 20

    def ask(assumed: list[int]) -> tuple[object, ...]:
        answer = made.answer(assumed, cost)
        low_with = None if answer is None or answer.low_with is None else answer.low_with.tolist()
        return (
            answer and (answer.low, answer.high, answer.log2_count),
            low_with,
            made.count(assumed),
            made.cheapest(assumed, cost),
        )

    alone = [ask(each) for each in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, questions)) == alone
