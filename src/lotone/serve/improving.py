"""Improving in the background: broken promises are repaired within seconds, then the schedule is made better and better."""

import threading
from functools import partial

import structlog

from lotone.plan import Improvement
from lotone.plan.solvers.child import Child
from lotone.serve.guarding import guarded
from lotone.wiring import Platform

log = structlog.get_logger(__name__)

LOOK_S = 0.25
"""How often plans are looked at for promises that broke."""
REPAIR_S = 0.9
"""What a repair may take; with posing, checking and writing it stays below two seconds."""


class Improver:
    """Searches in a process of their own, which may be killed at any moment: what it had not answered never happened."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.child = Child()
        self.improved: dict[str, int] = {}
        self.looked: dict[str, int] = {}
        self.given_up: dict[str, frozenset[str]] = {}
        """Orders whose promise no repair could keep."""

    def run(self, stop: threading.Event) -> None:
        """Improve and repair until asked to stop; `improve_seconds` 0 turns both off."""
        settings = self.platform.settings
        if not settings.improve_seconds:
            return
        self.child.start()
        repairer = threading.Thread(target=self._repair_until, args=(stop,), name="repair", daemon=True)
        repairer.start()
        while not stop.wait(settings.improve_every_seconds):
            for organization in self.platform.organizations():
                guarded("improve", partial(self.improve, organization, settings.improve_seconds))
        repairer.join()

    def _repair_until(self, stop: threading.Event) -> None:
        while not stop.wait(LOOK_S):
            for organization in self.platform.organizations():
                guarded("repair", partial(self.repair, organization))

    def improve(self, organization: str, seconds: float) -> None:
        """Search for a better schedule outside of any transaction; it is applied only if nothing changed meanwhile."""
        with self.platform.look(organization) as work:
            problem = work.plan.problem()
        if problem is None or self.improved.get(organization) == problem.version:
            return
        better = self.child.solve(problem, seconds)
        self.improved[organization] = problem.version
        if better is not None:
            with self.platform.work(organization) as work:
                _tell(organization, "plan.improved", work.plan.apply(better))

    def repair(self, organization: str) -> None:
        """Search a plan that keeps promises which broke since the last look; what can't be kept is left to improving."""
        with self.platform.look(organization) as work:
            plan = work.plan.snapshot()
            if self.looked.get(organization) == plan.version:
                return
            late = frozenset(work.plan.broken_orders())
            is_new = not late <= self.given_up.get(organization, frozenset())
            problem = work.plan.repair_problem() if is_new else None
        if problem is not None:
            found = self.child.repair(problem, REPAIR_S)
            if found is not None:
                with self.platform.work(organization) as work:
                    _tell(organization, "plan.repaired", work.plan.apply(found, cause="repaired"))
            with self.platform.look(organization) as work:
                late = frozenset(work.plan.broken_orders())
        self.given_up[organization] = late
        self.looked[organization] = plan.version


def _tell(organization: str, event: str, improvement: Improvement) -> None:
    """The trade-off that was made, part by part."""
    if improvement.applied:
        parts = {name: round(value) for name, value in improvement.before.by_part.items()}
        after = {name: round(value) for name, value in improvement.after.by_part.items()}
        log.info(event, organization=organization, moved=improvement.moved, before=parts, after=after)
    else:
        log.info(event, organization=organization, moved=0, why=improvement.why)
