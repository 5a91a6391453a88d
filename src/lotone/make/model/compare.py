"""As built against as configured: every way in which a unit may differ from what was ordered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lotone.assets import Value, quantity_of, thousandths
from lotone.configure import CheckNeed, Demand
from lotone.make.model.unit import WorkOrder

FLOAT32 = 1e-6
"""Machines keep numbers in 32 bits, about seven digits: closer than this is the same."""


@dataclass(frozen=True)
class PartUsed:
    """A quantity out of one lot that went into a unit at a step."""

    unit: str
    step: str
    part: str
    lot: str
    quantity: float
    work_order: int
    at: datetime


@dataclass(frozen=True)
class CheckResult:
    """A measured value against its limits; `value` is None when it was not measured."""

    check: str
    low: float | None
    high: float | None
    value: Value | None

    @property
    def passed(self) -> bool:
        if self.value is None or isinstance(self.value, str):
            return False
        return CheckNeed(self.check, self.low, self.high).is_passed(float(self.value))

    def as_json(self) -> dict[str, Any]:
        return {"check": self.check, "low": self.low, "high": self.high, "value": self.value, "passed": self.passed}


def results_of(work: WorkOrder) -> tuple[CheckResult, ...]:
    """Every check that a work order needs with its result; what was not measured is not passed."""
    return tuple(CheckResult(need.check, need.low, need.high, work.results.get(need.check)) for need in work.checks)


class DifferenceKind(StrEnum):
    PART_MISSING = "part_missing"
    PART_EXTRA = "part_extra"
    PART_QUANTITY = "part_quantity"
    OPERATION_MISSING = "operation_missing"
    OPERATION_EXTRA = "operation_extra"
    PARAMETER_NOT_SENT = "parameter_not_sent"
    PARAMETER_OTHER = "parameter_other"
    CHECK_FAILED = "check_failed"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as configured."""

    kind: DifferenceKind
    step: str
    subject: str
    configured: Value | None = None
    built: Value | None = None

    def as_json(self) -> dict[str, Any]:
        values = {"configured": self.configured, "built": self.built}
        return {"kind": self.kind.value, "step": self.step, "subject": self.subject, **values}


def differences(
    demand: Demand,
    parts: Iterable[PartUsed],
    work: Sequence[WorkOrder],
    resolutions: Mapping[tuple[str, str], float],
) -> list[Difference]:
    """As built against as configured, from what was done; empty when they are equal.

    `resolutions` holds the resolution of tags by (work unit, tag name): a parameter read back within half of it is as sent.
    """
    done = {order.step: order for order in work if order.is_done}
    return [
        *_part_differences(demand, parts),
        *_operation_differences(demand, done),
        *(found for order in done.values() for found in _setting_differences(demand, order, resolutions)),
        *(found for order in done.values() for found in _check_differences(order)),
    ]


def _part_differences(demand: Demand, parts: Iterable[PartUsed]) -> Iterator[Difference]:
    configured: dict[tuple[str, str], int] = {}
    built: dict[tuple[str, str], int] = {}
    for need in demand.parts:
        key = (need.operation, need.part)
        configured[key] = configured.get(key, 0) + thousandths(need.quantity)
    for used in parts:
        key = (used.step, used.part)
        built[key] = built.get(key, 0) + thousandths(used.quantity)
    for step, part in sorted(configured.keys() | built.keys()):
        wanted, found = configured.get((step, part), 0), built.get((step, part), 0)
        if wanted != found:
            kind = DifferenceKind.PART_QUANTITY
            if not found:
                kind = DifferenceKind.PART_MISSING
            elif not wanted:
                kind = DifferenceKind.PART_EXTRA
            yield Difference(kind, step, part, quantity_of(wanted), quantity_of(found))


def _operation_differences(demand: Demand, done: Mapping[str, WorkOrder]) -> Iterator[Difference]:
    configured = [operation.step for operation in demand.operations]
    for step in configured:
        if step not in done:
            yield Difference(DifferenceKind.OPERATION_MISSING, step, step)
    for step in done.keys() - set(configured):
        yield Difference(DifferenceKind.OPERATION_EXTRA, step, step)


def _setting_differences(
    demand: Demand, order: WorkOrder, resolutions: Mapping[tuple[str, str], float]
) -> Iterator[Difference]:
    configured = next((need.parameters for need in demand.operations if need.step == order.step), {})
    for name, wanted in configured.items():
        if name not in order.parameters:
            yield Difference(DifferenceKind.PARAMETER_NOT_SENT, order.step, name, wanted)
    for name, sent in order.parameters.items():
        wanted = configured.get(name, sent)
        used = order.used.get(name)
        resolution = resolutions.get((order.work_unit or "", name), 0.0)
        if not is_same(wanted, used, resolution):
            yield Difference(DifferenceKind.PARAMETER_OTHER, order.step, name, wanted, used)


def is_same(wanted: Value, found: Value | None, resolution: float = 0.0) -> bool:
    """Whether a value came back as it was sent, as far as the machine can express it."""
    if found is None or isinstance(wanted, str) or isinstance(found, str):
        return wanted == found
    slack = max(resolution / 2, FLOAT32 * abs(float(wanted))) * (1 + 1e-9)
    return abs(float(wanted) - float(found)) <= slack


def _check_differences(order: WorkOrder) -> Iterator[Difference]:
    for result in results_of(order):
        if not result.passed:
            limits = f"{'' if result.low is None else result.low}..{'' if result.high is None else result.high}"
            yield Difference(DifferenceKind.CHECK_FAILED, order.step, result.check, limits, result.value)
