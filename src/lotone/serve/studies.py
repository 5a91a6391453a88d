"""Long questions about the plan, answered one after the other beside the planner's work: scenarios and bottlenecks."""

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from lotone.kernel import LotOneError
from lotone.plan import Outlook, Snapshot, bottleneck
from lotone.plan.model.problem import Solver
from lotone.plan.model.scenario import Scenario
from lotone.plan.service.bottlenecks import Asked
from lotone.plan.service.scenarios import Kept, ScenarioState, calculated, improving
from lotone.wiring import STUDIES, Platform

log = structlog.get_logger(__name__)

LOOK_S = 2.0
"""How long a question can wait that nobody hinted at: one whose calculation was broken off."""
SHARE = 26
"""Of a report's time, the solver gets this part for each of its plans: one for today, two for each candidate."""


class Studies:
    """Answers what waits, for all organizations. What was being calculated when a process ended is begun again."""

    def __init__(self, platform: Platform, solve: Solver) -> None:
        self.platform = platform
        self.solve = solve
        self.wake = threading.Event()
        self._orphans = True

    def run(self, stop: threading.Event) -> None:
        self.platform.messages.listen(f"{STUDIES}.>", lambda _subject, _payload: self.wake.set())
        while not stop.is_set():
            self.wake.clear()
            try:
                while not stop.is_set() and self.answer_one():
                    pass
            except LotOneError as fault:
                log.warning("studies.trouble", fault=str(fault))
            except Exception:
                log.exception("studies.failed")
            self.wake.wait(LOOK_S)

    def answer_one(self) -> bool:
        """Answer one question of each organization; whether there was any."""
        found = False
        for organization in self.platform.organizations():
            with self.platform.look(organization) as work:
                scenario = work.scenarios.next_waiting(orphans=self._orphans)
                asked = work.bottlenecks.asked()
                waits = asked is not None and (
                    asked.state is ScenarioState.WAITING or (self._orphans and asked.state is ScenarioState.RUNNING)
                )
                snapshot = self._looked_at(work.plan.snapshot()) if scenario or waits else None
            if scenario is not None and snapshot is not None:
                found = True
                self._scenario(organization, scenario, snapshot)
            if waits and asked is not None and snapshot is not None:
                found = True
                self._bottleneck(organization, asked, snapshot)
        self._orphans = found and self._orphans
        return found

    @staticmethod
    def _looked_at(snapshot: Snapshot) -> Snapshot:
        """With its material read now: it is needed after the transaction has ended."""
        supply = snapshot.supply
        return replace(snapshot, material=lambda: supply)

    def _scenario(self, organization: str, kept: Kept, snapshot: Snapshot) -> None:
        def note(**values: Any) -> bool:
            with self.platform.work(organization) as work:
                kept_it: bool = work.scenarios.note(kept, **values)
                return kept_it

        def act() -> dict[str, Any]:
            before, after = self._calculated(kept.scenario, kept.seconds, snapshot)
            return {"before": before, "after": after, "stamp": snapshot.stamp}

        self._study(note, act)

    def _calculated(self, scenario: Scenario, seconds: float, snapshot: Snapshot) -> tuple[Outlook, Outlook]:
        return calculated(snapshot, scenario, improving(self.solve, seconds) if seconds else None)

    def _bottleneck(self, organization: str, asked: Asked, snapshot: Snapshot) -> None:
        def note(**values: Any) -> bool:
            with self.platform.work(organization) as work:
                kept_it: bool = work.bottlenecks.note(asked, **values)
                return kept_it

        def act() -> dict[str, Any]:
            report = bottleneck(
                snapshot,
                improving(self.solve, asked.seconds / SHARE),
                clock=time.monotonic,
                seconds=asked.seconds,
                told=lambda done, count: None if note(progress=done / count) else _give_up(),
                late_cost=asked.late_cost,
            )
            return {"report": report}

        self._study(note, act)

    def _study(self, note: Callable[..., bool], act: Callable[[], dict[str, Any]]) -> None:
        """Calculate between two short transactions; a fault is kept for who asked."""
        if not note(state=ScenarioState.RUNNING.value, progress=0.0):
            return
        try:
            answer = act()
        except _AskedAnew:
            return
        except LotOneError as fault:
            note(state=ScenarioState.FAILED.value, fault=str(fault)[:500])
            return
        except Exception as fault:
            # Without the values of variables: writing whole plans into the log takes longer than planning.
            log.error("studies.broke", fault=f"{type(fault).__name__}: {fault}", trace=traceback.format_exc())
            note(state=ScenarioState.FAILED.value, fault=f"{type(fault).__name__}: {fault}"[:500])
            return
        note(state=ScenarioState.DONE.value, progress=1.0, fault="", **answer)


class _AskedAnew(Exception):
    """Somebody asked something else meanwhile: nobody waits for this answer."""


def _give_up() -> None:
    raise _AskedAnew
