"""Reading and writing the plan; a change is written only if nobody else changed the plan meanwhile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from lotone.kernel import new_id
from lotone.plan.model.booking import Booking, BookingState, Resource, SetupMatrix
from lotone.plan.model.calendar import Calendar
from lotone.plan.model.snapshot import LONG_AGO, Commitment, CommitmentState, Snapshot
from lotone.plan.model.supply import Reservation, Supply
from lotone.plan.store import rows
from lotone.plan.store.cache import SnapshotCache
from lotone.plan.store.tables import (
    BOOKING,
    MATERIAL_RESERVATION,
    PLAN_CALENDAR,
    PLAN_COMMITMENT,
    PLAN_RESOURCE,
    PLAN_SETUP_MATRIX,
    PLAN_TRANSPORT,
    PLAN_VERSION,
)

RECENT = 50
"""Stamps remembered: a process whose plan is older than this many changes reads it anew."""
MANY = 200
"""With more changed commitments than this, reading everything is as quick."""
CACHE = SnapshotCache()
SETUP = ("calendars", "resources", "transport", "setups")
"""What of a plan is the plant, which rarely changes and is read as a whole."""


class Store:
    """The plan of one organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    def snapshot(self, *, lock: bool = False) -> Snapshot:
        """The plan as it is. `lock` keeps others from changing it until the transaction ends (SQLite always does)."""
        while True:
            row = self._version_row(lock)
            if row is None:
                return Snapshot()
            found = self._read(row)
            # On PostgreSQL others may commit between two questions of one transaction: then it is read again.
            still = self._version_row(lock=False)
            if still is not None and still["stamp"] == row["stamp"]:
                CACHE.keep(found)
                return found

    def _version_row(self, lock: bool) -> Any:
        query = select(PLAN_VERSION).where(PLAN_VERSION.c.organization == self.organization)
        return self.connection.execute(query.with_for_update() if lock else query).mappings().first()

    def _read(self, row: Any) -> Snapshot:
        base = CACHE.newest(reversed(row["recent"]))
        if base is None:
            return self._read_all(row)
        if base.stamp == row["stamp"]:
            return base
        changed = self._rows(PLAN_COMMITMENT, PLAN_COMMITMENT.c.version > base.version)
        if len(changed) > MANY:
            return self._read_all(row)
        fresh = self._commitments(changed, [each["id"] for each in changed], base)
        closed = [each.id for each in fresh if not each.state.is_open]
        current = base.with_commitments(each for each in fresh if each.state.is_open).without(closed)
        if row["setup_version"] > base.version:
            current = self._with_setup(current)
        return replace(current, version=row["version"], stamp=row["stamp"])

    def _read_all(self, row: Any) -> Snapshot:
        opened = self._rows(PLAN_COMMITMENT, PLAN_COMMITMENT.c.is_open)
        ids = select(PLAN_COMMITMENT.c.id).where(self._mine(PLAN_COMMITMENT), PLAN_COMMITMENT.c.is_open)
        empty = self._with_setup(Snapshot(row["version"], row["stamp"]))
        return empty.with_commitments(self._commitments(opened, ids))

    def _with_setup(self, snapshot: Snapshot) -> Snapshot:
        """The plan with the plant as it is set up now."""
        return replace(
            snapshot,
            calendars=self._calendars(),
            resources=self._resources(),
            transport={(row["from_center"], row["to_center"]): row["minutes"] for row in self._rows(PLAN_TRANSPORT)},
            setups={row["id"]: SetupMatrix.from_json(row["id"], row["content"]) for row in self._rows(PLAN_SETUP_MATRIX)},
        )

    def _calendars(self) -> dict[str, Calendar]:
        return {row["id"]: Calendar.from_json(row["id"], row["content"]) for row in self._rows(PLAN_CALENDAR)}

    def _resources(self) -> dict[str, Resource]:
        return {row["work_unit"]: rows.resource(row) for row in self._rows(PLAN_RESOURCE)}

    def _commitments(
        self, found: Iterable[Any], ids: Sequence[str] | Select[tuple[str]], base: Snapshot | None = None
    ) -> list[Commitment]:
        """Commitments from their rows, with their bookings and material, first come first."""
        known = base.commitments if base else {}
        bookings: dict[str, list[Booking]] = {}
        for row in self._rows(BOOKING, BOOKING.c.commitment.in_(ids)):
            bookings.setdefault(row["commitment"], []).append(rows.booking(row))
        reservations: dict[str, list[Reservation]] = {}
        for row in self._rows(MATERIAL_RESERVATION, MATERIAL_RESERVATION.c.commitment.in_(ids)):
            reservations.setdefault(row["commitment"], []).append(rows.reservation(row))
        return [
            rows.commitment(row, bookings.get(row["id"], []), reservations.get(row["id"], []), known.get(row["id"]))
            for row in sorted(found, key=lambda row: row["sequence"])
        ]

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return table.c.organization == self.organization

    def _rows(self, table: Table, *where: ColumnElement[bool]) -> Sequence[Any]:
        query = select(table).where(self._mine(table), *where)
        return self.connection.execute(query).mappings().all()

    def commitment(self, commitment_id: str) -> Commitment | None:
        """A commitment in whatever state."""
        return self._one_commitment(PLAN_COMMITMENT.c.id == commitment_id)

    def commitment_of(self, order: str) -> Commitment | None:
        return self._one_commitment(PLAN_COMMITMENT.c.order_id == order)

    def _one_commitment(self, where: ColumnElement[bool]) -> Commitment | None:
        found = self._rows(PLAN_COMMITMENT, where)
        return self._commitments(found[:1], [found[0]["id"]])[0] if found else None

    def booking(self, booking_id: str) -> Booking | None:
        """A booking in whatever state."""
        found = self._rows(BOOKING, BOOKING.c.id == booking_id)
        return rows.booking(found[0]) if found else None

    def bookings(self, start: datetime, end: datetime, wall: datetime) -> list[Booking]:
        """What machines did and will do between two moments, without cancelled bookings and holds that ran out."""
        joined = BOOKING.join(
            PLAN_COMMITMENT,
            and_(PLAN_COMMITMENT.c.organization == BOOKING.c.organization, PLAN_COMMITMENT.c.id == BOOKING.c.commitment),
        )
        is_hold = PLAN_COMMITMENT.c.state == CommitmentState.HELD.value
        query = (
            select(BOOKING)
            .select_from(joined)
            .where(self._mine(BOOKING), BOOKING.c.starts_at < end, BOOKING.c.ends_at > start)
            .where(BOOKING.c.state != BookingState.CANCELLED.value)
            .where(or_(~is_hold, PLAN_COMMITMENT.c.expires_at > wall))
            .order_by(BOOKING.c.starts_at, BOOKING.c.id)
        )
        return [rows.booking(row) for row in self.connection.execute(query).mappings()]

    def last_end(self, work_unit: str, before: datetime) -> datetime:
        """When a machine was last done with something before a moment."""
        is_done = BOOKING.c.state == BookingState.DONE.value
        where = and_(self._mine(BOOKING), BOOKING.c.work_unit == work_unit, is_done, BOOKING.c.ends_at <= before)
        found: datetime | None = self.connection.execute(select(func.max(BOOKING.c.ends_at)).where(where)).scalar()
        return found or LONG_AGO

    def write(self, before: Snapshot, after: Snapshot) -> Snapshot | None:
        """Write what differs between two plans as the next version; returns it as written, without what is closed.

        None, with nothing written, when the stored plan is no longer `before`.
        """
        version, stamp = before.version + 1, new_id("plan")
        setup_changed = any(getattr(after, each) is not getattr(before, each) for each in SETUP)
        if not self._advance(before, version, stamp, setup_changed=setup_changed):
            return None
        if setup_changed:
            self._write_setup(before, after)
        self._write_commitments(before, after, version)
        written = after.without(list(after.commitments.shut)).at(LONG_AGO, Supply, after.settings)
        written = replace(written, version=version, stamp=stamp)
        CACHE.keep(written)
        return written

    def _advance(self, before: Snapshot, version: int, stamp: str, *, setup_changed: bool) -> bool:
        """Take the next version if the plan is still at `before`: whoever is second finds nothing to update."""
        if not before.stamp:
            return self._begin(stamp)
        row = self._version_row(lock=False)
        if row is None or row["stamp"] != before.stamp:
            return False
        values: dict[str, Any] = {"version": version, "stamp": stamp, "recent": [*row["recent"], stamp][-RECENT:]}
        if setup_changed:
            values["setup_version"] = version
        still = and_(self._mine(PLAN_VERSION), PLAN_VERSION.c.stamp == before.stamp)
        return bool(self.connection.execute(update(PLAN_VERSION).where(still).values(values)).rowcount)

    def _begin(self, stamp: str) -> bool:
        row = {"organization": self.organization, "version": 1, "stamp": stamp, "recent": [stamp], "setup_version": 1}
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(PLAN_VERSION).values(row))
        except IntegrityError:
            return False
        return True

    def _write_setup(self, before: Snapshot, after: Snapshot) -> None:
        calendars = [{"id": each.id, "content": each.as_json()} for each in after.calendars.values()]
        if after.calendars is not before.calendars:
            self._replace_all(PLAN_CALENDAR, calendars)
        if after.resources is not before.resources:
            self._write_resources(before.resources, after.resources)
        if after.transport is not before.transport:
            self._replace_all(PLAN_TRANSPORT, [rows.way_row(*way, minutes) for way, minutes in after.transport.items()])
        if after.setups is not before.setups:
            matrices = [{"id": each.id, "content": each.as_json()} for each in after.setups.values()]
            self._replace_all(PLAN_SETUP_MATRIX, matrices)

    def _write_resources(self, before: Mapping[str, Resource], after: Mapping[str, Resource]) -> None:
        """Only what changed: each start on a machine with setups changes one of hundreds."""
        gone = [unit for unit, known in before.items() if after.get(unit) is not known]
        self._delete(PLAN_RESOURCE, [{"work_unit": unit} for unit in gone])
        added = [each for unit, each in after.items() if before.get(unit) is not each]
        self._insert(PLAN_RESOURCE, [rows.resource_row(each) for each in added])

    def _replace_all(self, table: Table, values: list[dict[str, Any]]) -> None:
        self.connection.execute(delete(table).where(self._mine(table)))
        self._insert(table, values)

    def _write_commitments(self, before: Snapshot, after: Snapshot, version: int) -> None:
        changed: list[tuple[Commitment | None, Commitment]] = []
        for _, old, new in after.commitments.differences(before.commitments):
            if new is not None:
                changed.append((old, new))
            elif old is not None:
                changed.append((old, replace(old, state=CommitmentState.DROPPED, bookings=(), reservations=())))
        self._insert(PLAN_COMMITMENT, [rows.commitment_row(new, version) for old, new in changed if old is None])
        kept = [(old, new) for old, new in changed if old is not None]
        self._update(PLAN_COMMITMENT, [rows.commitment_change(new, version) for _, new in kept])
        retold = [{"id": new.id, "told": new.told.as_json()} for old, new in kept if new.told is not old.told]
        self._update(PLAN_COMMITMENT, retold)
        self._write_bookings(changed)
        self._write_reservations(changed)

    def _write_bookings(self, changed: Iterable[tuple[Commitment | None, Commitment]]) -> None:
        gone: list[dict[str, Any]] = []
        added: list[dict[str, Any]] = []
        altered: list[dict[str, Any]] = []
        for old, new in changed:
            known = {booking.id: booking for booking in old.bookings} if old else {}
            for booking in new.bookings:
                before = known.pop(booking.id, None)
                if before is None:
                    added.append(rows.booking_row(booking))
                elif before is not booking:
                    altered.append(rows.booking_change(booking))
            gone += [{"id": each} for each in known]
        self._delete(BOOKING, gone)
        self._insert(BOOKING, added)
        self._update(BOOKING, altered)

    def _write_reservations(self, changed: Iterable[tuple[Commitment | None, Commitment]]) -> None:
        gone: list[dict[str, Any]] = []
        added: list[dict[str, Any]] = []
        for old, new in changed:
            before, after = set(old.reservations if old else ()), set(new.reservations)
            gone += [rows.reservation_key(each) for each in before - after]
            added += [rows.reservation_row(each) for each in after - before]
        self._delete(MATERIAL_RESERVATION, gone)
        self._insert(MATERIAL_RESERVATION, added)

    def _insert(self, table: Table, values: Sequence[dict[str, Any]]) -> None:
        if values:
            self.connection.execute(insert(table), [{"organization": self.organization, **each} for each in values])

    def _update(self, table: Table, values: Sequence[dict[str, Any]]) -> None:
        """Update rows by their `id`; all values must name the same columns."""
        if values:
            changes: dict[str, Any] = {key: bindparam(f"new_{key}") for key in values[0] if key != "id"}
            query = update(table).where(self._mine(table), table.c.id == bindparam("new_id")).values(changes)
            self.connection.execute(query, [{f"new_{key}": value for key, value in each.items()} for each in values])

    def _delete(self, table: Table, keys: Sequence[dict[str, Any]]) -> None:
        """Delete rows by their key; all must name the same columns."""
        if keys:
            same = [table.c[key] == bindparam(f"old_{key}") for key in keys[0]]
            query = delete(table).where(self._mine(table), *same)
            self.connection.execute(query, [{f"old_{key}": value for key, value in each.items()} for each in keys])

    def forget_dropped(self, expired_before: datetime) -> None:
        """Delete what is left of holds that ran out long ago."""
        dropped = PLAN_COMMITMENT.c.state == CommitmentState.DROPPED.value
        old = and_(self._mine(PLAN_COMMITMENT), dropped, PLAN_COMMITMENT.c.expires_at < expired_before)
        self.connection.execute(delete(PLAN_COMMITMENT).where(old))
