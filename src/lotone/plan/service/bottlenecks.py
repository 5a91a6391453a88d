"""What limits the plan: asked by people, answered by the planner process, kept with its progress."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lotone.kernel import Clock, Invalid
from lotone.plan.model.bottleneck import Report
from lotone.plan.service.scenarios import ScenarioState
from lotone.plan.store.scenarios import ScenarioStore

SECONDS = 60.0
SECONDS_MOST = 600.0


class WrongQuestion(Invalid):
    """A time or a cost that can't be."""


@dataclass(frozen=True)
class Asked:
    """The question that was asked last, how far its answer is, and the newest report (maybe of an older question)."""

    asked_by: str
    asked_at: datetime
    revision: int
    seconds: float
    late_cost: float
    state: ScenarioState
    progress: float
    fault: str
    report: Report | None

    @property
    def is_open(self) -> bool:
        return self.state in (ScenarioState.WAITING, ScenarioState.RUNNING)


class BottleneckService:
    """The bottleneck report of one organization."""

    def __init__(self, store: ScenarioStore, wall: Clock) -> None:
        self.store = store
        self.wall = wall

    def ask(self, by: str, *, seconds: float = SECONDS, late_cost: float = 0.0) -> Asked:
        """Have the plan planned anew with an hour more and less of each resource, within some seconds; `late_cost` is what
        a weighted hour of lateness costs. Raises WrongQuestion."""
        if not 1 <= seconds <= SECONDS_MOST:
            raise WrongQuestion(f"the report may take 1 to {SECONDS_MOST:g} seconds", where="seconds")
        if not 0 <= late_cost < 1e9:
            raise WrongQuestion("an hour of lateness can't cost less than nothing", where="late_cost")
        known = self.store.bottleneck()
        values = {
            "asked_by": by[:120],
            "asked_at": self.wall(),
            "revision": known["revision"] + 1 if known else 1,
            "seconds": seconds,
            "late_cost": late_cost,
            "state": ScenarioState.WAITING.value,
            "progress": 0.0,
            "fault": "",
        }
        self.store.ask_bottleneck(values)
        asked = self.asked()
        assert asked is not None
        return asked

    def asked(self) -> Asked | None:
        """None as long as nobody has asked."""
        row = self.store.bottleneck()
        if row is None:
            return None
        report = Report.from_json(row["report"]) if row["report"] else None
        return Asked(
            row["asked_by"], row["asked_at"], row["revision"], row["seconds"], row["late_cost"],
            ScenarioState(row["state"]), row["progress"], row["fault"], report,
        )  # fmt: skip

    def note(self, asked: Asked, **values: Any) -> bool:
        """Keep progress or the report; False, with nothing kept, when it was asked anew meanwhile."""
        plain = {name: each.as_json() if isinstance(each, Report) else each for name, each in values.items()}
        return self.store.change_bottleneck(plain, revision=asked.revision)
