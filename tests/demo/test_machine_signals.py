"""Signals: the right kind of quantity, its set point, and values that the sensor can say."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.demo.machines import TagSpec
from lotone.demo.machines.model import DataType, Meaning, State
from lotone.demo.machines.signals import is_fault, kind_of, measured, rounded, sensors_of


def sensor(name: str, unit: str = "", **more: Any) -> TagSpec:
    return TagSpec(
        **{"name": name, "address": "", "data_type": DataType.NUMBER, "meaning": Meaning.SENSOR, "unit": unit, **more}
    )


@pytest.mark.parametrize(
    ("name", "unit", "word"),
    [
        ("booth_temperature", "°C", "temperature"),
        ("zone-1", "°C", "temperature"),
        ("vibration", "mm/s", "vibration"),
        ("nipple_torque", "Nm", "torque"),
        ("filter_pressure", "Pa", "pressure"),
        ("motor_current", "A", "current"),
        ("weld_current", "A", "weld"),
        ("spindle", "rpm", "speed"),
    ],
)
def test_the_kind_of_quantity_is_known_by_name_or_unit(name: str, unit: str, word: str) -> None:
    assert word in kind_of(sensor(name, unit)).words


def test_anything_else_has_a_kind_too() -> None:
    assert kind_of(sensor("noise", "dB")).words == ()


def test_a_parameter_of_the_same_unit_and_word_is_the_set_point() -> None:
    parameter = sensor("target_temperature", "°C", meaning=Meaning.PARAMETER)
    tags = [sensor("temperature_zone_1", "°C"), sensor("temperature_outside", "K"), sensor("humidity", "%rH"), parameter]
    assert [each.set_point for each in sensors_of(tags)] == ["target_temperature", None, None]


def test_signals_settle_towards_their_level() -> None:
    (oven,) = sensors_of([sensor("temperature", "°C", low=20, high=220)])
    level = 20.0
    target = oven.target(State.RUNNING, used={}, load=1.0, wear_hours=0)
    seen = [level := oven.settled(level, target, 60) for _ in range(60)]
    assert seen == sorted(seen)
    assert abs(seen[-1] - target) < 1
    assert target > oven.target(State.IDLE, used={}, load=1.0, wear_hours=0)


def test_vibration_grows_with_wear() -> None:
    (spindle,) = sensors_of([sensor("vibration", "mm/s", low=0, high=10)])
    levels = [spindle.target(State.RUNNING, used={}, load=1.0, wear_hours=hours) for hours in (0, 10, 20)]
    assert levels[0] < levels[1] < levels[2] < 10


@given(
    value=st.floats(-1e6, 1e6),
    low=st.integers(-100, 100),
    span=st.integers(1, 500),
    resolution=st.sampled_from([None, 1.0, 0.5, 0.1, 0.01, 0.001, 1e-6]),
)
def test_values_are_in_range_and_on_the_resolution(value: float, low: int, span: int, resolution: float | None) -> None:
    tag = sensor("x", low=low, high=low + span, resolution=resolution)
    said = rounded(tag, value)
    assert low <= said <= low + span
    if resolution:
        assert abs(said / resolution - round(said / resolution)) < 1e-6


@given(low=st.none() | st.floats(-50, 50), span=st.none() | st.floats(0.1, 100), seed=st.integers())
def test_checks_pass_their_limits(low: float | None, span: float | None, seed: int) -> None:
    high = None if span is None else (low or 0.0) + span
    resolution = None if span is None else span / 100
    value = measured(sensor("x", meaning=Meaning.CHECK, low=low, high=high, resolution=resolution), random.Random(seed))
    assert isinstance(value, float)
    assert low is None or value >= low
    assert high is None or value <= high


def test_a_fault_code_is_no_signal() -> None:
    fault = sensor("fault_code", data_type=DataType.TEXT)
    assert is_fault(fault)
    assert is_fault(sensor("stop-reason", data_type=DataType.INTEGER))
    assert not is_fault(sensor("temperature"))
    assert sensors_of([fault]) == []


def test_a_machine_knows_nothing_of_the_platform() -> None:
    """Twelve machines share a small computer, and stand for foreign devices: none of our rooms is loaded."""
    folder = Path(__file__).parents[2] / "src" / "lotone" / "demo" / "machines"
    rooms = ("kernel", "assets", "connect", "historian", "make", "plan", "orders", "wiring", "web", "loader", "identity")
    for file in folder.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not [room for room in rooms if f"lotone.{room}" in text or f"from lotone import {room}" in text], file
