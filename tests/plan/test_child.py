"""The process that searches: it answers, and whoever kills it takes nothing away but an answer."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lotone.plan import Demand, OperationNeed
from lotone.plan.solvers.child import Child

SECONDS = 30.0
"""Longer than any test waits: an answer this late would fail it."""
SILENT = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(1)")
"""Reads the beginning of a question and ends."""


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child()
    yield made
    made.close()


@pytest.fixture
def jammed(plant: Any, with_settings: Any) -> Any:
    """Orders in the worst order, and more than can be proven best at once."""
    with_settings(freeze_minutes=0)
    for number in range(16):
        steps = (
            OperationNeed("cure", "curing", 120 - 7 * number),
            OperationNeed("paint", "paint", 20 + 7 * number, after=("cure",), work_units=("paint-1",)),
        )
        plant.order(f"order-{number}", Demand(steps))
    return plant


@pytest.mark.journey
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_in_the_middle_of_improving_the_old_plan_stands(jammed: Any, child: Child) -> None:
    with jammed.plan() as plan:
        problem = plan.problem()
        assert plan.apply(child.solve(problem, 0.5)).applied, "it does answer"
    before = jammed.snapshot()
    with jammed.plan() as plan:
        problem = plan.problem()
    process = child.process
    assert process is not None
    killer = threading.Timer(0.3, os.kill, (process.pid, signal.SIGKILL))
    killer.start()
    assert child.solve(problem, SECONDS) is None
    assert process.wait() == -signal.SIGKILL
    after = jammed.snapshot()
    assert (after.version, after.stamp, after.commitments) == (before.version, before.stamp, before.commitments)
    assert jammed.violations() == []
    child.repair(problem, 0.1)
    assert child.process is not None and child.process.pid != process.pid, "the next question starts another"
    assert os.getpriority(os.PRIO_PROCESS, child.process.pid) >= 10


def test_a_process_that_ends_without_an_answer_is_no_answer(jammed: Any) -> None:
    with jammed.plan() as plan:
        problem = plan.problem()
    child = Child(SILENT)
    assert child.solve(problem, SECONDS) is None
    child.close()
    assert child.solve(problem, SECONDS) is None, "closed for good"
