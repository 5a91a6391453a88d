"""What a machine does next: plan order, nobody's way, open hours, and only what is ready; and what it is sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone import make
from lotone.assets import DataType, Meaning, Tag, Value
from lotone.kernel import Words
from lotone.make.model.dispatch import as_typed, choose, request_tag, settings_for
from lotone.plan import Booking, BookingState

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
