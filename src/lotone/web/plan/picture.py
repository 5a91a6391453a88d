"""The schedule as the Gantt reads it (web/src/gantt/model.ts): by machine, or by order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from lotone.kernel import Words
from lotone.make import WorkState
from lotone.plan import Booking, BookingState, Calendar, Resource, Snapshot
from lotone.plan.model.calendar import open_hours
from lotone.plan.model.snapshot import Commitment, CommitmentState
from lotone.web.plan.layers import CREW_WORDS, crew_rows, maintenance, milliseconds, overtime, setups, with_crew
from lotone.web.plan.names import Names
from lotone.web.plan.plant_time import PlantTime
from lotone.web.plan.promises import is_late
from lotone.web.reader import Reader
from lotone.wiring import Work

HELD = "held"
HORIZON = timedelta(days=366)

KINDS = {
    BookingState.HELD: "held",
    BookingState.PLANNED: "planned",
    BookingState.RELEASED: "released",
    BookingState.STARTED: "running",
    BookingState.DONE: "done",
}
STATE_WORDS = {
    BookingState.HELD: Words("held for a quote", "为报价预留"),
    BookingState.PLANNED: Words("planned", "已计划"),
    BookingState.RELEASED: Words("sent to the machine", "已下达"),
    BookingState.STARTED: Words("running", "进行中"),
    BookingState.DONE: Words("done", "已完成"),
    BookingState.CANCELLED: Words("cancelled", "已取消"),
}
LEGEND = (
    *((KINDS[state], STATE_WORDS[state]) for state in KINDS),
    ("late", Words("order later than first told", "订单晚于首次承诺")),
    ("locked", Words("locked by a planner", "计划员已锁定")),
    ("down", Words("machine stands still", "设备停机")),
    ("closed", Words("closed", "非工作时间")),
)
SETUP_SIGN = ("setup", Words("setup", "换型"))
MAINTENANCE_SIGN = ("maintenance", Words("maintenance", "维护"))
OVERTIME_SIGN = ("overtime", Words("overtime", "加班"))
LEGEND_BY_ORDER = (
    ("told", Words("hand-over as told now", "当前承诺的交付")),
    ("first", Words("as told first", "首次承诺的交付")),
)


class By(StrEnum):
    """What a row of the picture is."""

    MACHINE = "machine"
    ORDER = "order"


@dataclass(frozen=True)
class Range:
    """The part of the schedule that is asked for."""

    start: datetime
    end: datetime

    @classmethod
    def near(cls, now: datetime, start: float, end: float) -> "Range":
        """From a picture's address, in milliseconds; nothing is planned or kept further from now than `HORIZON`."""
        first, last = (now - HORIZON).timestamp(), (now + HORIZON).timestamp()
        low, high = (min(max(value / 1000, first), last) for value in sorted((start, end)))
        return cls(datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC))

    def meets(self, booking: Booking) -> bool:
        return booking.start < self.end and booking.end > self.start


class Picture:
    """One answer: built for one reader from one state of the plan."""

    def __init__(self, work: Work, reader: Reader, wanted: Range) -> None:
        self.work = work
        self.reader = reader
        self.wanted = wanted
        self.snapshot: Snapshot = work.plan.snapshot()
        self.names = Names(work, reader, self.snapshot)
        self.time = PlantTime(reader, self.snapshot.settings.time_zone)
        self.progress = _progress(work)
        self.setups = setups(self.snapshot)

    def answer(self, by: By) -> dict[str, Any]:
        """The whole answer, ready for JSON."""
        shown = self._by_machine() if by is By.MACHINE else self._by_order()
        legend = [*LEGEND, *_more_signs(shown)] if by is By.MACHINE else [*LEGEND[:7], *LEGEND_BY_ORDER]
        return {
            "now": milliseconds(self.snapshot.now),
            "zone": self.snapshot.settings.time_zone,
            "version": self.snapshot.version,
            "legend": [{"sign": sign, "text": self.reader.words(words)} for sign, words in legend],
            **shown,
        }

    # by machine

    def _by_machine(self) -> dict[str, Any]:
        bookings = self.work.plan.schedule(self.wanted.start, self.wanted.end)
        self.names.know_orders({each.order for each in bookings if each.order is not None})
        everybody = sorted(self.snapshot.resources.values(), key=self._place)
        machines = [each for each in everybody if each.is_machine]
        centers = dict.fromkeys(machine.work_center for machine in machines)
        crews = crew_rows(everybody)
        bars = [bar for each in bookings for bar in self._on_machine(each)]
        _add_lanes(machines, bookings, bars)
        calendars = self._calendars(everybody)
        start, end = self.wanted.start, self.wanted.end
        return {
            "groups": [
                *({"id": each, "label": self.names.equipment(each), "load": True} for each in centers),
                *({"id": kind.value, "label": self.reader.words(CREW_WORDS[kind])} for kind in crews),
            ],
            "rows": [
                *(self._machine_row(machine) for machine in machines),
                *(self._crew_row(each) for found in crews.values() for each in found),
            ],
            "bookings": bars,
            "orders": self._orders(bookings),
            "closed": [span for each in calendars for span in self._closed(each)],
            "down": self._down(everybody),
            "maintenance": maintenance(everybody, start, end, self.reader.words),
            "overtime": [span for each in calendars for span in overtime(each, start, end)],
        }

    def _place(self, machine: Resource) -> tuple[tuple[int, str], tuple[int, str]]:
        return self.names.place(machine.work_center), self.names.place(machine.work_unit)

    def _machine_row(self, machine: Resource) -> dict[str, Any]:
        return {
            "id": machine.work_unit,
            "label": self.names.machine(machine.work_unit),
            "group": machine.work_center,
            "href": f"/plant/{machine.work_unit}",
            "calendar": machine.calendar,
        }

    def _crew_row(self, one: Resource) -> dict[str, Any]:
        row = {"id": one.work_unit, "label": self.names.machine(one.work_unit), "group": one.kind.value}
        return {**row, "calendar": one.calendar, "detail": ", ".join(one.skills)}

    def _on_machine(self, booking: Booking) -> list[dict[str, Any]]:
        """Its bar on its machine, and those with the operators and tools it takes."""
        bar = {**self._bar(booking), "row": booking.work_unit, "step": self.names.step(booking.step)}
        if self._quantity(booking) > 1:
            bar["label"] = self.names.booking(booking)
        if booking.id in self.setups:
            bar["setup"] = self.setups[booking.id]
        return [bar, *with_crew(bar, booking)]

    def _quantity(self, booking: Booking) -> int:
        commitment = self.snapshot.commitments.get(booking.commitment)
        return commitment.demand.quantity if commitment else booking.unit

    def _bar(self, booking: Booking) -> dict[str, Any]:
        """What is the same whatever the rows are."""
        commitment = self.snapshot.commitments.get(booking.commitment)
        bar: dict[str, Any] = {
            "id": booking.id,
            "start": milliseconds(booking.start),
            "end": milliseconds(booking.end),
            "order": booking.order or booking.commitment,
            "kind": KINDS.get(booking.state, "planned"),
        }
        if booking.locked and booking.state.waits:
            bar["locked"] = True
        if booking.state is BookingState.PLANNED and commitment is not None:
            bar["movable"] = True
        if booking.state is BookingState.STARTED:
            bar["progress"] = self.progress.get(booking.id, _by_the_clock(booking, self.snapshot.now))
        if commitment and (before := [previous.id for previous, _ in commitment.before(booking)]):
            bar["after"] = before
        return bar

    def _orders(self, bookings: Iterable[Booking]) -> dict[str, dict[str, Any]]:
        """What all bookings of one order share."""
        seen = {each.order or each.commitment: each for each in bookings}
        return {order: self._order(each) for order, each in seen.items()}

    def _order(self, booking: Booking) -> dict[str, Any]:
        number = self.names.order(booking.order)
        shared: dict[str, Any] = {"label": number, "title": number}
        shared["short"] = number.removeprefix("B-").lstrip("0") if booking.order else "?"
        commitment = self.snapshot.commitments.get(booking.commitment)
        if commitment is not None and commitment.order is not None:
            told = self.reader.say("promised for %(date)s", date=self.time.text(commitment.told.date))
            shared["lines"] = [self.reader.words(commitment.demand.words), told]
            if is_late(commitment, self.names):
                shared["late"] = True
        return shared

    def _calendars(self, machines: Iterable[Resource]) -> list[Calendar]:
        return [self.snapshot.calendars[each] for each in dict.fromkeys(machine.calendar for machine in machines)]

    def _closed(self, calendar: Calendar) -> list[dict[str, Any]]:
        gaps = open_hours(calendar, self.wanted.start).gaps(self.wanted.start, self.wanted.end)
        return [{"calendar": calendar.id, "start": milliseconds(gap.start), "end": milliseconds(gap.end)} for gap in gaps]

    def _down(self, machines: Iterable[Resource]) -> list[dict[str, Any]]:
        """Stops as the machines told them, and the expected end of those that last."""
        down = [
            {"row": stop.work_unit, "start": milliseconds(stop.began), "end": milliseconds(stop.ended)}
            for stop in self.work.insight.stops(self.wanted.start, min(self.wanted.end, self.snapshot.now))
            if stop.ended is not None
        ]
        for machine in machines:
            if machine.down_from is not None and machine.down_until is not None:
                back = self.time.text(machine.down_until, "time")
                label = self.reader.say("stopped, back about %(time)s", time=back)
                since, until = milliseconds(machine.down_from), milliseconds(machine.down_until)
                down.append({"row": machine.work_unit, "start": since, "end": until, "label": label})
        return down

    # by order

    def _by_order(self) -> dict[str, Any]:
        shown = [each for each in self.snapshot.commitments.values() if any(x.state.takes_time for x in each.bookings)]
        self.names.know_orders(each.order for each in shown if each.order is not None)
        shown.sort(
            key=lambda each: (each.state is CommitmentState.HELD, each.told.date, self.names.order(each.order), each.id)
        )
        rows: list[dict[str, Any]] = []
        bookings: list[dict[str, Any]] = []
        marks: list[dict[str, Any]] = []
        for commitment in shown:
            for unit in range(1, commitment.demand.quantity + 1):
                self._add_unit(commitment, unit, rows, bookings)
                marks += self._marks(commitment, rows[-1]["id"])
        shared = self._orders(each.bookings[0] for each in shown)
        return {"groups": self._due_days(shown), "rows": rows, "bookings": bookings, "orders": shared, "marks": marks}

    def _due(self, commitment: Commitment) -> tuple[bool, datetime, str, str]:
        held = commitment.state is CommitmentState.HELD
        return held, commitment.told.date, self.names.order(commitment.order), commitment.id

    def _group(self, commitment: Commitment) -> str:
        held = commitment.state is CommitmentState.HELD
        return HELD if held else f"{commitment.told.date.astimezone(self.time.tz):%Y-%m-%d}"

    def _due_days(self, shown: Iterable[Commitment]) -> list[dict[str, Any]]:
        days = {self._group(each): each.told.date for each in shown}
        counts: dict[str, int] = {}
        for each in shown:
            counts[self._group(each)] = counts.get(self._group(each), 0) + each.demand.quantity
        due, held = self.reader.say("Due %(date)s"), self.reader.say("Held for quotes")
        return [
            {
                "id": day,
                "label": held if day == HELD else due % {"date": self.time.text(told, "day")},
                "detail": str(counts[day]),
            }
            for day, told in days.items()
        ]

    def _add_unit(self, commitment: Commitment, unit: int, rows: list[dict[str, Any]], bookings: list[dict[str, Any]]) -> None:
        mine = sorted((each for each in commitment.bookings if each.unit == unit), key=lambda each: (each.start, each.id))
        mine = [each for each in mine if each.state is not BookingState.CANCELLED]
        lanes = _lanes(mine)
        row = f"{commitment.id}/{unit}"
        number = self.names.booking(mine[0]) if mine else self.names.order(commitment.order)
        rows.append(
            {
                "id": row,
                "label": number,
                "detail": self.reader.words(commitment.demand.words),
                "group": self._group(commitment),
                **({"late": True} if is_late(commitment, self.names) else {}),
                **({"href": f"/orders/{commitment.order}"} if commitment.order else {}),
            }
        )
        for booking in mine:
            if self.wanted.meets(booking):
                step = self.names.step(booking.step)
                bar = {**self._bar(booking), "row": row, "label": step, "short": "", "title": number, "step": step}
                if booking.id in lanes:
                    bar["lane"], bar["lanes"] = lanes[booking.id]
                bookings.append({**bar, "where": self.names.machine(booking.work_unit)})

    def _marks(self, commitment: Commitment, row: str) -> list[dict[str, Any]]:
        if commitment.order is None:
            return []
        ready = milliseconds(commitment.completion + self.snapshot.settings.packing)
        marks: list[dict[str, Any]] = [{"row": row, "at": milliseconds(commitment.told.date), "kind": "told", "ready": ready}]
        first = self.names.first_promised(commitment.order)
        if first is not None and first != commitment.told.date:
            marks.append({"row": row, "at": milliseconds(first), "kind": "first"})
        return marks


def _more_signs(shown: dict[str, Any]) -> list[tuple[str, Words]]:
    """Explained only where they are to be seen."""
    signs = [(SETUP_SIGN, any(bar.get("setup") for bar in shown["bookings"])), (MAINTENANCE_SIGN, shown["maintenance"])]
    return [sign for sign, there in (*signs, (OVERTIME_SIGN, shown["overtime"])) if there]


def _lanes(bookings: Iterable[Booking]) -> dict[str, tuple[int, int]]:
    """For each booking that overlaps others: its strip, and how many there are around it. Bookings come by start."""
    found: dict[str, tuple[int, int]] = {}
    together: dict[str, int] = {}
    ends: list[datetime] = []
    for booking in bookings:
        if ends and max(ends) <= booking.start:
            found.update({each: (lane, len(ends)) for each, lane in together.items()})
            together, ends = {}, []
        lane = next((number for number, end in enumerate(ends) if end <= booking.start), len(ends))
        ends[lane:] = [booking.end, *ends[lane + 1 :]]
        together[booking.id] = lane
    found.update({each: (lane, len(ends)) for each, lane in together.items()})
    return {each: place for each, place in found.items() if place[1] > 1}


def _add_lanes(machines: Iterable[Resource], bookings: Iterable[Booking], bars: Iterable[dict[str, Any]]) -> None:
    """Machines that do several things at a time show them in strips; what shares a batch says so."""
    several = {each.work_unit: each.batch for each in machines if each.capacity > 1 or each.batch}
    queues: dict[str, list[Booking]] = {unit: [] for unit in several}
    for booking in bookings:
        if booking.work_unit in several:
            queues[booking.work_unit].append(booking)
    lanes = {key: lane for queue in queues.values() for key, lane in _lanes(queue).items()}
    for bar in bars:
        if bar["id"] in lanes:
            bar["lane"], bar["lanes"] = lanes[bar["id"]]
            if several[bar["row"]]:
                bar["batch"] = True


def _progress(work: Work) -> Mapping[str, float]:
    """How far the running operations are, as their machines said last."""
    running = work.make.work_orders(states=[WorkState.RUNNING])
    return {each.booking: round(each.progress / 100, 3) for each in running}


def _by_the_clock(booking: Booking, now: datetime) -> float:
    """Where no machine says it: the share of the planned time that has passed."""
    length = max(booking.duration, timedelta(seconds=1))
    return round(min(max((now - booking.start) / length, 0.0), 0.99), 3)
