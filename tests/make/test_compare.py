"""As built against as configured: equal means no difference, and every difference is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamp_factory import RULES
from lotone import configure, make
from lotone.assets import Value
from lotone.kernel import Words
from lotone.make.model.compare import differences, is_same, results_of
from lotone.make.model.unit import serial_number

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
DEMAND = configure.explode(RULES, {"lamp", "red", "small"})
GOOD_RESULTS: dict[str, Value] = {"voltage": 230.0, "leakage": 0.1}
RESOLUTIONS = {("u-paint", "pressure"): 0.1}


def built() -> tuple[list[make.PartUsed], list[make.WorkOrder]]:
    parts = [
        make.PartUsed("unit", need.operation, need.part, f"lot-{need.part}", need.quantity, 1, NOW) for need in DEMAND.parts
    ]
    work = [
        make.WorkOrder(
            number=number,
            unit="unit",
            step=operation.step,
            words=Words(operation.step),
            booking=f"b-{number}",
            work_center=operation.work_center,
            checks=operation.checks,
            state=make.WorkState.DONE,
            work_unit=f"u-{operation.step}",
            parameters=dict(operation.parameters),
            used=dict(operation.parameters),
            results={check.check: GOOD_RESULTS[check.check] for check in operation.checks},
        )
        for number, operation in enumerate(DEMAND.operations, start=1)
    ]
    return parts, work


def found(parts: list[make.PartUsed], work: list[make.WorkOrder]) -> list[tuple[str, str, str]]:
    return [(each.kind.value, each.step, each.subject) for each in differences(DEMAND, parts, work, RESOLUTIONS)]


def test_as_configured_is_no_difference() -> None:
    assert found(*built()) == []


def test_parts_from_several_lots_are_one_quantity() -> None:
    parts, work = built()
    split = [replace(parts[0], quantity=0.2), replace(parts[0], quantity=0.3, lot="other")]
    assert found([*split, *parts[1:]], work) == []


@pytest.mark.parametrize(
    ("change", "kind", "subject"),
    [
        (lambda parts: parts[1:], "part_missing", "sheet"),
        (lambda parts: [*parts, replace(parts[0], part="bell")], "part_extra", "bell"),
        (lambda parts: [replace(parts[0], quantity=0.501), *parts[1:]], "part_quantity", "sheet"),
    ],
)
def test_other_parts_are_found(change: Callable[[list[make.PartUsed]], list[make.PartUsed]], kind: str, subject: str) -> None:
    parts, work = built()
    assert found(change(parts), work) == [(kind, "cut", subject)]


def test_other_operations_are_found() -> None:
    parts, work = built()
    assert ("operation_missing", "cut", "cut") in found(parts, work[1:])
    undone = replace(work[0], state=make.WorkState.FAILED)
    assert ("operation_missing", "cut", "cut") in found(parts, [undone, *work[1:]])
    extra = replace(work[0], number=9, step="polish", parameters={}, used={})
    assert found(parts, [*work, extra]) == [("operation_extra", "polish", "polish")]


def test_other_settings_are_found() -> None:
    parts, work = built()
    by_step = {each.step: each for each in work}

    def painted(**used: Value) -> list[make.WorkOrder]:
        return [*(work[:1] + work[2:]), replace(by_step["paint"], used={"colour": 3000, "pressure": 2.35} | used)]

    assert work[1].step == "paint"
    assert found(parts, painted(pressure=2.4)) == []
    assert found(parts, painted(pressure=2.3)) == []
    assert found(parts, painted(pressure=2.5)) == [("parameter_other", "paint", "pressure")]
    assert found(parts, painted(colour=3001)) == [("parameter_other", "paint", "colour")]
    not_read_back = replace(by_step["paint"], used={"colour": 3000})
    assert found(parts, [*(work[:1] + work[2:]), not_read_back]) == [("parameter_other", "paint", "pressure")]
    not_sent = replace(by_step["paint"], parameters={"colour": 3000})
    assert found(parts, [*(work[:1] + work[2:]), not_sent]) == [("parameter_not_sent", "paint", "pressure")]


@pytest.mark.parametrize(
    ("results", "failed"),
    [
        ({"voltage": 225.0, "leakage": 0.5}, []),
        ({"voltage": 224.9, "leakage": -3.0}, ["voltage"]),
        ({"voltage": 235.1, "leakage": 0.51}, ["voltage", "leakage"]),
        ({"voltage": 230.0}, ["leakage"]),
        ({"voltage": "fine", "leakage": 0.1}, ["voltage"]),
    ],
)
def test_checks_out_of_limits_are_found(results: dict[str, Value], failed: list[str]) -> None:
    parts, work = built()
    tested = [replace(each, results=results) if each.step == "test" else each for each in work]
    assert found(parts, tested) == [("check_failed", "test", name) for name in failed]
    assert [result.check for each in tested for result in results_of(each) if not result.passed] == failed


@given(st.floats(-1e6, 1e6, width=32))
def test_numbers_come_back_in_32_bits(value: float) -> None:
    assert is_same(value * 1.00000001, value)
    assert not is_same(value, value + max(abs(value) * 1e-3, 1e-3))


def test_texts_and_nothing_are_compared_as_they_are() -> None:
    assert is_same("matte", "matte")
    assert not is_same("matte", "gloss")
    assert not is_same(1, "1")
    assert not is_same(1, None)
    assert is_same(True, 1)


@pytest.mark.parametrize(
    ("product", "serial"),
    [("ebike", "EB-2026-000042"), ("lamp", "LA-2026-000042"), ("x", "X-2026-000042"), ("灯", "U-2026-000042")],
)
def test_serial_numbers(product: str, serial: str) -> None:
    assert serial_number(product, 2026, 42) == serial
