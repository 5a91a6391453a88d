"""What a run of the demonstration came to, counted at both ends: at the machines and shoppers, and in the platform."""

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from lotone import insight, orders, plan
from lotone.demo.machines import count_published
from lotone.demo.run import ORGANIZATION, Demo
from lotone.demo.shoppers import Account
from lotone.kernel import Told, facts_after, troubles, waiting
from lotone.make import UnitState
from lotone.orders import OrderState
from lotone.wiring import Platform, Work

DELIVERED_LATER = 20
"""Facts that may still wait for their reactions at the moment of counting: the plant never stands still."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and whether it did."""

    words: str
    holds: bool


@dataclass
class Report:
    """The figures of one run. Times are wall seconds unless their name says otherwise."""

    wall_seconds: float = 0
    plant_hours: float = 0
    speed: float = 0
    orders_placed: int = 0
    orders_lost: int = 0
    orders_doubled: int = 0
    units_completed: int = 0
    passports_complete: int = 0
    as_built_differs: int = 0
    machine_stops: int = 0
    replans: int = 0
    improvements: int = 0
    promises_moved: int = 0
    promises_moved_and_told: int = 0
    promises_due: int = 0
    promises_kept: int = 0
    promises_broken_by: dict[str, int] = field(default_factory=dict)
    """Of the promises that are due and not kept: how many were last moved by which cause; `untold` were never moved."""
    double_booked_hours: float = 0.0
    double_booked: list[str] = field(default_factory=list)
    samples_published: int = 0
    samples_recorded: int = 0
    protocols: list[str] = field(default_factory=list)
    seconds_from_stop_to_buyer: float | None = None
    quote_ms_median: float | None = None
    facts: int = 0
    facts_undelivered: int = 0
    facts_in_trouble: int = 0
    quarantined: int = 0
    processes_killed: int = 0
    differences: list[str] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)

    def judge(self) -> list[Check]:
        """What the demonstration promises to show."""
        seconds = self.seconds_from_stop_to_buyer
        found = [
            Check("at least 40 orders were placed", self.orders_placed >= 40),
            Check("no acknowledged order was lost", self.orders_lost == 0),
            Check("no order was made twice", self.orders_doubled == 0),
            Check("at least 25 units were completed", self.units_completed >= 25),
            Check("every completed unit has a complete passport", self.passports_complete == self.units_completed),
            Check("every unit was built as configured", self.as_built_differs == 0),
            Check("a machine stopped unexpectedly", self.machine_stops >= 1),
            Check("the plan was changed for it", self.replans >= 1),
            Check("buyers were told of moved promises", self.promises_moved_and_told >= 1),
            Check("every moved promise reached its buyer", self.promises_moved_and_told == self.promises_moved),
            Check("promises were due", self.promises_due >= 1),
            Check("no machine hour was booked twice", self.double_booked_hours == 0),
            Check("every published sample is recorded once", self.samples_published == self.samples_recorded > 0),
            Check("three protocols were spoken", {"sparkplug", "opcua", "modbus"} <= set(self.protocols)),
            Check("buyers knew within five seconds of the stop", seconds is not None and seconds <= 5),
            Check("no fact waits for a reaction that failed", self.facts_in_trouble == 0),
            Check("facts reach their reactions", self.facts_undelivered <= DELIVERED_LATER),
        ]
        self.checks = {check.words: check.holds for check in found}
        return found

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def make_report(demo: Demo, platform: Platform, account: Account) -> Report:
    """Count everything. The machines should be quiet, and the recorder should have caught up."""
    report = Report(speed=demo.clock.speed)
    with platform.look(ORGANIZATION) as work:
        told = facts_after(work.connection, 0, organization=ORGANIZATION, limit=1_000_000)
        _count_orders(report, work, account)
        _count_units(report, work)
        _count_plan(report, work, demo.first_moment, platform.plant())
        report.protocols = _protocols(work, platform)
        report.quarantined = sum(each.count for each in work.connect.quarantine())
        report.facts_undelivered = waiting(work.connection, ORGANIZATION)
        report.facts_in_trouble = len(troubles(work.connection, ORGANIZATION))
    report.facts = len(told)
    report.machine_stops = sum(isinstance(each.fact, insight.MachineStopped) for each in told)
    changes = [each.fact for each in told if isinstance(each.fact, plan.ScheduleChanged)]
    report.replans = sum(change.cause == "machine_down" for change in changes)
    report.improvements = sum(change.cause in ("improved", "repaired") for change in changes)
    _count_promises(report, told, demo, account)
    report.samples_published = sum(count_published(demo.journals).values())
    report.samples_recorded = platform.historian.count(ORGANIZATION, sequence_max=0)
    report.quote_ms_median = round(statistics.median(account.quote_ms), 1) if account.quote_ms else None
    report.judge()
    return report


def _count_orders(report: Report, work: Work, account: Account) -> None:
    kept = work.orders.orders(limit=1_000_000)
    known = Counter(order.id for order in kept)
    report.orders_placed = len(kept)
    report.orders_lost = sum(known[order] == 0 for order in account.placed)
    quotes = Counter(order.quote for order in kept)
    report.orders_doubled = sum(count - 1 for count in quotes.values())
    rate = work.orders.kept_rate()
    report.promises_due, report.promises_kept = rate.due, rate.kept
    now = work.platform.plant()
    broken = [
        order.id
        for order in kept
        if order.state is not OrderState.CANCELLED and order.first_promised <= now and not order.kept
    ]
    causes = ([move.cause for move in work.orders.history(order)] or ["untold"] for order in broken)
    report.promises_broken_by = dict(Counter(each[-1] for each in causes))


def _count_units(report: Report, work: Work) -> None:
    units = work.make.units(limit=1_000_000)
    per_order = Counter(unit.order for unit in units)
    report.orders_doubled += sum(count - 1 for count in per_order.values())
    completed = [unit for unit in units if unit.state is UnitState.COMPLETED]
    report.units_completed = len(completed)
    passports = [work.make.passport(unit.serial) for unit in completed]
    report.passports_complete = sum(passport.complete for passport in passports)
    report.as_built_differs = sum(bool(passport.differences) for passport in passports)
    found = [(passport.unit.serial, each.as_json()) for passport in passports for each in passport.differences]
    report.differences = [f"{serial}: {difference}" for serial, difference in found[:20]]


def _count_plan(report: Report, work: Work, start: datetime, now: datetime) -> None:
    bookings = work.plan.schedule(start, now.replace(year=now.year + 1))
    report.double_booked_hours = round(plan.double_booked_hours(bookings), 6)
    report.double_booked = [str(each) for each in plan.double_booked(bookings)[:20]]


def _protocols(work: Work, platform: Platform) -> list[str]:
    """Protocols over which samples were recorded."""
    of_connection: dict[str, list[int]] = {}
    for tag in work.assets.tags():
        if tag.connection:
            of_connection.setdefault(tag.connection, []).append(tag.number)
    connections = work.connect.connections()
    return sorted(
        {each.protocol for each in connections if platform.historian.count(ORGANIZATION, of_connection.get(each.id, []))}
    )


def _count_promises(report: Report, told: Iterable[Told], demo: Demo, account: Account) -> None:
    """Moves of promises of the shoppers' orders, and how long after the stop their buyers knew."""
    heard = {each.number: each.told_at for each in account.told}
    stopped_at: datetime | None = None
    waits: list[float] = []
    for each in told:
        if isinstance(each.fact, insight.MachineStopped):
            stopped_at = each.fact.at
        if not isinstance(each.fact, orders.PromiseTold) or each.fact.order not in account.placed:
            continue
        report.promises_moved += 1
        report.promises_moved_and_told += each.number in heard
        if each.number in heard and each.fact.cause == "machine_down" and stopped_at is not None:
            waits.append(heard[each.number] - demo.clock.wall_time(stopped_at).timestamp())
    report.seconds_from_stop_to_buyer = round(statistics.median(waits), 2) if waits else None
