"""Between the plan's rows and its objects."""

from datetime import datetime
from typing import Any

from lotone.kernel import Words
from lotone.plan.model.booking import Booking, BookingState, Maintenance, Place, Resource, ResourceKind
from lotone.plan.model.demand import Demand
from lotone.plan.model.promise import Promise
from lotone.plan.model.snapshot import Commitment, CommitmentState
from lotone.plan.model.supply import Reservation

Row = Any
"""A row as the database gives it, by column name."""


def resource(row: Row) -> Resource:
    values = {key: value for key, value in row.items() if key != "organization"}
    parsed = {
        "words": Words.from_dict(row["words"]),
        "kind": ResourceKind(row["kind"]),
        "skills": tuple(row["skills"]),
        "maintenance": tuple(_maintenance(*each) for each in row["maintenance"]),
    }
    return Resource(**{**values, **parsed})


def _maintenance(start: str, end: str, words: dict[str, str]) -> Maintenance:
    return Maintenance(datetime.fromisoformat(start), datetime.fromisoformat(end), Words.from_dict(words))


def resource_row(item: Resource) -> dict[str, Any]:
    return {
        "work_unit": item.work_unit,
        "work_center": item.work_center,
        "calendar": item.calendar,
        "words": item.words.as_dict(),
        "down_from": item.down_from,
        "down_until": item.down_until,
        "down_said_at": item.down_said_at,
        "down_minutes": item.down_minutes,
        "up_at": item.up_at,
        "kind": item.kind.value,
        "capacity": item.capacity,
        "batch": item.batch,
        "skills": list(item.skills),
        "setups": item.setups,
        "state": item.state,
        "maintenance": [[each.start.isoformat(), each.end.isoformat(), each.words.as_dict()] for each in item.maintenance],
    }


def way_row(before: str, after: str, minutes: float) -> dict[str, Any]:
    """The way between two work centers."""
    return {"from_center": before, "to_center": after, "minutes": minutes}


def booking(row: Row) -> Booking:
    return Booking(
        row["id"], row["commitment"], row["unit"], row["step"], row["work_center"], row["work_unit"], row["starts_at"],
        row["ends_at"], row["minutes"], BookingState(row["state"]), row["order_id"], tuple(row["crew"]),
        row["locked"],
    )  # fmt: skip


def booking_row(item: Booking) -> dict[str, Any]:
    return {**booking_change(item), "commitment": item.commitment, "unit": item.unit, "step": item.step}


def booking_change(item: Booking) -> dict[str, Any]:
    """The columns that can change."""
    return {
        "id": item.id,
        "work_center": item.work_center,
        "work_unit": item.work_unit,
        "starts_at": item.start,
        "ends_at": item.end,
        "minutes": item.minutes,
        "state": item.state.value,
        "order_id": item.order,
        "crew": list(item.crew),
        "locked": item.locked,
    }


def reservation(row: Row) -> Reservation:
    place = Place(row["commitment"], row["unit"], row["step"])
    return Reservation(place, row["part"], row["quantity"], row["bought_by"])


def reservation_key(item: Reservation) -> dict[str, Any]:
    return {"commitment": item.place.commitment, "unit": item.place.unit, "step": item.place.step, "part": item.part}


def reservation_row(item: Reservation) -> dict[str, Any]:
    return {**reservation_key(item), "quantity": item.quantity, "bought_by": item.bought_by}


def commitment(
    row: Row, bookings: list[Booking], reservations: list[Reservation], known: Commitment | None = None
) -> Commitment:
    """A commitment from its rows; what `known` already read of it and can't change is not read again."""
    return Commitment(
        id=row["id"],
        sequence=row["sequence"],
        demand=known.demand if known else Demand.from_json(row["demand"]),
        bookings=tuple(bookings),
        reservations=tuple(reservations),
        told=Promise.from_json(row["told"]),
        first_date=row["first_date"],
        state=CommitmentState(row["state"]),
        order=row["order_id"],
        expires_at=row["expires_at"],
        moves=row["moves"],
    )


def commitment_row(item: Commitment, version: int) -> dict[str, Any]:
    unchanging = {"sequence": item.sequence, "first_date": item.first_date, "demand": item.demand.as_json()}
    return {**commitment_change(item, version), **unchanging, "told": item.told.as_json()}


def commitment_change(item: Commitment, version: int) -> dict[str, Any]:
    """The columns that can change, but for the promise that was told, which is long and rarely does."""
    return {
        "id": item.id,
        "version": version,
        "state": item.state.value,
        "is_open": item.state.is_open,
        "order_id": item.order,
        "expires_at": item.expires_at,
        "moves": item.moves,
    }
