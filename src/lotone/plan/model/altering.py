"""What a planner may try on a copy of the plan: more hours, machines, people away, material lost, orders, faster work."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from lotone.kernel import Invalid, Words
from lotone.plan.model.booking import Booking, Maintenance, Resource
from lotone.plan.model.calendar import DAY_MINUTES, Calendar, CalendarException, Shift, open_hours
from lotone.plan.model.demand import Demand, OperationNeed
from lotone.plan.model.reasons import WEEKDAYS, WEEKDAYS_ZH, day, moment
from lotone.plan.model.snapshot import Commitment, Snapshot
from lotone.plan.model.supply import Arrival, SupplierOffer, Supply

Called = Callable[[str], str]
"""What people call an order."""
LONGEST_DAYS = 366


class WrongChange(Invalid):
    """A change that can't be tried: it names something the plan does not know, or says nothing sensible."""


@dataclass(frozen=True)
class Change:
    """One thing that is different in a copy of the plan. Every kind gives `on` (the changed copy) and `said` (in words)."""

    kind: ClassVar[str] = ""
    rank: ClassVar[int] = 0
    """Those of lower rank are done first: orders are put into a plant that is changed already."""

    def on(self, snapshot: Snapshot) -> Snapshot:
        """The plan with this change, its work not settled yet. Raises WrongChange and what the change itself raises."""
        raise NotImplementedError

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        """What it changes, in words."""
        raise NotImplementedError

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        """What it costs until the plan's work ends, in the plant's currency, as far as costs were given."""
        return 0.0

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **{each.name: _plain(getattr(self, each.name)) for each in fields(self)}}


AnyChange = TypeVar("AnyChange", bound=type[Change])
KINDS: dict[str, type[Change]] = {}


def change_kind(cls: AnyChange) -> AnyChange:
    KINDS[cls.kind] = cls
    return cls


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Demand):
        return value.as_json()
    if isinstance(value, Words):
        return value.as_dict()
    return list(map(_plain, value)) if isinstance(value, tuple) else value


def change_of(values: Mapping[str, Any]) -> Change:
    """A change from its JSON. Raises WrongChange naming the field."""
    cls = KINDS.get(str(values.get("kind", "")))
    if cls is None:
        raise WrongChange(f"{values.get('kind')!r} is no kind of change; take one of {', '.join(sorted(KINDS))}", where="kind")
    known = {each.name: each for each in fields(cls)}
    unknown = sorted(set(values) - set(known) - {"kind"})
    if unknown:
        raise WrongChange(f"a change of kind {cls.kind} has no {', '.join(unknown)}", where=unknown[0])
    read = {name: _read(cls, known[name].type, name, value) for name, value in values.items() if name != "kind"}
    missing = [each for each in known if each not in read and known[each].default is MISSING]
    if missing:
        raise WrongChange(f"a change of kind {cls.kind} needs {', '.join(missing)}", where=missing[0])
    return cls(**read)


def _read(cls: type[Change], wanted: Any, name: str, value: Any) -> Any:
    try:
        return READERS[wanted](value)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise WrongChange(f"{name} of a change of kind {cls.kind} can't be {value!r}", where=name) from fault


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return found.astimezone(UTC)


def _number(value: Any) -> float:
    found = float(value)
    if not abs(found) < 1e12:
        raise ValueError("not a number")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("not a short text")
    return value


READERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    float: _number,
    int: int,
    bool: bool,
    datetime: _moment,
    Words: Words.from_dict,
    Demand: Demand.from_json,
    tuple[int, ...]: lambda value: tuple(int(each) for each in value),
    tuple[date, ...]: lambda value: tuple(date.fromisoformat(each) for each in value),
}
"""How the values of a change are read, by their type."""


def places(snapshot: Snapshot, where: str) -> list[Resource]:
    """The machines and people that a calendar, a work center or one name stands for. Raises WrongChange."""
    if where in snapshot.resources:
        return [snapshot.resources[where]]
    found = [each for each in snapshot.resources.values() if where in (each.calendar, each.work_center)]
    if not found:
        raise WrongChange(f"the plan knows no machine, work center or calendar {where!r}", where="where")
    return found


def place_words(snapshot: Snapshot, where: str) -> Words:
    return snapshot.resources[where].name if where in snapshot.resources else Words(where)


def with_hours(snapshot: Snapshot, where: str, alter: Callable[[Calendar], Calendar]) -> Snapshot:
    """The plan in which `alter` changed the hours of a place. A calendar that others keep too is copied for it.

    Raises WrongChange when nobody would ever work there.
    """
    machines = {each.work_unit for each in places(snapshot, where)}
    calendars, resources = dict(snapshot.calendars), dict(snapshot.resources)
    for name in sorted({resources[each].calendar for each in machines}):
        changed = alter(calendars[name])
        users = {each.work_unit for each in resources.values() if each.calendar == name}
        if not users <= machines:
            changed = replace(changed, id=f"{name}/{where}"[:80])
        if not open_hours(changed, snapshot.now).starts:
            raise WrongChange(f"calendar {name} would never open; leave some of its hours", where="where")
        calendars[changed.id] = changed
        for unit in users & machines:
            resources[unit] = replace(resources[unit], calendar=changed.id)
    return replace(snapshot, calendars=calendars, resources=resources)


def opened_hours(before: Snapshot, after: Snapshot, end: datetime) -> float:
    """Machine hours that are open until a moment in one plan and not in the other."""
    total = timedelta()
    for unit in after.resources.keys() & before.resources.keys():
        old, new = (each.calendars[each.resources[unit].calendar] for each in (before, after))
        if old is not new and end > before.now:
            hours = open_hours(new, before.now).total(before.now, end) - open_hours(old, before.now).total(before.now, end)
            total += max(hours, timedelta())
    return total.total_seconds() / 3600


def _clock(minute: int) -> str:
    return f"{minute % DAY_MINUTES // 60:02d}:{minute % 60:02d}"


def _check_span(start: int, end: int) -> None:
    if not 0 <= start < DAY_MINUTES or not start < end <= start + DAY_MINUTES:
        raise WrongChange(f"hours can't go from minute {start} to minute {end} of a day", where="end")


@change_kind
@dataclass(frozen=True)
class AddShift(Change):
    """Open hours on some weekdays, week after week: a second shift. Minutes after local midnight."""

    kind: ClassVar[str] = "shift"
    where: str
    weekdays: tuple[int, ...]
    start: int
    end: int
    cost_per_hour: float = 0.0

    def __post_init__(self) -> None:
        _check_span(self.start, self.end)
        if not self.weekdays or any(each not in range(7) for each in self.weekdays):
            raise WrongChange("a shift needs weekdays from 0 (Monday) to 6 (Sunday)", where="weekdays")

    def on(self, snapshot: Snapshot) -> Snapshot:
        shift = Shift(tuple(sorted(set(self.weekdays))), self.start, self.end)
        return with_hours(snapshot, self.where, lambda each: replace(each, shifts=(*each.shifts, shift)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name, span = place_words(snapshot, self.where), f"{_clock(self.start)}-{_clock(self.end)}"
        english = " ".join(WEEKDAYS[each] for each in sorted(set(self.weekdays)))
        chinese = "、".join(f"周{WEEKDAYS_ZH[each]}" for each in sorted(set(self.weekdays)))
        return Words(f"another shift at {name.en}: {english} {span}", f"{name.in_language('zh')}加班次：{chinese} {span}")

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        return opened_hours(before, after, end) * self.cost_per_hour


@change_kind
@dataclass(frozen=True)
class Overtime(Change):
    """Hours opened on given days (dates of the plant), in minutes after local midnight; without `end` those that the
    calendar keeps for overtime, at its cost."""

    kind: ClassVar[str] = "overtime"
    where: str
    days: tuple[date, ...]
    start: int = 0
    end: int = 0
    cost_per_hour: float = 0.0

    def __post_init__(self) -> None:
        if self.end:
            _check_span(self.start, self.end)
        if not 0 < len(self.days) <= LONGEST_DAYS:
            raise WrongChange(f"overtime needs 1 to {LONGEST_DAYS} days", where="days")

    def on(self, snapshot: Snapshot) -> Snapshot:
        return with_hours(snapshot, self.where, self._with_days)

    def _with_days(self, calendar: Calendar) -> Calendar:
        zone = ZoneInfo(calendar.time_zone)
        if not self.end:
            if not calendar.overtime:
                raise WrongChange(f"calendar {calendar.id} keeps no hours for overtime; say from when to when", where="end")
            for each in sorted(set(self.days)):
                calendar = calendar.with_overtime(_at(each, 0, zone), _at(each, DAY_MINUTES, zone))
            return calendar
        opened = tuple(
            CalendarException(_at(each, self.start, zone), _at(each, self.end, zone), True, Words("overtime", "加班"))
            for each in sorted(set(self.days))
        )
        return replace(calendar, exceptions=(*calendar.exceptions, *opened))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name, days = place_words(snapshot, self.where), sorted(set(self.days))
        span, span_zh = (f", {_clock(self.start)}-{_clock(self.end)}", f"，{_clock(self.start)}-{_clock(self.end)}")
        span, span_zh = (span, span_zh) if self.end else ("", "")
        first, last = _day_words(days[0], snapshot), _day_words(days[-1], snapshot)
        english = first.en if len(days) == 1 else f"{len(days)} days, {first.en} to {last.en}"
        chinese = first.zh if len(days) == 1 else f"{first.zh}至{last.zh}共{len(days)}天"
        return Words(f"overtime at {name.en}: {english}{span}", f"{name.in_language('zh')}加班：{chinese}{span_zh}")

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        machines = places(before, self.where)
        last = datetime.combine(max(self.days), time(), before.settings.zone) + timedelta(days=2)
        usual = {before.calendars[each.calendar].overtime_cost_per_hour for each in machines}
        return opened_hours(before, after, max(end, last)) * (self.cost_per_hour or max(usual))


def _at(on: date, minute: int, zone: ZoneInfo) -> datetime:
    return (datetime.combine(on, time(), zone) + timedelta(minutes=minute)).astimezone(UTC)


def _day_words(on: date, snapshot: Snapshot) -> Words:
    return day(datetime.combine(on, time(12), snapshot.settings.zone), snapshot.settings)


@change_kind
@dataclass(frozen=True)
class AddMachine(Change):
    """A machine (or person, or tool) more, that can do all that another can."""

    kind: ClassVar[str] = "machine"
    like: str
    count: int = 1
    cost_per_day: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 20:
            raise WrongChange(f"1 to 20 machines can be added, not {self.count}", where="count")

    def on(self, snapshot: Snapshot) -> Snapshot:
        model = known(snapshot, self.like, "like")
        free = (f"{self.like}+{number}" for number in range(1, 1000) if f"{self.like}+{number}" not in snapshot.resources)
        twins = [_twin(model, name) for _, name in zip(range(self.count), free, strict=False)]
        resources = {**snapshot.resources, **{each.work_unit: each for each in twins}}
        names = [each.work_unit for each in twins]
        return with_needs(replace(snapshot, resources=resources), lambda need: _also_on(need, self.like, names))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = place_words(snapshot, self.like)
        return Words(f"{self.count} more like {name.en}", f"增加{self.count}台{name.in_language('zh')}")

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        return max((end - before.now).total_seconds() / 86400, 0.0) * self.cost_per_day * self.count


def _twin(model: Resource, name: str) -> Resource:
    number = name.rpartition("+")[2]
    words = Words(f"{model.name.en} (new {number})", f"{model.name.in_language('zh')}（新{number}）")
    return replace(
        model, work_unit=name, words=words, down_from=None, down_until=None, down_said_at=None, down_minutes=0.0, up_at=None
    )


def _also_on(need: OperationNeed, like: str, names: list[str]) -> OperationNeed:
    minutes = dict(need.minutes_on)
    if like in minutes:
        minutes.update(dict.fromkeys(names, minutes[like]))
    units = need.work_units
    if units is not None and like in units:
        units = (*units, *names)
    if units == need.work_units and minutes == need.minutes_on:
        return need
    return replace(need, work_units=units, minutes_on=minutes)


@change_kind
@dataclass(frozen=True)
class Away(Change):
    """A machine, a person or a tool that is not there for a time: a repair, a holiday, an illness."""

    kind: ClassVar[str] = "away"
    work_unit: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start or self.end - self.start > timedelta(days=LONGEST_DAYS):
            raise WrongChange(f"away from {self.start} to {self.end}: it must end later, within a year", where="end")

    def on(self, snapshot: Snapshot) -> Snapshot:
        there = known(snapshot, self.work_unit, "work_unit")
        gone = Maintenance(self.start, self.end, Words("away", "不在"))
        return snapshot.with_resource(replace(there, maintenance=(*there.maintenance, gone)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = place_words(snapshot, self.work_unit)
        start, end = (moment(each, snapshot.now, snapshot.settings) for each in (self.start, self.end))
        return Words(f"{name.en} away from {start.en} to {end.en}", f"{name.in_language('zh')}{start.zh}至{end.zh}不在")


@change_kind
@dataclass(frozen=True)
class SupplierAway(Change):
    """A supplier who delivers nothing any more: what is on its way from there does not come, others are asked."""

    kind: ClassVar[str] = "supplier_lost"
    supplier: str

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply = snapshot.supply
        words = supplier_words(supply, self.supplier)
        offers = tuple(each for each in supply.offers if each.supplier != self.supplier)
        arriving = tuple(each for each in supply.arriving if each.supplier != words)
        return with_supply(snapshot, offered(replace(supply, offers=offers, arriving=arriving)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = supplier_words(snapshot.supply, self.supplier)
        return Words(f"supplier {name.en} is lost", f"失去供应商{name.in_language('zh')}")


@change_kind
@dataclass(frozen=True)
class SupplierSlower(Change):
    """A supplier who needs more days (fewer when negative) for everything, also for what is on its way."""

    kind: ClassVar[str] = "supplier_slower"
    supplier: str
    days: float

    def __post_init__(self) -> None:
        if not -365 <= self.days <= 365 or self.days == 0:
            raise WrongChange(f"a supplier can be -365 to 365 days slower, not {self.days:g}", where="days")

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply = snapshot.supply
        words, more = supplier_words(supply, self.supplier), timedelta(days=self.days)
        offers = tuple(
            replace(each, lead_time_days=max(0.0, each.lead_time_days + self.days)) if each.supplier == self.supplier else each
            for each in supply.offers
        )
        arriving = tuple(
            replace(each, at=each.at + more) if each.supplier == words else each for each in supply.arriving
        )  # fmt: skip
        return with_supply(snapshot, offered(replace(supply, offers=offers, arriving=arriving)))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name, days = supplier_words(snapshot.supply, self.supplier), abs(self.days)
        english, chinese = ("later", "晚") if self.days > 0 else ("sooner", "早")
        return Words(
            f"supplier {name.en} delivers {days:g} days {english}", f"供应商{name.in_language('zh')}交货{chinese}{days:g}天"
        )


@change_kind
@dataclass(frozen=True)
class StockLost(Change):
    """A quantity of a part in stock that is not there (or unfit), all of it when no quantity is given."""

    kind: ClassVar[str] = "stock_lost"
    part: str
    quantity: float = 0.0

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise WrongChange("the quantity that is lost can't be negative", where="quantity")

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply = snapshot.supply
        if self.part not in supply.parts and self.part not in supply.on_hand:
            raise WrongChange(f"the plan knows no part {self.part!r}", where="part")
        there = supply.on_hand.get(self.part, 0.0)
        left = max(0.0, there - self.quantity) if self.quantity else 0.0
        return with_supply(snapshot, replace(supply, on_hand={**supply.on_hand, self.part: left}))

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = snapshot.supply.parts.get(self.part, Words(self.part))
        amount, amount_zh = (f"{self.quantity:g} of ", f"{self.quantity:g}") if self.quantity else ("all of ", "全部")
        return Words(f"{amount}{name.en} in stock is lost", f"库存损失：{name.in_language('zh')} {amount_zh}")


@change_kind
@dataclass(frozen=True)
class Faster(Change):
    """Work that takes another share of its time: of a step, at a work center, or on one machine (0.8: a fifth less)."""

    kind: ClassVar[str] = "faster"
    what: str
    factor: float

    def __post_init__(self) -> None:
        if not 0.05 <= self.factor <= 20 or self.factor == 1:
            raise WrongChange(f"the factor must lie between 0.05 and 20 and not be 1, not {self.factor:g}", where="factor")

    def on(self, snapshot: Snapshot) -> Snapshot:
        steps = {need.step for each in snapshot.commitments.values() for need in each.demand.operations}
        if self.what not in steps:
            try:
                places(snapshot, self.what)
            except WrongChange:
                raise WrongChange(
                    f"the plan knows no step, work center or machine {self.what!r}", where="what"
                ) from None  # fmt: skip
        return with_needs(snapshot, lambda need: self._need(snapshot, need))

    def _need(self, snapshot: Snapshot, need: OperationNeed) -> OperationNeed:
        units = [each.work_unit for each in snapshot.candidates(need)]
        everywhere = self.what in (need.step, need.work_center)
        chosen = [
            each for each in units if everywhere or self.what in (each, snapshot.resources[each].calendar)
        ]  # fmt: skip
        if not chosen:
            return need
        minutes = {each: need.minutes_on.get(each, need.minutes) * self.factor for each in chosen}
        basic = need.minutes * self.factor if everywhere else need.minutes
        return replace(need, minutes=basic, minutes_on={**need.minutes_on, **minutes})

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        name = place_words(snapshot, self.what)
        return Words(
            f"{name.en} takes {self.factor * 100:.0f} % of its time", f"{name.in_language('zh')}用时为{self.factor * 100:.0f}%"
        )


def known(snapshot: Snapshot, work_unit: str, where: str) -> Resource:
    if work_unit not in snapshot.resources:
        raise WrongChange(f"the plan knows no machine {work_unit!r}", where=where)
    return snapshot.resources[work_unit]


def with_supply(snapshot: Snapshot, supply: Supply) -> Snapshot:
    return replace(snapshot, material=lambda: supply)


def supplier_words(supply: Supply, supplier: str) -> Words:
    found = next((each.words for each in supply.offers if each.supplier == supplier), None)
    if found is None:
        raise WrongChange(f"no supplier {supplier!r} offers anything that the plan knows of", where="supplier")
    return found


def offered(supply: Supply) -> Supply:
    """The supply whose lead times and suppliers are those of the fastest offers, the cheapest of equals; a part that
    nobody offers any more can't be bought."""
    best = {}
    for offer in sorted(supply.offers, key=lambda each: (each.lead_time_days, each.price, each.supplier), reverse=True):
        best[offer.part] = offer
    return replace(
        supply,
        lead_time_days={part: offer.lead_time_days for part, offer in best.items()},
        suppliers={part: offer.words for part, offer in best.items()},
    )


def with_needs(snapshot: Snapshot, alter: Callable[[OperationNeed], OperationNeed]) -> Snapshot:
    """The plan in which `alter` changed operations of the demands; what did not begin takes as long as they say now."""
    remembered: dict[int, tuple[OperationNeed, OperationNeed]] = {}

    def altered(need: OperationNeed) -> OperationNeed:
        if id(need) not in remembered:
            remembered[id(need)] = need, alter(need)
        return remembered[id(need)][1]

    changed = []
    for commitment in snapshot.commitments.values():
        operations = tuple(altered(need) for need in commitment.demand.operations)
        if any(new is not old for new, old in zip(operations, commitment.demand.operations, strict=True)):
            demand = replace(commitment.demand, operations=operations)
            changed.append(replace(commitment, demand=demand, bookings=tuple(_timed(commitment.bookings, demand))))
    return snapshot.with_commitments(changed)


def _timed(bookings: Iterable[Booking], demand: Demand) -> Iterable[Booking]:
    for booking in bookings:
        need = demand.by_step[booking.step]
        duration = need.duration(booking.work_unit)
        if booking.state.waits and duration != booking.duration:
            minutes = need.minutes_on.get(booking.work_unit, need.minutes)
            yield replace(booking, minutes=minutes, end=booking.start + duration)
        else:
            yield booking


def commitment_of(snapshot: Snapshot, order: str) -> Commitment:
    """The open commitment of an order. Raises WrongChange."""
    found = next((each for each in snapshot.commitments.values() if each.order == order), None)
    if found is None:
        raise WrongChange(f"nothing is left to be planned for order {order!r}", where="order")
    return found


@change_kind
@dataclass(frozen=True)
class Buy(Change):
    """A quantity of a part that is ordered now from one supplier, whoever the plan counts on otherwise."""

    kind: ClassVar[str] = "buy"
    part: str
    supplier: str
    quantity: float

    def __post_init__(self) -> None:
        if not self.quantity > 0:
            raise WrongChange("the quantity to buy must be more than 0", where="quantity")

    def on(self, snapshot: Snapshot) -> Snapshot:
        supply, offer = snapshot.supply, self._offer(snapshot.supply)
        arrival = Arrival(self.part, self.quantity, arrives(snapshot, offer), offer.words)
        return with_supply(snapshot, replace(supply, arriving=(*supply.arriving, arrival)))

    def _offer(self, supply: Supply) -> SupplierOffer:
        found = next((each for each in supply.offers if (each.part, each.supplier) == (self.part, self.supplier)), None)
        if found is None:
            raise WrongChange(f"supplier {self.supplier!r} does not offer part {self.part!r}", where="supplier")
        return found

    def said(self, snapshot: Snapshot, called: Called = str) -> Words:
        offer, part = self._offer(snapshot.supply), snapshot.supply.parts.get(self.part, Words(self.part))
        on = day(arrives(snapshot, offer), snapshot.settings)
        return Words(
            f"{self.quantity:g} × {part.en} from {offer.words.en}, here by {on.en}",
            f"向{offer.words.in_language('zh')}采购{part.in_language('zh')} {self.quantity:g}，{on.zh}前到货",
        )

    def cost(self, before: Snapshot, after: Snapshot, end: datetime) -> float:
        offer = self._offer(before.supply)
        return max(self.quantity, offer.least) * offer.price


def arrives(snapshot: Snapshot, offer: SupplierOffer) -> datetime:
    """When what is ordered now is there: by the end of a day, so that ordering and unpacking find their time."""
    return snapshot.settings.next_day(snapshot.now + timedelta(days=offer.lead_time_days))
