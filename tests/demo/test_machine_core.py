"""The machine without a protocol: no time travel, requests that may be repeated, breakdowns that lose nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotone.demo.machines import Behaviour, Stop
from lotone.demo.machines.core import Machine, Memory, Refused
from lotone.demo.machines.model import moment

MINUTE = 60_000_000
IDLE, RUNNING, DOWN = 1, 2, 3
SAME_LAB = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def order(machine: Machine, number: int, now: int, minutes: float = 20.0, **more: Any) -> list[Any]:
    return machine.write({"cycle_minutes": minutes, **more, "request": number}, now)


def test_a_job_runs_from_request_to_done(lab: Any, told: Any) -> None:
    machine = lab.machine()
    told.hear(machine.advance(lab.start + MINUTE))
    told.hear(order(machine, 7, lab.start + 2 * MINUTE, bake_temperature=80.0, colour="red"))
    for minute in range(3, 60):
        told.hear(machine.advance(lab.start + minute * MINUTE))
    assert told.of("job") == [0, 7]
    assert told.of("job-state") == [0, 1, 2]
    assert told.of("state") == [IDLE, RUNNING, IDLE]
    assert told.of("good") == [0, 1]
    progress = told.of("progress")
    assert progress[0] == 0.0
    assert progress[-1] == 100.0
    assert progress == sorted(progress)
    assert 60 < told.last("thickness") < 90
    done = next(frame for frame in told.frames if frame.values.get("job-state") == 2)
    assert {"thickness", "progress", "good", "state"} <= set(done.values), "all of the end is of one instant"
    started = next(frame for frame in told.frames if frame.values.get("job-state") == 1)
    assert (started.values["bake_temperature"], started.values["colour"], started.values["cycle_minutes"]) == (
        80.0,
        "red",
        20.0,
    )
    took = (done.time - started.time) / MINUTE
    assert 12 < took < 32


def test_parameters_are_said_again_when_a_job_starts(lab: Any) -> None:
    machine = lab.machine()
    order(machine, 1, lab.start, colour="red")
    machine.advance(lab.start + 90 * MINUTE)
    frames = order(machine, 2, lab.start + 91 * MINUTE, colour="red")
    started = next(frame for frame in frames if frame.values.get("job") == 2)
    assert started.values["colour"] == "red"
    assert started.values["progress"] == 0.0


def test_parameters_written_while_a_job_runs_are_for_the_next(lab: Any, told: Any) -> None:
    machine = lab.machine()
    told.hear(order(machine, 1, lab.start, colour="red"))
    told.hear(machine.write({"colour": "blue"}, lab.start + MINUTE))
    assert told.last("colour") == "red"
    told.hear(machine.advance(lab.start + 60 * MINUTE))
    assert told.last("job-state") == 2
    assert told.last("colour") == "blue"


def test_a_request_that_comes_during_a_job_waits(lab: Any, told: Any) -> None:
    machine = lab.machine()
    told.hear(order(machine, 1, lab.start))
    told.hear(order(machine, 2, lab.start + MINUTE))
    assert told.last("job") == 1
    told.hear(machine.advance(lab.start + 100 * MINUTE))
    assert told.of("job") == [0, 1, 2]
    assert told.last("good") == 2


def test_a_late_copy_of_an_old_request_has_no_effect(lab: Any, told: Any) -> None:
    machine = lab.machine()
    for number in (1, 2):
        told.hear(order(machine, number, lab.start + number * 60 * MINUTE))
        told.hear(machine.advance(lab.start + (number * 60 + 59) * MINUTE))
    told.hear(order(machine, 1, lab.start + 200 * MINUTE))
    told.hear(machine.advance(lab.start + 300 * MINUTE))
    assert told.last("job") == 2
    assert told.last("state") == IDLE
    assert told.last("good") == 2


def test_a_scripted_stop_at_a_time_interrupts_the_job(lab: Any, told: Any) -> None:
    at = lab.start + 10 * MINUTE
    stop = Stop(minutes=30, code="E42 belt torn", at=moment(at))
    machine = lab.machine(lab.spec(stops=(stop,), behaviour=Behaviour(variation=1e-9)))
    told.hear(order(machine, 1, lab.start, minutes=20))
    told.hear(machine.advance(lab.start + 30 * MINUTE))
    assert told.last("state") == DOWN
    assert told.last("job-state") == 1
    assert told.last("fault") == "E42 belt torn"
    stopped = next(frame for frame in told.frames if frame.values.get("state") == DOWN)
    assert stopped.time == at
    told.hear(machine.advance(lab.start + 49 * MINUTE))
    assert told.last("job-state") == 1
    told.hear(machine.advance(lab.start + 51 * MINUTE))
    assert told.last("job-state") == 2, "20 minutes of work and 30 of standing still"
    assert told.of("state")[:5] == [IDLE, RUNNING, DOWN, RUNNING, IDLE]
    assert told.last("fault") == ""


def test_a_scripted_stop_waits_for_its_job_and_its_progress(lab: Any, told: Any) -> None:
    stop = Stop(minutes=15, code="E1", after_jobs=1, progress=40)
    machine = lab.machine(lab.spec(stops=(stop,)))
    told.hear(order(machine, 1, lab.start))
    told.hear(machine.advance(lab.start + 60 * MINUTE))
    assert DOWN not in told.of("state")
    told.hear(order(machine, 2, lab.start + 61 * MINUTE))
    told.hear(machine.advance(lab.start + 120 * MINUTE))
    stopped = next(frame for frame in told.frames if frame.values.get("state") == DOWN)
    assert stopped.values["progress"] == pytest.approx(40, abs=0.1)
    assert told.last("good") == 2


def test_a_scripted_stop_right_after_a_job(lab: Any, told: Any) -> None:
    machine = lab.machine(lab.spec(stops=(Stop(minutes=15, code="E1", after_jobs=1),)))
    told.hear(order(machine, 1, lab.start))
    told.hear(machine.advance(lab.start + 60 * MINUTE))
    assert told.of("state") == [IDLE, RUNNING, IDLE, DOWN, IDLE]


def test_a_request_to_a_machine_that_is_down_is_done_after_the_repair(lab: Any, told: Any) -> None:
    machine = lab.machine(lab.spec(stops=(Stop(minutes=60, code="E1", after_jobs=0),)))
    told.hear(order(machine, 1, lab.start + MINUTE))
    assert told.last("state") == DOWN
    assert told.of("job") == [0]
    told.hear(machine.advance(lab.start + 100 * MINUTE))
    assert told.last("job-state") == 2


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("state", 2, "read_only"),
        ("temperature", 20.0, "read_only"),
        ("nonsense", 1, "unknown"),
        ("colour", 5, "type"),
        ("cycle_minutes", "20", "type"),
        ("cycle_minutes", float("nan"), "type"),
        ("cycle_minutes", True, "type"),
        ("cycle_minutes", None, "type"),
        ("cycle_minutes", 601.0, "range"),
        ("bake_temperature", 10.0, "range"),
        ("request", -1, "range"),
        ("request", 1.5, "type"),
    ],
)
def test_a_wrong_write_is_refused_and_nothing_of_it_taken(lab: Any, name: str, value: Any, kind: str) -> None:
    machine = lab.machine()
    machine.advance(lab.start + MINUTE)
    with pytest.raises(Refused) as refused:
        machine.write({"colour": "blue", name: value, "request": 9, **({name: value} if name == "request" else {})}, lab.start)
    assert refused.value.reasons[name][0] == kind
    assert machine.memory.wanted["colour"] == ""
    assert machine.memory.request == 0


def test_signals_follow_the_work(lab: Any, told: Any) -> None:
    machine = lab.machine(lab.spec(behaviour=Behaviour(running_kw=4.0, idle_kw=0.2, variation=1e-9)))
    told.hear(machine.advance(lab.start + MINUTE))
    idle = {name: told.last(name) for name in ("temperature", "power", "vibration", "energy")}
    told.hear(order(machine, 1, lab.start + 2 * MINUTE, minutes=60, bake_temperature=80.0))
    told.hear(machine.advance(lab.start + 61 * MINUTE))
    assert told.last("temperature") == pytest.approx(80, abs=1), "it heats up to the set point"
    assert told.last("power") == pytest.approx(4.0, abs=1.0)
    assert told.last("vibration") > 3 * idle["vibration"]
    assert told.last("door-closed") is True
    told.hear(machine.advance(lab.start + 63 * MINUTE))
    assert told.last("job-energy") == pytest.approx(told.last("energy"), rel=0.05)
    assert told.last("job-energy") == pytest.approx(4.0, rel=0.25)
    told.hear(machine.advance(lab.start + 200 * MINUTE))
    assert told.last("temperature") < 30
    assert told.last("power") < 0.4


def test_values_are_on_the_sensors_resolution_and_in_its_range(lab: Any, told: Any) -> None:
    machine = lab.machine()
    for number in range(1, 20):
        told.hear(order(machine, number, lab.start + number * 7 * MINUTE, minutes=5))
    for value in told.of("temperature"):
        assert 10 <= value <= 90
        assert value == round(value, 1)


def test_one_long_step_says_the_same_events_as_many_short_ones(lab: Any) -> None:
    spec = lab.spec(behaviour=Behaviour(hours_between_failures=0.5, repair_minutes=5))
    names = ("state", "job", "job-state", "good", "fault", "thickness")

    def events(steps: list[int]) -> list[tuple[int, dict[str, Any]]]:
        machine = Machine(spec, Memory(reached=lab.start))
        frames = order(machine, 1, lab.start, minutes=200)
        for step in steps:
            frames += machine.advance(lab.start + step * MINUTE)
        found = [(frame.time, {name: frame.values[name] for name in names if name in frame.values}) for frame in frames]
        return [(time // 10_000, values) for time, values in found if values]

    few, many = events([600]), events(list(range(1, 601)))
    assert [values for _, values in few] == [values for _, values in many]
    assert all(abs(a[0] - b[0]) <= 1 for a, b in zip(few, many, strict=True))
    assert any(values.get("state") == DOWN for _, values in few)


Act = tuple[str, int]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 90_000)),
        st.tuples(st.just("order"), st.integers(1, 12)),
        st.tuples(st.just("parameter"), st.integers(1, 60)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("clock back"), st.integers(1, 10_000)),
    ),
    max_size=60,
)


@SAME_LAB
@given(acts=ACTS, seed=st.integers(0, 10_000), stops=st.lists(st.integers(0, 5), max_size=3))
def test_whatever_happens_nothing_is_lost_and_time_goes_on(
    lab: Any, restarted: Callable[[Machine], Machine], acts: list[Act], seed: int, stops: list[int]
) -> None:
    behaviour = Behaviour(seed=seed, hours_between_failures=2, repair_minutes=20)
    scripted = tuple(Stop(minutes=10, code="E1", after_jobs=after, progress=30) for after in stops)
    machine = lab.machine(lab.spec(behaviour=behaviour, stops=scripted))
    now = lab.start
    frames = machine.advance(now + 1_000)
    for act, number in acts:
        if act == "wait":
            now += number * 100_000
            frames += machine.advance(now)
        elif act == "clock back":
            frames += machine.advance(now - number * 1_000)
        elif act == "order":
            frames += order(machine, number, now, minutes=15)
        elif act == "parameter":
            frames += machine.write({"cycle_minutes": float(number)}, now)
        else:
            machine = restarted(machine)
    frames += machine.advance(now + 3 * 24 * 60 * MINUTE)
    check(frames, machine)


def check(frames: list[Any], machine: Machine) -> None:
    """Time only goes forward; every job that was started is done, once, whole; counters and states tell the same story."""
    times = [frame.time for frame in frames]
    assert times == sorted(set(times)), "source times must grow"
    assert all(time % 1_000 == 0 for time in times)
    now: dict[str, Any] = {}
    started: list[int] = []
    done: list[int] = []
    energy = 0.0
    for frame in frames:
        before, now = now, {**now, **frame.values}
        assert now["energy"] >= energy
        energy = now["energy"]
        if before and before["job"] == now["job"]:
            assert now["progress"] >= before["progress"]
        if before and now["job"] != before["job"]:
            assert before["job-state"] in (0, 2), "a job was dropped for another"
            assert before["state"] == IDLE
            started.append(now["job"])
        if now["job-state"] == 2 and before["job-state"] == 1:
            done.append(now["job"])
            assert {"thickness", "progress", "state"} <= set(frame.values)
            assert now["progress"] == 100.0
        assert now["state"] in (IDLE, RUNNING, DOWN)
        assert (now["state"] == RUNNING) <= (now["job-state"] == 1)
        assert now["state"] != IDLE or now["job-state"] != 1
        assert (now["fault"] != "") == (now["state"] == DOWN)
    assert started == done == machine.memory.done
    assert len(set(done)) == len(done), "a job was done twice"
    assert now["good"] == len(done)
    assert now["state"] == IDLE


@SAME_LAB
@given(repeats=st.lists(st.integers(0, 40_000), min_size=1, max_size=20), seed=st.integers(0, 1_000))
def test_a_repeated_request_has_no_effect(lab: Any, repeats: list[int], seed: int) -> None:
    def end(times: list[int]) -> tuple[Any, ...]:
        machine = lab.machine(lab.spec(behaviour=Behaviour(seed=seed)))
        order(machine, 5, lab.start + 1_000)
        for time in times:
            order(machine, 5, lab.start + time * 100_000)
        machine.advance(lab.start + 24 * 60 * MINUTE)
        memory = machine.memory
        return memory.done, memory.good, memory.job, memory.state, memory.duration

    assert end(sorted(repeats)) == end([])


def test_the_memory_survives_as_json(lab: Any, restarted: Callable[[Machine], Machine]) -> None:
    machine = lab.machine()
    order(machine, 3, lab.start, colour="grün")
    machine.advance(lab.start + 5 * MINUTE)
    again = restarted(machine)
    assert again.memory == machine.memory
    later = lab.start + 90 * MINUTE
    assert again.advance(later) == machine.advance(later)
