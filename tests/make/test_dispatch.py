"""What a machine does next: plan order, nobody's way, open hours, and only what is ready; and what it is sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone import make
from lotone.assets import DataType, Meaning, Tag, Value
from lotone.kernel import Words
from lotone.make.model.dispatch import as_typed, choose, ready_bookings, request_tag, settings_for
from lotone.plan import (
    Booking,
    BookingState,
    Calendar,
    Demand,
    OperationNeed,
    Resource,
    ResourceKind,
    SetupMatrix,
    Shift,
    Snapshot,
)
from lotone.plan.model.asking import UNTOLD
from lotone.plan.model.snapshot import Commitment, CommitmentState

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def booked(name: str, start: float, minutes: float = 30, state: BookingState = BookingState.PLANNED) -> Booking:
    """`start` in minutes from now."""
    at = NOW + timedelta(minutes=start)
    end = at + timedelta(minutes=minutes)
    return Booking(name, "commitment", 1, name, "paint", "paint-1", at, end, minutes, state, "order")


def always_open(_duration: timedelta) -> bool:
    return True


def chosen(queue: list[Booking], ready: set[str], open_minutes: float = 10_000) -> str | None:
    found = choose(queue, ready, NOW, lambda duration: duration <= timedelta(minutes=open_minutes))
    return None if found is None else found.id


def test_the_first_in_plan_order() -> None:
    assert chosen([booked("a", -1), booked("b", 30)], {"a", "b"}) == "a"


def test_what_is_ready_early_is_pulled_forward() -> None:
    assert chosen([booked("a", 600)], {"a"}) == "a"


def test_what_is_not_ready_is_not_begun() -> None:
    assert chosen([booked("a", -5)], set()) is None
    assert chosen([], {"a"}) is None


def test_a_later_one_fills_a_gap_but_is_in_nobodys_way() -> None:
    waits = booked("a", 45)
    assert chosen([waits, booked("b", 75, minutes=45)], {"b"}) == "b"
    assert chosen([waits, booked("b", 75, minutes=46)], {"b"}) is None
    assert chosen([waits, booked("b", 75, minutes=46), booked("c", 130, minutes=20)], {"b", "c"}) == "c"


def test_what_is_held_for_a_buyer_keeps_its_place() -> None:
    held = booked("h", 20, state=BookingState.HELD)
    assert chosen([held, booked("b", 50)], {"h", "b"}) is None
    assert chosen([held, booked("b", 50, minutes=20)], {"b"}) == "b"


def test_one_that_should_have_begun_and_is_not_ready_does_not_stop_the_machine() -> None:
    assert chosen([booked("a", -10), booked("b", 25)], {"b"}) == "b"


def test_early_work_must_fit_into_open_hours() -> None:
    assert chosen([booked("a", 600, minutes=30)], {"a"}, open_minutes=29) is None
    assert chosen([booked("a", 600, minutes=30)], {"a"}, open_minutes=30) == "a"
    assert chosen([booked("a", -1, minutes=30)], {"a"}, open_minutes=0) == "a"


def test_nothing_begins_while_the_machine_is_closed() -> None:
    assert choose([booked("a", -1)], {"a"}, NOW, lambda _duration: False) is None


def test_what_a_planner_locked_waits_for_its_time() -> None:
    locked = replace(booked("a", 60), locked=True)
    assert chosen([locked], {"a"}) is None
    assert chosen([replace(booked("a", 1), locked=True)], {"a"}) == "a"
    assert chosen([locked, booked("b", 90, minutes=60)], {"a", "b"}) == "b"
    assert chosen([locked, booked("b", 90, minutes=61)], {"a", "b"}) is None


starts = st.lists(st.tuples(st.integers(-30, 300), st.integers(1, 60), st.booleans(), st.booleans()), max_size=8)


@given(starts)
def test_nobody_planned_before_is_pushed(planned: list[tuple[int, int, bool, bool]]) -> None:
    queue = sorted(
        (
            booked(str(number), start, minutes, BookingState.HELD if held else BookingState.PLANNED)
            for number, (start, minutes, _ready, held) in enumerate(planned)
        ),
        key=lambda booking: booking.start,
    )
    ready = {str(number) for number, (_start, _minutes, is_ready, _held) in enumerate(planned) if is_ready}
    found = choose(queue, ready, NOW, always_open)
    if found is None:
        return
    assert found.id in ready
    assert found.state is BookingState.PLANNED
    end = NOW + timedelta(minutes=found.minutes)
    for other in queue[: queue.index(found)]:
        assert other.start <= NOW or other.start >= end


COLOUR = Tag(1, "paint-1", "colour", Words("Colour"), DataType.INTEGER, Meaning.PARAMETER, writable=True)
REQUEST = replace(COLOUR, number=2, name="request", meaning=Meaning.REQUEST)


@pytest.mark.parametrize(
    ("data_type", "value", "typed"),
    [
        (DataType.NUMBER, 3, 3.0),
        (DataType.INTEGER, 3.0, 3),
        (DataType.INTEGER, True, 1),
        (DataType.BOOLEAN, True, True),
        (DataType.BOOLEAN, "true", True),
        (DataType.BOOLEAN, 0, False),
        (DataType.TEXT, 9016, "9016"),
    ],
)
def test_values_have_the_type_of_their_tag(data_type: DataType, value: Value, typed: Value) -> None:
    found = as_typed(replace(COLOUR, data_type=data_type), value)
    assert (found, type(found)) == (typed, type(typed))


def test_what_is_no_number_is_not_sent_as_one() -> None:
    with pytest.raises(make.CannotSend):
        as_typed(COLOUR, "sky blue")


def test_a_machine_must_have_the_tags_for_what_it_is_told() -> None:
    assert settings_for([COLOUR, REQUEST], {"colour": 5005}, {"cycle_minutes": 20.0}) == {"colour": 5005}
    for tags in ([], [replace(COLOUR, writable=False)], [replace(COLOUR, meaning=Meaning.SENSOR)]):
        with pytest.raises(make.CannotSend, match="colour"):
            settings_for(tags, {"colour": 5005}, {})
    assert request_tag([COLOUR, REQUEST]) == REQUEST
    for tags in ([COLOUR], [replace(REQUEST, writable=False)]):
        with pytest.raises(make.CannotSend, match="request"):
            request_tag(tags)


def planned(
    *resources: Resource, need: OperationNeed, crew: tuple[str, ...] = (), start: float = 0, transport: float = 0
) -> tuple[Snapshot, list[Booking]]:
    """A plan in which cutting is done, and `need` after it is planned on paint-1."""
    begin = NOW + timedelta(minutes=start)
    cut = Booking("cut", "k", 1, "cut", "cut", "cut-1", NOW - timedelta(hours=1), NOW, 60, BookingState.DONE, "order")
    work = Booking(
        "work", "k", 1, need.step, "paint", "paint-1", begin, begin + timedelta(minutes=need.minutes), need.minutes,
        BookingState.PLANNED, "order", crew,
    )  # fmt: skip
    demand = Demand((OperationNeed("cut", "cut", 60), replace(need, after=("cut",))))
    commitment = Commitment("k", 1, demand, (cut, work), (), UNTOLD, NOW, CommitmentState.FIRM, "order")
    units = (Resource("paint-1", "paint", "always"), Resource("cut-1", "cut", "always"), *resources)
    calendar = Calendar("always", "UTC", (Shift.from_text("Mon-Sun", "00:00", "24:00"),))
    resources = {each.work_unit: each for each in units}
    plan = Snapshot(calendars={"always": calendar}, resources=resources, transport={("cut", "paint"): transport})
    return replace(plan, now=NOW).with_commitments([commitment]), [work]


PAINT = OperationNeed("paint", "paint", 30)
ANNA = Resource("anna", "", "always", kind=ResourceKind.OPERATOR, skills=("spray",))
SPRAY = replace(PAINT, also=("spray",))


def test_the_way_to_a_machine_must_be_over() -> None:
    assert ready_bookings(*planned(need=PAINT), NOW) == {"work"}
    assert ready_bookings(*planned(need=PAINT, transport=5), NOW) == set()
    assert ready_bookings(*planned(need=PAINT, transport=5), NOW + timedelta(minutes=5)) == {"work"}


def test_only_what_nobody_counts_on_begins_before_its_time() -> None:
    assert ready_bookings(*planned(need=PAINT, start=60), NOW) == {"work"}
    assert ready_bookings(*planned(need=replace(PAINT, wait_most_minutes=30), start=60), NOW) == set()
    red = replace(PAINT, setup="red")
    plan, queue = planned(Resource("paint-1", "paint", "always", setups="colours", state="red"), need=red, start=60)
    plan = replace(plan, setups={"colours": SetupMatrix("colours", default=10)})
    assert ready_bookings(plan, queue, NOW) == {"work"}
    blue = plan.with_resource(replace(plan.resources["paint-1"], state="blue"))
    assert ready_bookings(blue, queue, NOW) == set()
    assert ready_bookings(blue, queue, NOW, NOW - timedelta(minutes=9)) == set()
    assert ready_bookings(blue, queue, NOW, NOW - timedelta(minutes=10)) == {"work"}, "time enough to change it over"
    assert ready_bookings(blue, queue, NOW + timedelta(minutes=58)) == {"work"}


def test_a_crew_comes_early_only_if_nobody_else_needs_it() -> None:
    plan, queue = planned(ANNA, need=SPRAY, crew=("anna",), start=60)
    assert ready_bookings(plan, queue, NOW) == {"work"}
    begin = NOW + timedelta(minutes=20)
    other = Booking(
        "other", "o", 1, "paint", "paint", "paint-2", begin, begin + timedelta(minutes=30), 30,
        BookingState.PLANNED, "o", ("anna",),
    )  # fmt: skip
    busy = plan.with_commitments([Commitment("o", 2, Demand((SPRAY,)), (other,), (), UNTOLD, NOW, CommitmentState.FIRM, "o")])
    assert ready_bookings(busy, queue, NOW) == set()
    gone = replace(plan, calendars={"always": Calendar("always", "UTC", (Shift.from_text("Mon-Sun", "23:00", "24:00"),))})
    assert ready_bookings(gone, queue, NOW) == set()


def test_a_crew_that_is_away_or_at_work_is_waited_for() -> None:
    plan, queue = planned(ANNA, need=SPRAY, crew=("anna",))
    assert ready_bookings(plan, queue, NOW) == {"work"}
    absent = replace(ANNA, down_from=NOW, down_until=NOW + timedelta(hours=8))
    assert ready_bookings(plan.with_resource(absent), queue, NOW) == set()
    other = Booking(
        "other",
        "o",
        1,
        "paint",
        "paint",
        "paint-2",
        NOW,
        NOW + timedelta(minutes=30),
        30,
        BookingState.STARTED,
        "o",
        ("anna",),
    )
    busy = plan.with_commitments([Commitment("o", 2, Demand((SPRAY,)), (other,), (), UNTOLD, NOW, CommitmentState.FIRM, "o")])
    assert ready_bookings(busy, queue, NOW) == set()
    assert ready_bookings(busy.with_resource(replace(ANNA, capacity=2)), queue, NOW) == {"work"}
