"""The passport of a unit: as configured, as built, as tested, and whether these agree."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lotone.kernel import Money, Words
from lotone.make.model.compare import CheckResult, Difference
from lotone.make.model.unit import Unit, UnitState, WorkOrder
from lotone.orders import PromiseMove


@dataclass(frozen=True)
class Choice:
    """One selected feature, as the buyer read it."""

    feature: str
    words: Words


@dataclass(frozen=True)
class BuiltPart:
    """What went in: a quantity out of one lot, and who delivered it."""

    part: str
    words: Words
    quantity: float
    measure: str
    step: str
    lot: str
    supplier: str | None
    supplier_words: Words | None
    received_at: datetime


@dataclass(frozen=True)
class Signal:
    """What one sensor of a machine measured during an operation, in short."""

    tag: str
    words: Words
    unit: str
    count: int
    low: float
    high: float
    mean: float

    def as_json(self) -> dict[str, Any]:
        numbers = {"count": self.count, "min": self.low, "max": self.high, "mean": self.mean}
        return {"tag": self.tag, "name": self.words.as_dict(), "unit": self.unit, **numbers}


Signals = Callable[[str, datetime, datetime], Mapping[str, "Summary"]]
"""`signals(work_unit, start, end)`: what the sensors measured from start to end, by tag name. Raises Unavailable."""


@dataclass(frozen=True)
class Summary:
    """Samples of one sensor over some time."""

    count: int
    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class OperationRecord:
    """One work order of the unit as it was done, failed attempts too."""

    work: WorkOrder
    work_unit_words: Words
    checks: tuple[CheckResult, ...]
    signals: tuple[Signal, ...] | None
    """None while they can't be read."""
    has_sensors: bool
    parameter_units: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        work = self.work
        moments = {
            "planned_start": work.planned_start,
            "planned_end": work.planned_end,
            "started_at": work.started_at,
            "ended_at": work.ended_at,
        }
        return {
            "work_order": work.number,
            "step": work.step,
            "name": work.words.as_dict(),
            "attempt": work.attempt,
            "state": work.state.value,
            "work_unit": work.work_unit,
            "work_unit_name": self.work_unit_words.as_dict(),
            **{name: at and at.isoformat() for name, at in moments.items()},
            "planned_minutes": work.minutes,
            "actual_minutes": work.actual_minutes,
            "energy_kwh": work.energy_kwh,
            "parameters": [
                {"name": name, "sent": sent, "read_back": work.used.get(name), "unit": self.parameter_units.get(name, "")}
                for name, sent in work.parameters.items()
            ],
            "checks": [check.as_json() for check in self.checks],
            "signals": None if self.signals is None else [signal.as_json() for signal in self.signals],
        }

    def gaps(self) -> Iterator[str]:
        """What a finished operation should have and this one lacks."""
        work = self.work
        needed = {
            "its machine": work.work_unit,
            "its planned time": work.planned_start and work.planned_end,
            "its start": work.started_at,
            "its end": work.ended_at,
            "its energy": work.energy_kwh,
        }
        yield from (f"{work.step} (work order {work.number}) lacks {what}" for what, value in needed.items() if value is None)
        for name in work.parameters.keys() - work.used.keys():
            yield f"{work.step} (work order {work.number}) lacks the parameter {name} as its machine read it back"
        for check in self.checks:
            if check.value is None:
                yield f"{work.step} (work order {work.number}) lacks the result of check {check.check}"
        if not work.has_parts and work.parts:
            yield f"{work.step} (work order {work.number}) lacks its parts"
        if self.has_sensors and not self.signals:
            yield f"{work.step} (work order {work.number}) lacks the signals of {work.work_unit}"


@dataclass(frozen=True)
class Passport:
    """Everything that is known of one unit. `missing` says what is not there yet, `differences` what is not as configured."""

    unit: Unit
    product_words: Words
    order_number: str
    placed_at: datetime
    choices: tuple[Choice, ...]
    price: Money
    """Of this unit."""
    first_promised: datetime
    promised: datetime
    promise_history: tuple[PromiseMove, ...]
    delivered_at: datetime | None
    kept: bool | None
    parts: tuple[BuiltPart, ...]
    operations: tuple[OperationRecord, ...]
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """The unit is finished and nothing is missing from its record."""
        return self.unit.state is UnitState.COMPLETED and not self.missing

    @property
    def energy_kwh(self) -> float:
        """Of all operations, repeated ones too."""
        return sum(record.work.energy_kwh or 0.0 for record in self.operations)

    def as_json(self) -> dict[str, Any]:
        unit = self.unit
        return {
            "serial": unit.serial,
            "product": {"id": unit.product, "version": unit.version, "name": self.product_words.as_dict()},
            "state": unit.state.value,
            "complete": self.complete,
            "missing": list(self.missing),
            "order": {
                "id": unit.order,
                "number": self.order_number,
                "unit": unit.index,
                "placed_at": self.placed_at.isoformat(),
                "delivered_at": self.delivered_at and self.delivered_at.isoformat(),
            },
            "created_at": unit.created_at.isoformat(),
            "completed_at": unit.completed_at and unit.completed_at.isoformat(),
            "choices": [{"feature": choice.feature, "name": choice.words.as_dict()} for choice in self.choices],
            "price": {"amount": self.price.cents / 100, "currency": self.price.currency},
            "promise": {
                "first": self.first_promised.isoformat(),
                "last": self.promised.isoformat(),
                "kept": self.kept,
                "history": [move.as_json() for move in self.promise_history],
            },
            "parts": [_part_json(part) for part in self.parts],
            "operations": [record.as_json() for record in self.operations],
            "energy_kwh": self.energy_kwh,
            "differences": [difference.as_json() for difference in self.differences],
        }


def _part_json(part: BuiltPart) -> dict[str, Any]:
    return {
        "part": part.part,
        "name": part.words.as_dict(),
        "quantity": part.quantity,
        "unit": part.measure,
        "step": part.step,
        "lot": part.lot,
        "supplier": part.supplier,
        "supplier_name": part.supplier_words and part.supplier_words.as_dict(),
        "received_at": part.received_at.isoformat(),
    }


def gaps(unit: Unit, choices: Iterable[Choice], records: Iterable[OperationRecord]) -> list[str]:
    """What the record of a unit still lacks."""
    missing: list[str] = []
    if not list(choices):
        missing.append("the choices are missing")
    done = {record.work.step: record for record in records if record.work.is_done}
    for operation in unit.demand.operations:
        if operation.step in done:
            missing += done[operation.step].gaps()
        else:
            missing.append(f"{operation.step} is not done")
    return missing
