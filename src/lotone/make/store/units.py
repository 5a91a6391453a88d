"""Units, their work orders and the parts in them, in the database."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, insert, select, update

from lotone.assets import quantity_of, thousandths
from lotone.configure import CheckNeed, Demand
from lotone.kernel import Words
from lotone.make.model.compare import PartUsed
from lotone.make.model.unit import OpenJob, Unit, UnitState, WorkOrder, WorkState
from lotone.make.store.tables import UNIT, UNIT_PART, WORK_ORDER

OVER = sorted(state.value for state in WorkState if state.is_over)


class UnitStore:
    """What one organization makes."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def _own(self, table: Table) -> ColumnElement[bool]:
        return table.c.organization == self.organization

    def add_unit(self, unit: Unit) -> None:
        row = {
            "organization": self.organization,
            "id": unit.id,
            "serial": unit.serial,
            "sales_order": unit.order,
            "index_in_order": unit.index,
            "product": unit.product,
            "version": unit.version,
            "configuration": list(unit.configuration),
            "demand": unit.demand.as_json(),
            "created_at": unit.created_at,
            "state": unit.state.value,
        }
        self.connection.execute(insert(UNIT).values(row))

    def save_unit(self, unit: Unit) -> None:
        change = {"state": unit.state.value, "completed_at": unit.completed_at}
        self.connection.execute(update(UNIT).where(self._own(UNIT) & (UNIT.c.id == unit.id)).values(change))

    def unit(self, unit_id: str) -> Unit | None:
        return next(iter(self._units(select(UNIT).where(self._own(UNIT) & (UNIT.c.id == unit_id)))), None)

    def unit_with_serial(self, serial: str) -> Unit | None:
        return next(iter(self._units(select(UNIT).where(self._own(UNIT) & (UNIT.c.serial == serial)))), None)

    def units_of(self, order: str, *, to_change: bool = False) -> list[Unit]:
        """The units of an order; those that are to be changed are locked until the transaction ends."""
        query = select(UNIT).where(self._own(UNIT) & (UNIT.c.sales_order == order)).order_by(UNIT.c.index_in_order)
        return self._units(query.with_for_update() if to_change else query)

    def units(self, *, states: Iterable[UnitState] | None = None, limit: int | None = None) -> list[Unit]:
        """Units, the newest first."""
        query = select(UNIT).where(self._own(UNIT)).order_by(UNIT.c.created_at.desc(), UNIT.c.serial.desc()).limit(limit)
        if states is not None:
            query = query.where(UNIT.c.state.in_([state.value for state in states]))
        return self._units(query)

    def count_units(self) -> dict[UnitState, int]:
        query = select(UNIT.c.state, func.count()).where(self._own(UNIT)).group_by(UNIT.c.state)
        return {UnitState(state): int(count) for state, count in self.connection.execute(query)}

    def _units(self, query: Select[Any]) -> list[Unit]:
        return [_unit(row) for row in self.connection.execute(query).mappings()]

    def add_work(self, work: WorkOrder) -> None:
        row = {"organization": self.organization, "number": work.number} | _work_row(work)
        self.connection.execute(insert(WORK_ORDER).values(row))

    def save_work(self, work: WorkOrder) -> None:
        where = self._own(WORK_ORDER) & (WORK_ORDER.c.number == work.number)
        self.connection.execute(update(WORK_ORDER).where(where).values(_work_row(work)))

    def renumber(self, old: int, new: int) -> None:
        where = self._own(WORK_ORDER) & (WORK_ORDER.c.number == old)
        self.connection.execute(update(WORK_ORDER).where(where).values(number=new))

    def work(self, numbers: Iterable[int], *, to_change: bool = False) -> dict[int, WorkOrder]:
        """Work orders by number; those that are to be changed are locked until the transaction ends."""
        wanted = sorted(set(numbers))
        query = select(WORK_ORDER).where(self._own(WORK_ORDER) & WORK_ORDER.c.number.in_(wanted)).order_by(WORK_ORDER.c.number)
        return {work.number: work for work in self._work(query.with_for_update() if to_change else query)}

    def open_jobs(self) -> list[OpenJob]:
        """What is waiting or on a machine, in the order of the numbers; locked until the transaction ends."""
        columns = [WORK_ORDER.c[name] for name in ("number", "booking", "state", "attempt", "work_unit", "sent_at")]
        query = select(*columns).where(self._own(WORK_ORDER) & WORK_ORDER.c.state.not_in(OVER)).order_by(WORK_ORDER.c.number)
        rows = self.connection.execute(query.with_for_update()).mappings()
        return [OpenJob(**dict(row) | {"state": WorkState(row["state"])}) for row in rows]

    def work_to_hear_again(self) -> list[WorkOrder]:
        """Work orders on machines whose last report could not be dealt with at once: results are missing, or it failed."""
        on_machine = WORK_ORDER.c.state.in_([state.value for state in WorkState if state.is_on_machine])
        unsettled = WORK_ORDER.c.reported_at.is_not(None) | WORK_ORDER.c.problem.is_not(None)
        return self._work(select(WORK_ORDER).where(self._own(WORK_ORDER) & on_machine & unsettled))

    def work_without_parts(self) -> list[WorkOrder]:
        """Work orders that began and whose parts could not be booked yet."""
        begun = [state.value for state in (WorkState.RUNNING, WorkState.DONE, WorkState.FAILED)]
        query = select(WORK_ORDER).where(self._own(WORK_ORDER) & ~WORK_ORDER.c.has_parts & WORK_ORDER.c.state.in_(begun))
        return self._work(query.order_by(WORK_ORDER.c.number).with_for_update())

    def work_of(self, units: Iterable[str], *, to_change: bool = False) -> list[WorkOrder]:
        """All work orders of units; those that are to be changed are locked until the transaction ends."""
        query = select(WORK_ORDER).where(self._own(WORK_ORDER) & WORK_ORDER.c.unit.in_(sorted(set(units))))
        query = query.order_by(WORK_ORDER.c.number)
        return self._work(query.with_for_update() if to_change else query)

    def steps_of(self, units: Iterable[str]) -> list[tuple[str, str, bool]]:
        """Unit, step and whether it is done, of every work order of these units."""
        columns = (WORK_ORDER.c.unit, WORK_ORDER.c.step, WORK_ORDER.c.state)
        query = select(*columns).where(self._own(WORK_ORDER) & WORK_ORDER.c.unit.in_(sorted(set(units))))
        return [(unit, step, state == WorkState.DONE.value) for unit, step, state in self.connection.execute(query)]

    def newest_work(self, *, states: Iterable[WorkState] | None = None, limit: int) -> list[WorkOrder]:
        query = select(WORK_ORDER).where(self._own(WORK_ORDER)).order_by(WORK_ORDER.c.number.desc()).limit(limit)
        if states is not None:
            query = query.where(WORK_ORDER.c.state.in_([state.value for state in states]))
        return self._work(query)

    def work_with_problem(self) -> list[WorkOrder]:
        query = select(WORK_ORDER).where(self._own(WORK_ORDER) & WORK_ORDER.c.problem.is_not(None))
        return self._work(query.order_by(WORK_ORDER.c.number))

    def _work(self, query: Select[Any]) -> list[WorkOrder]:
        return [_work_order(row) for row in self.connection.execute(query).mappings()]

    def add_parts(self, parts: Iterable[PartUsed]) -> None:
        rows = [
            {
                "organization": self.organization,
                "unit": used.unit,
                "work_order": used.work_order,
                "part": used.part,
                "lot": used.lot,
                "step": used.step,
                "quantity_thousandths": thousandths(used.quantity),
                "at": used.at,
            }
            for used in parts
        ]
        if rows:
            self.connection.execute(insert(UNIT_PART), rows)

    def parts_in(self, unit: str) -> list[PartUsed]:
        return self._parts(UNIT_PART.c.unit == unit)

    def parts_from(self, lot: str) -> list[PartUsed]:
        return self._parts(UNIT_PART.c.lot == lot)

    def _parts(self, where: ColumnElement[bool]) -> list[PartUsed]:
        query = select(UNIT_PART).where(self._own(UNIT_PART) & where)
        rows = self.connection.execute(query.order_by(UNIT_PART.c.at, UNIT_PART.c.part, UNIT_PART.c.lot)).mappings()
        return [
            PartUsed(
                unit=row["unit"],
                step=row["step"],
                part=row["part"],
                lot=row["lot"],
                quantity=quantity_of(row["quantity_thousandths"]),
                work_order=row["work_order"],
                at=row["at"],
            )
            for row in rows
        ]


def _unit(row: Any) -> Unit:
    return Unit(
        id=row["id"],
        serial=row["serial"],
        order=row["sales_order"],
        index=row["index_in_order"],
        product=row["product"],
        version=row["version"],
        configuration=tuple(row["configuration"]),
        demand=Demand.from_json(row["demand"]),
        created_at=row["created_at"],
        state=UnitState(row["state"]),
        completed_at=row["completed_at"],
    )


PLAIN = (
    "unit", "step", "booking", "work_center", "attempt", "work_unit", "minutes", "planned_start", "planned_end",
    "released_at", "sent_at", "sends", "started_at", "ended_at", "progress", "energy_kwh", "reported_at", "has_parts",
)  # fmt: skip
"""Columns that hold a field of the work order as it is."""


def _work_row(work: WorkOrder) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(work, name) for name in PLAIN}
    row["words"] = work.words.as_dict()
    row["parts"] = dict(work.parts)
    row["checks"] = [vars(check) for check in work.checks]
    row["state"] = work.state.value
    row["parameters"] = dict(work.parameters)
    row["used"] = dict(work.used)
    row["results"] = dict(work.results)
    row["problem"] = work.problem and work.problem.as_dict()
    return row


def _work_order(row: Any) -> WorkOrder:
    return WorkOrder(
        **{name: row[name] for name in PLAIN},
        number=row["number"],
        words=Words.from_dict(row["words"]),
        parts=row["parts"],
        checks=tuple(CheckNeed(**check) for check in row["checks"]),
        state=WorkState(row["state"]),
        parameters=row["parameters"],
        used=row["used"],
        results=row["results"],
        problem=None if row["problem"] is None else Words.from_dict(row["problem"]),
    )
