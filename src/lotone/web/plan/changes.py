"""What changed the plan lately, in words: from the facts that were told."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lotone.insight import MachineRecovered, MachineStopped
from lotone.kernel import Fact, Told, Words, facts_after, newest_number
from lotone.orders import OrderPlaced
from lotone.plan import PromiseMoved, ScheduleChanged
from lotone.web.plan.names import Names
from lotone.wiring import Work

WINDOW = 500
WINDOWS_MOST = 12
"""How far back is looked when little of the plan is among the facts."""
TOGETHER = timedelta(minutes=5)
"""Changes of one cause within so much time are one line."""
QUIET = frozenset({"released", "started", "progressed", "finished"})
"""The plan being carried out: only worth a line when it moved something."""

OF_MACHINE = {"machine_down": MachineStopped, "machine_up": MachineRecovered}
CAUSES = {
    "ordered": (Words("A new order took its place", "新订单已排入"), "shopping-bag"),
    "cancelled": (Words("An order was cancelled", "订单已取消"), "x"),
    "released": (Words("An operation was sent to its machine", "工序已下达到设备"), "send"),
    "started": (Words("An operation began", "工序已开始"), "play"),
    "progressed": (Words("An operation runs faster or slower than planned", "工序快于或慢于计划"), "timer"),
    "finished": (Words("An operation ended", "工序已完成"), "check"),
    "machine_down": (Words("A machine stopped", "设备停机"), "octagon-alert"),
    "machine_up": (Words("A machine came back", "设备恢复"), "heart-pulse"),
    "absent": (Words("An operator or tool is away", "操作员或工具缺席"), "user"),
    "back": (Words("An operator or tool is back", "操作员或工具已返回"), "user"),
    "slower": (Words("A machine runs slower than planned", "设备慢于计划"), "timer"),
    "scrapped": (Words("Something was spoiled and is made again", "有零件报废，需要重做"), "rotate-ccw"),
    "rush": (Words("An urgent order goes first", "急单优先"), "zap"),
    "maintenance": (Words("A maintenance was planned or called off", "维护已安排或取消"), "wrench"),
    "material": (Words("Stock or deliveries changed", "库存或到货有变"), "package"),
    "late": (Words("Time passed what was planned", "实际进度落后于计划"), "clock"),
    "improved": (Words("The planner found a better schedule", "优化器找到更好的排程"), "sparkles"),
    "repaired": (
        Words("The planner found a schedule that keeps more promises", "优化器找到能守住更多承诺的排程"),
        "shield-check",
    ),
    "moved_by_hand": (Words("A planner moved an operation", "计划员移动了工序"), "hand"),
    "locked_by_hand": (Words("A planner locked an operation", "计划员锁定了工序"), "lock"),
    "unlocked_by_hand": (Words("A planner unlocked an operation", "计划员解锁了工序"), "unlock"),
    "undone_by_hand": (Words("A planner took a change back", "计划员撤销了更改"), "undo-2"),
    "setup": (Words("Machines or calendars changed", "设备或日历有变"), "settings"),
}


@dataclass(frozen=True)
class Change:
    """One line of the feed."""

    number: int
    at: datetime
    """When it was told, by the people's clock."""
    cause: str
    icon: str
    words: Words
    moved: int = 0
    times: int = 1
    version: int | None = None
    subject: str = ""
    """Which machine or order it is about, where that is known."""
    href: str = ""
    order: str | None = None
    """Whose promise moved."""
    before: datetime | None = None
    after: datetime | None = None

    @property
    def is_promise(self) -> bool:
        return self.order is not None

    @property
    def is_later(self) -> bool:
        return self.before is not None and self.after is not None and self.after > self.before


@dataclass(frozen=True)
class _Heard:
    """A fact of the plan, and the fact beside it that says of which machine or order it speaks."""

    told: Told
    beside: Fact | None


def changes(work: Work, names: Names, most: int) -> list[Change]:
    """The newest changes, newest first."""
    found: list[Change] = []
    heard = _newest_of_plan(work, most * 4)
    names.know_orders(each.told.fact.order for each in heard if isinstance(each.told.fact, PromiseMoved))
    for each in heard:
        change = _change(each, names)
        if change is None:
            continue
        if found and _belongs(found[-1], change):
            found[-1] = _joined(found[-1], change)
        elif len(found) == most:
            break
        else:
            found.append(change)
    return found


def _newest_of_plan(work: Work, most: int) -> list[_Heard]:
    """The plan's facts of this organization, the newest first."""
    found: list[_Heard] = []
    end = newest_number(work.connection) + 1
    for _ in range(WINDOWS_MOST):
        start = max(0, end - 1 - WINDOW)
        window = facts_after(work.connection, start, organization=work.organization, limit=WINDOW)
        mine = _heard([told for told in window if told.number < end])
        found.extend(reversed(mine))
        end = start + 1
        if len(found) >= most or start == 0:
            break
    return found[:most]


def _heard(window: list[Told]) -> list[_Heard]:
    """The plan's facts among others. A stop is told before the plan reacts to it, an order right after it has its place."""
    found = []
    machine: Fact | None = None
    for place, told in enumerate(window):
        fact = told.fact
        if isinstance(fact, MachineStopped | MachineRecovered):
            machine = fact
        elif isinstance(fact, PromiseMoved):
            found.append(_Heard(told, None))
        elif isinstance(fact, ScheduleChanged) and (fact.moved > 0 or fact.cause not in QUIET):
            after = window[place + 1].fact if place + 1 < len(window) else None
            beside = machine if isinstance(machine, OF_MACHINE.get(fact.cause, ())) else after
            found.append(_Heard(told, beside))
    return found


def _change(heard: _Heard, names: Names) -> Change | None:
    told, fact = heard.told, heard.told.fact
    if isinstance(fact, ScheduleChanged):
        words, icon = CAUSES.get(fact.cause, (Words(fact.cause), "refresh-cw"))
        subject, href = _subject(fact, heard.beside, names)
        return Change(told.number, told.at, fact.cause, icon, words, fact.moved, 1, fact.version, subject, href)
    if isinstance(fact, PromiseMoved):
        return Change(
            told.number,
            told.at,
            fact.cause,
            "calendar-clock",
            Words(fact.reason_en, fact.reason_zh),
            subject=names.order(fact.order),
            href=f"/orders/{fact.order}",
            order=fact.order,
            before=fact.before,
            after=fact.after,
        )
    return None


def _subject(fact: ScheduleChanged, beside: Fact | None, names: Names) -> tuple[str, str]:
    """Which machine or order a change is about, and where it is shown; nothing where that is not known."""
    if isinstance(beside, MachineStopped | MachineRecovered) and fact.cause in OF_MACHINE:
        return names.machine(beside.work_unit), f"/plant/{beside.work_unit}"
    if isinstance(beside, OrderPlaced) and fact.cause == "ordered":
        return beside.number, f"/orders/{beside.order}"
    return "", ""


def _belongs(newer: Change, older: Change) -> bool:
    is_same = newer.cause == older.cause and not newer.is_promise and not older.is_promise
    return is_same and newer.subject == older.subject and newer.at - older.at <= TOGETHER


def _joined(newer: Change, older: Change) -> Change:
    return replace(newer, moved=newer.moved + older.moved, times=newer.times + 1)
