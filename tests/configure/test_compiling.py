"""Compiling keeps every solution and makes none up, and ends within its limits whatever it is given."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from pysat.solvers import Glucose4

from configure.circuits import formulas, solutions
from lotone.configure.reasoning import compiling
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.compiling import compile_clauses, compile_with_d4
from lotone.configure.reasoning.kernel import Plain
from lotone.configure.reasoning.layout import Layout
from lotone.configure.reasoning.limits import Limits, NoCompiler, TooHard
from lotone.configure.reasoning.nnf import layout_of
from lotone.configure.reasoning.small import compile_small

pytestmark = pytest.mark.skipif(not compiling.is_available(), reason="d4 has no wheel for this platform")
NO_COST = np.zeros(0, dtype=np.int64)


def all_of(layout: Layout) -> set[frozenset[int]]:
    """Every solution of a layout, by going down all its branches."""
    lists = layout.lists
    found: list[list[frozenset[int]]] = []
    for branches in lists.branches:
        own: list[frozenset[int]] = []
        for branch in branches:
            ways = [frozenset(literal for literal in lists.literals[branch] if literal > 0)]
            for child in lists.children[branch]:
                ways = [way | other for way in ways for other in found[child]]
            for variable in lists.free[branch]:
                ways = [other for way in ways for other in (way, way | {variable})]
            own += ways
        found.append(own)
    last = found[-1] if found else []
    assert len(last) == len(set(last)), "a solution appears twice: the branches overlap"
    return set(last)


def random_formula(variables: int, ratio: float, seed: int) -> list[list[int]]:
    chance = Random(seed)
    return [
        [variable * chance.choice((1, -1)) for variable in chance.sample(range(1, variables + 1), 3)]
        for _ in range(int(variables * ratio))
    ]


def pigeons(holes: int) -> list[list[int]]:
    """One pigeon more than there are holes, each in a hole of its own: impossible, and hard to prove."""
    place = [[pigeon * holes + hole + 1 for hole in range(holes)] for pigeon in range(holes + 1)]
    clauses = [list(each) for each in place]
    pairs = [(one, other) for one in range(holes + 1) for other in range(one)]
    return clauses + [[-place[one][hole], -place[other][hole]] for one, other in pairs for hole in range(holes)]


@given(formulas())
def test_a_small_circuit_has_exactly_the_solutions(formula: tuple[int, list[list[int]]]) -> None:
    variables, clauses = formula
    layout = compile_small(clauses, variables)
    assert layout is not None
    assert layout.is_sound()
    assert all_of(layout) == set(solutions(variables, clauses))


def test_a_model_with_too_much_work_is_not_small() -> None:
    assert compile_small(random_formula(100, 3.0, 1), 100, work_max=30_000) is None
    assert compile_small([[1, 2]] * 10, 2, work_max=999) is None


@settings(max_examples=25, deadline=None)
@given(formulas(variables_max=10))
def test_a_circuit_by_d4_has_exactly_the_solutions(formula: tuple[int, list[list[int]]]) -> None:
    variables, clauses = formula
    layout = compile_with_d4(clauses, variables, Limits())
    assert layout.is_sound()
    assert all_of(layout) == set(solutions(variables, clauses))


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_circuit_by_d4_says_what_a_solver_says(seed: int) -> None:
    """On formulas with components that d4 splits, remembers and shares."""
    variables, clauses = 50, [*random_formula(50, 2.0, seed), *([-number, number + 1] for number in range(1, 45, 7))]
    made = Circuit(compile_with_d4(clauses, variables, Limits()))
    plain = Circuit(made.layout, Plain(made.layout))
    chance = Random(seed)
    with Glucose4(bootstrap_with=clauses) as solver:
        for assumed in ([], *([chance.randint(1, variables) * chance.choice((1, -1)) for _ in range(3)] for _ in range(4))):
            answer = made.answer(assumed, NO_COST)
            assert (answer is not None) == solver.solve(assumptions=assumed)
            if answer is None:
                continue
            for variable in range(1, variables + 1):
                assert answer.can_be_in[variable] == solver.solve(assumptions=[*assumed, variable])
                assert answer.can_be_out[variable] == solver.solve(assumptions=[*assumed, -variable])
            assert made.count(assumed) == plain.count(assumed) == count_by_blocking(clauses, assumed, made.count(assumed))


def count_by_blocking(clauses: Sequence[Sequence[int]], assumed: Sequence[int], claimed: int, most: int = 2_000) -> int:
    """The number of solutions by finding one after the other; what is claimed where there are too many."""
    if claimed > most:
        return claimed
    with Glucose4(bootstrap_with=[*clauses, *([literal] for literal in assumed)]) as solver:
        return sum(1 for _ in zip(solver.enum_models(), range(most + 1), strict=False))


@pytest.mark.parametrize(
    ("variables", "clauses", "count"),
    [
        (3, [], 8),
        (3, [[]], 0),
        (3, [[1], []], 0),
        (0, [], 1),
        (3, [[1, -1]], 8),
        (3, [[2, 2]], 4),
        (3, [[2, 2], [-2, -2, -2]], 0),
        (5, [[4], [-5]], 8),
    ],
)
def test_odd_clauses(variables: int, clauses: list[list[int]], count: int) -> None:
    layouts = compile_small(clauses, variables), compile_with_d4(clauses, variables, Limits())
    for layout in layouts:
        assert layout is not None
        assert Circuit(layout).count([]) == count


def test_a_clause_of_an_unknown_variable_is_refused() -> None:
    for make in (compile_small, lambda clauses, variables: compile_with_d4(clauses, variables, Limits())):
        with pytest.raises(IndexError, match="speaks of variable 4, there are 3"):
            make([[1, -4]], 3)


def test_nodes_that_lead_nowhere_are_left_out() -> None:
    """d4 writes impossible ways too, and nodes that are no choice."""
    text = "o 1 0\no 2 0\nf 3 0\nt 4 0\na 5 0\n1 2 1 0\n1 3 -1 0\n2 5 2 0\n2 3 -2 0\n5 4 3 0\n"
    assert all_of(layout_of(text, 4)) == {frozenset({1, 2, 3}), frozenset({1, 2, 3, 4})}


@pytest.mark.parametrize("clauses", [random_formula(260, 4.0, 1), pigeons(14)], ids=["random", "pigeons"])
def test_what_is_too_hard_ends_within_its_time(clauses: list[list[int]]) -> None:
    variables = max(abs(literal) for clause in clauses for literal in clause)
    with pytest.raises(TooHard, match="does not compile within 1 seconds"):
        compile_clauses(clauses, variables, Limits(seconds=1))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the platform does not tell how much memory a process has")
def test_what_takes_too_much_memory_ends() -> None:
    with pytest.raises(TooHard, match="takes more than 20 MiB"):
        compile_clauses(random_formula(260, 4.0, 1), 260, Limits(seconds=60, megabytes=20))


def test_a_circuit_too_long_to_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_TEXT_SHARE", 1 << 40)
    with pytest.raises(TooHard, match="as text"):
        compile_with_d4([[1, 2]], 2, Limits())


def test_a_compiler_that_breaks_is_said_to_break(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "d4.py"
    broken.write_text("raise SystemExit('the compiler is out of order')")
    monkeypatch.setattr(compiling, "_PROCESS", broken)
    with pytest.raises(TooHard, match="the compiler is out of order"):
        compile_with_d4([[1, 2]], 2, Limits())


def test_without_the_compiler_small_models_still_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "is_available", lambda: False)
    assert compile_clauses([[1, 2]], 2).count([]) == 3
    monkeypatch.setattr(compiling, "_WORK_ALONE", 100_000)
    with pytest.raises(NoCompiler, match="no wheel of d4"):
        compile_clauses(random_formula(300, 3, 1), 300)


def waits_for(what: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it becomes true."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < until:
        if what():
            return True
        pause.wait(0.05)
    return False


COMPILES = """
from lotone.configure.reasoning.compiling import compile_with_d4
from lotone.configure.reasoning.limits import Limits
import json, sys
compile_with_d4(json.load(sys.stdin), 260, Limits(seconds=120))
"""


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")
@pytest.mark.parametrize("how", ["terminate", "kill", "interrupt"])
def test_the_compiler_dies_with_who_started_it(how: str) -> None:
    source = str(Path(compiling.__file__).parents[3])
    formula = str(random_formula(260, 4.0, 1)).encode()
    parent = subprocess.Popen(
        [sys.executable, "-c", COMPILES],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert parent.stdin is not None
    parent.stdin.write(formula)
    parent.stdin.close()
    try:
        assert waits_for(lambda: bool(children(parent.pid)))
        child = children(parent.pid)[0]
        if how == "interrupt":
            parent.send_signal(2)
        else:
            getattr(parent, how)()
        parent.wait(30)
        assert waits_for(lambda: is_gone(child))
    finally:
        parent.kill()
        parent.wait(30)


def is_gone(pid: int) -> bool:
    """Ended, be it that nobody has asked yet how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
