"""Answers by search, against trying every assignment."""

from collections.abc import Sequence
from itertools import product
from random import Random
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.configure.reasoning import search as searching
from lotone.configure.reasoning.limits import Limits, TooHard
from lotone.configure.reasoning.pool import Pool
from lotone.configure.reasoning.search import Search

VARIABLES = 7
LITERALS = st.integers(1, VARIABLES).flatmap(lambda variable: st.sampled_from([variable, -variable]))
CLAUSES = st.lists(st.lists(LITERALS, min_size=1, max_size=4), max_size=14)
ASSUMPTIONS = st.lists(LITERALS, max_size=3)
COSTS = st.lists(st.integers(-3, 3), min_size=VARIABLES, max_size=VARIABLES)


def solutions(clauses: Sequence[Sequence[int]], assumptions: Sequence[int]) -> list[frozenset[int]]:
    """The true variables of every solution."""
    found = []
    for bits in product((False, True), repeat=VARIABLES):
        true = {number for number, bit in enumerate(bits, start=1) if bit}
        asked = [*clauses, *([literal] for literal in assumptions)]
        if all(any((literal > 0) == (abs(literal) in true) for literal in clause) for clause in asked):
            found.append(frozenset(true))
    return found


@given(CLAUSES, st.lists(ASSUMPTIONS, min_size=1, max_size=4), COSTS)
def test_answers_are_those_of_all_solutions(clauses: list[list[int]], clicks: list[list[int]], costs: list[int]) -> None:
    """Also after other questions: what was found and learnt before must not change an answer."""
    search = Search(clauses, VARIABLES)
    cost = np.array([0, *costs], dtype=np.int64)
    for assumptions in clicks:
        every = solutions(clauses, assumptions)
        answer = search.answer(assumptions, cost)
        assert search.is_possible(assumptions) == bool(every)
        if answer is None:
            assert not every
            continue
        prices = [sum(costs[variable - 1] for variable in one) for one in every]
        for variable in range(1, VARIABLES + 1):
            assert answer.can_be_in[variable] == any(variable in one for one in every)
            assert answer.can_be_out[variable] == any(variable not in one for one in every)
        assert answer.attained
        assert (answer.low, answer.high) == (min(prices), max(prices))
        cheapest = search.cheapest(assumptions, cost)
        assert cheapest is not None
        assert sum(costs[variable - 1] for variable in cheapest) == min(prices)
        assert search.sample(assumptions, Random(1)) in every
        assert search.count(assumptions) is None


@given(CLAUSES, ASSUMPTIONS)
def test_bounds_that_are_not_attained_say_so(clauses: list[list[int]], assumptions: list[int]) -> None:
    search = Search(clauses, VARIABLES)
    search.bounds_are_exact = False
    cost = np.arange(-3, VARIABLES - 3, dtype=np.int64)  # the last variable has none
    answer = search.answer(assumptions, cost)
    prices = [sum(int(cost[variable]) for variable in one if variable < VARIABLES) for one in solutions(clauses, assumptions)]
    if answer is not None:
        assert answer.low <= min(prices) <= max(prices) <= answer.high
        assert answer.attained == (answer.low == answer.high)


@given(CLAUSES, st.integers(1, 200))
def test_a_pool_proves_only_what_is_true_and_forgets_the_oldest(clauses: list[list[int]], models: int) -> None:
    every = solutions(clauses, ())
    pool = Pool(clauses, VARIABLES, size=64)
    for number in range(models if every else 0):
        true = np.zeros(VARIABLES + 1, dtype=np.bool_)
        true[list(every[number % len(every)])] = True
        pool.add(true)
    for assumptions in ([], [1], [-2, 3]):
        possible = solutions(clauses, assumptions)
        can_be_in, can_be_out = pool.proven(assumptions)
        for variable in range(1, VARIABLES + 1):
            assert not can_be_in[variable] or any(variable in one for one in possible)
            assert not can_be_out[variable] or any(variable not in one for one in possible)


def pigeons(holes: int) -> list[list[int]]:
    """One pigeon more than holes: no solution, and resolution needs exponentially many steps to find out (Haken 1985)."""
    sits = [[pigeon * holes + hole + 1 for hole in range(holes)] for pigeon in range(holes + 1)]
    alone = [[-one[hole], -other[hole]] for hole in range(holes) for at, one in enumerate(sits) for other in sits[at + 1 :]]
    return [*sits, *alone]


def test_a_question_that_is_too_hard_is_given_up() -> None:
    search = Search(pigeons(14), 15 * 14, Limits(seconds=0.2), name="pigeons")
    zero = np.zeros(15 * 14 + 1, dtype=np.int64)
    for ask in (search.is_possible, lambda asked: search.answer(asked, zero), lambda asked: search.cheapest(asked, zero)):
        with pytest.raises(TooHard, match=r"no answer within 0\.2 s: pigeons"):
            ask([1])


def test_no_more_threads_wait_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "WAITING_MAX", 1)
    search = Search([[1, 2]], 2)
    inside, leave = Event(), Event()

    def stay() -> None:
        with search._alone("staying"):
            inside.set()
            leave.wait()

    thread = Thread(target=stay)
    thread.start()
    inside.wait()
    try:
        with pytest.raises(TooHard, match="asked more than it can answer"):
            search.is_possible([1])
    finally:
        leave.set()
        thread.join()
    assert search.is_possible([1])
