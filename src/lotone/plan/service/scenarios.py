"""What if: scenarios that are kept, calculated now or by the planner in the background, compared, applied, thrown away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lotone.kernel import Clock, Invalid, NotFound, Words, new_id
from lotone.plan.check import check
from lotone.plan.model.altering import AddShift, Away, Change, Overtime, change_of
from lotone.plan.model.comparing import Outlook, outlook_of
from lotone.plan.model.going_first import GoFirst
from lotone.plan.model.problem import Solver, carry_out, problem_of
from lotone.plan.model.scenario import Improve, Scenario, forked, resolved
from lotone.plan.model.settle import settle
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.service.desk import Desk
from lotone.plan.store.scenarios import ScenarioStore

CHANGES_MOST = 30
SCENARIOS_MOST = 100
SECONDS = 4.0
SECONDS_MOST = 120.0
AT_ONCE = 20_000
"""Plans of up to so many bookings are settled while somebody waits; for larger ones the planner process is asked."""
APPLIED = Words("a scenario was applied", "方案已应用")


class ScenarioState(StrEnum):
    WAITING = "waiting"
    """The planner process will plan it anew."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class UnknownScenario(NotFound):
    """There is no such scenario, or it was thrown away."""


class WrongScenario(Invalid):
    """A scenario without a name or changes, or with too many."""


@dataclass(frozen=True)
class Kept:
    """A scenario with what was calculated of it. `before` is the plan as it is, `after` with the changes; both planned
    with the same effort."""

    id: str
    scenario: Scenario
    created_by: str
    created_at: datetime
    revision: int
    seconds: float
    state: ScenarioState
    progress: float
    fault: str
    stamp: str
    before: Outlook | None = None
    after: Outlook | None = None
    figures: tuple[Mapping[str, float], Mapping[str, float]] | None = None
    """The few figures of `before` and `after` that a list shows: late, tardiness_hours, mean_hours, cost."""
    applied_at: datetime | None = None
    applied_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether better figures are still to come."""
        return self.state in (ScenarioState.WAITING, ScenarioState.RUNNING)


@dataclass(frozen=True)
class Applied:
    """What became of a scenario: what was changed in the plan, and what can't be changed from here, with the reason."""

    done: tuple[Words, ...]
    left: tuple[tuple[Words, Words], ...]
    plan_changed: bool
    """Whether the plan is no longer the one the scenario was calculated from."""


_ELSEWHERE = {
    "machine": Words(
        "add the machine to the plant's tables and load them; then the plan uses it", "请先在工厂数据表中加入该设备并载入"
    ),
    "supplier_lost": Words("this only shows what would happen", "这只显示会发生什么"),
    "supplier_slower": Words("change the supplier's offers in the market", "请在市场中修改供应商报价"),
    "stock_lost": Words("correct the stock on the material page", "请在物料页更正库存"),
    "faster": Words("change the product's operations in its draft", "请在产品草稿中修改工序"),
    "order": Words("place the order in the shop", "请在商店下单"),
    "buy": Words("order the parts on the material page", "请在物料页下采购单"),
}
CAN_APPLY = (AddShift, Overtime, Away, GoFirst)


class ScenarioService:
    """Scenarios of one organization, in one transaction. `wall` is the clock of people."""

    def __init__(self, store: ScenarioStore, plan: Desk, wall: Clock) -> None:
        self.store = store
        self.plan = plan
        self.wall = wall

    def scenarios(self) -> list[Kept]:
        """All of them, the newest first; without their figures."""
        return [_kept(row) for row in self.store.scenarios()]

    def scenario(self, scenario_id: str) -> Kept:
        """One with its figures. Raises UnknownScenario."""
        row = self.store.scenario(scenario_id)
        if row is None:
            raise UnknownScenario(f"there is no scenario {scenario_id}; it may have been thrown away")
        return _kept(row)

    def compare(self, ids: Iterable[str]) -> list[Kept]:
        """Several with their figures, to be looked at side by side. Raises UnknownScenario."""
        return [self.scenario(each) for each in dict.fromkeys(ids)]

    def create(self, scenario: Scenario, by: str, *, seconds: float = SECONDS) -> Kept:
        """Keep a scenario and calculate it: settled at once where the plan is not huge, planned anew in the background.

        `seconds` is how long the solver may search, for the plan as it is and again for the changed one. Raises
        WrongScenario, and what the changes raise.
        """
        _check_scenario(scenario, seconds)
        if len(self.store.scenarios()) >= SCENARIOS_MOST:
            raise WrongScenario(f"{SCENARIOS_MOST} scenarios are kept already; throw some away first")
        scenario_id = new_id("scn")
        calculated = self._settled(scenario)
        row = {
            "id": scenario_id,
            "created_by": by[:120],
            "created_at": self.wall(),
            "revision": 1,
            "applied_at": None,
            "applied_by": None,
        }
        self.store.add_scenario({**row, **_question(scenario, seconds), **calculated})
        return self.scenario(scenario_id)

    def change(self, scenario_id: str, scenario: Scenario, *, seconds: float = SECONDS) -> Kept:
        """Ask something else under the same id; calculated anew. Raises as `create`, and UnknownScenario."""
        _check_scenario(scenario, seconds)
        known = self.scenario(scenario_id)
        values = {**_question(scenario, seconds), **self._settled(scenario), "applied_at": None, "applied_by": None}
        self.store.change_scenario(scenario_id, {**values, "revision": known.revision + 1})
        return self.scenario(scenario_id)

    def again(self, scenario_id: str) -> Kept:
        """Calculate a scenario on the plan as it is by now. Raises UnknownScenario, and what its changes raise."""
        known = self.scenario(scenario_id)
        return self.change(scenario_id, known.scenario, seconds=known.seconds)

    def throw_away(self, scenario_id: str) -> None:
        """Forget a scenario; nothing happens when it is not there."""
        self.store.delete_scenario(scenario_id)

    def _settled(self, scenario: Scenario) -> dict[str, Any]:
        snapshot = self.plan.snapshot()
        changed = forked_if_small(snapshot, scenario.changes)
        if changed is None:
            return {"before": None, "after": None, "figures": None, "stamp": snapshot.stamp}
        before = outlook_of(settle(snapshot))
        after = outlook_of(changed, scenario.changes, snapshot)
        return {"stamp": snapshot.stamp, **_figures(before, after)}

    def next_waiting(self, *, orphans: bool = False) -> Kept | None:
        """The scenario that waits longest; with `orphans` also one whose calculation was broken off."""
        states = (ScenarioState.WAITING.value, *((ScenarioState.RUNNING.value,) if orphans else ()))
        found = self.store.waiting(states)
        return None if found is None else self.scenario(found)

    def note(self, kept: Kept, **values: Any) -> bool:
        """Keep progress or figures of a calculation; False, with nothing kept, when something else is asked by now."""
        if "before" in values and "after" in values:
            values |= _figures(values["before"], values["after"])
        return self.store.change_scenario(kept.id, values, revision=kept.revision)

    def is_current(self, kept: Kept) -> bool:
        """Whether the plan is still the one that the figures were calculated from."""
        return kept.stamp == self.plan.store.snapshot().stamp

    def apply(self, scenario_id: str, by: str) -> Applied:
        """Change the plan as the scenario says, as far as that is the plan's to change: hours, absences, orders that go
        first. Promises that move are told. Raises UnknownScenario, NoCapacity, PlanBusy."""
        kept = self.scenario(scenario_id)
        snapshot, changed = self.plan.snapshot(), not self.is_current(kept)
        done = [each for each in kept.scenario.changes if isinstance(each, CAN_APPLY)]
        if done:
            self.plan.change(lambda current: _with(current, done), cause="scenario", why=lambda _: APPLIED)
            self.store.change_scenario(scenario_id, {"applied_at": self.wall(), "applied_by": by[:120]})
        left = [(each.said(snapshot), _ELSEWHERE[each.kind]) for each in kept.scenario.changes if each not in done]
        return Applied(tuple(each.said(snapshot) for each in done), tuple(left), changed)


def _with(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """The plan with changes that stay. How much an order counts is the order's own matter and stays as it was."""
    fork = forked(snapshot, changes)
    weighed = [
        replace(each, demand=snapshot.commitments[key].demand)
        for key, each in fork.commitments.items()
        if key in snapshot.commitments and each.demand is not snapshot.commitments[key].demand
    ]
    return replace(fork.with_commitments(weighed), stamp=snapshot.stamp)


def forked_if_small(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot | None:
    """The copy with the changes; None for a plan so large that nobody should wait for it (the changes are checked)."""
    if sum(len(queue.bookings) for queue in snapshot.queues.values()) <= AT_ONCE:
        return forked(snapshot, changes)
    for change in changes:
        change.said(snapshot)
    return None


def calculated(snapshot: Snapshot, scenario: Scenario, improve: Improve | None) -> tuple[Outlook, Outlook]:
    """The figures of a plan as it is and with a scenario's changes, each planned anew with the same effort."""
    settled = settle(snapshot)
    before = outlook_of(resolved(settled, improve))
    return before, outlook_of(resolved(forked(snapshot, scenario.changes), improve), scenario.changes, snapshot)


def improving(solve: Solver, seconds: float) -> Improve:
    """A solver as something that improves copies of plans. What the independent checker objects to is not taken."""

    def improve(snapshot: Snapshot) -> Snapshot:
        problem = problem_of(snapshot)
        solution = solve(problem, seconds) if problem is not None else None
        if solution is None:
            return snapshot
        after = carry_out(snapshot, solution)
        return snapshot if set(check(after)) - set(check(snapshot)) else after

    return improve


def _figures(before: Outlook, after: Outlook) -> dict[str, Any]:
    return {
        "before": before.as_json(),
        "after": after.as_json(),
        "figures": [
            {
                "late": each.late,
                "tardiness_hours": each.tardiness_hours,
                "mean_hours": each.mean_hours,
                "cost": each.extra_cost + each.bought_cost,
            }
            for each in (before, after)
        ],
    }


def _question(scenario: Scenario, seconds: float) -> dict[str, Any]:
    return {
        "name": scenario.name.strip(),
        "changes": [each.as_json() for each in scenario.changes],
        "seconds": seconds,
        "state": ScenarioState.WAITING.value,
        "progress": 0.0,
        "fault": "",
    }


def _check_scenario(scenario: Scenario, seconds: float) -> None:
    if not 0 < len(scenario.name.strip()) <= 120:
        raise WrongScenario("a scenario needs a name of up to 120 letters", where="name")
    if not 0 < len(scenario.changes) <= CHANGES_MOST:
        raise WrongScenario(f"a scenario needs 1 to {CHANGES_MOST} changes", where="changes")
    if not 0 <= seconds <= SECONDS_MOST:
        raise WrongScenario(f"the solver may search for 0 to {SECONDS_MOST:g} seconds", where="seconds")


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(
        row["id"],
        Scenario(row["name"], tuple(change_of(each) for each in row["changes"])),
        row["created_by"],
        row["created_at"],
        row["revision"],
        row["seconds"],
        ScenarioState(row["state"]),
        row["progress"],
        row["fault"],
        row["stamp"],
        Outlook.from_json(row["before"]) if row.get("before") else None,
        Outlook.from_json(row["after"]) if row.get("after") else None,
        (row["figures"][0], row["figures"][1]) if row["figures"] else None,
        row["applied_at"],
        row["applied_by"],
    )
