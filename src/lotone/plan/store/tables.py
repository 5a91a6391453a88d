"""The tables of the plan."""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, false

from lotone.kernel import UtcTime, tables

PLAN_VERSION = Table(
    "plan_version",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("stamp", String(40), nullable=False),
    Column("recent", JSON, nullable=False),
    Column("setup_version", Integer, nullable=False),
)
"""One row per organization. Whoever changes the plan changes its stamp, and only if it is still the one they saw.
`recent` holds the last stamps, so that a cached older plan can be brought up to date by what changed since."""
PLAN_CALENDAR = Table(
    "plan_calendar",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("content", JSON, nullable=False),
)
PLAN_RESOURCE = Table(
    "plan_resource",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("work_unit", String(80), primary_key=True),
    Column("work_center", String(80), nullable=False),
    Column("calendar", String(80), nullable=False),
    Column("words", JSON, nullable=False),
    Column("down_from", UtcTime),
    Column("down_until", UtcTime),
    Column("down_said_at", UtcTime),
    Column("down_minutes", Float, nullable=False),
    Column("up_at", UtcTime),
    Column("kind", String(20), nullable=False, server_default="machine"),
    Column("capacity", Integer, nullable=False, server_default="1"),
    Column("batch", Boolean, nullable=False, server_default=false()),
    Column("skills", JSON, nullable=False, server_default="[]"),
    Column("setups", String(80), nullable=False, server_default=""),
    Column("state", String(80), nullable=False, server_default=""),
    Column("maintenance", JSON, nullable=False, server_default="[]"),
)
"""Machines, operators and tools."""
PLAN_TRANSPORT = Table(
    "plan_transport",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("from_center", String(80), primary_key=True),
    Column("to_center", String(80), primary_key=True),
    Column("minutes", Float, nullable=False),
)
PLAN_SETUP_MATRIX = Table(
    "plan_setup_matrix",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("content", JSON, nullable=False),
)
PLAN_COMMITMENT = Table(
    "plan_commitment",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("order_id", String(80)),
    Column("expires_at", UtcTime),
    Column("moves", Integer, nullable=False),
    Column("first_date", UtcTime, nullable=False),
    Column("demand", JSON, nullable=False),
    Column("told", JSON, nullable=False),
    Index("ix_plan_commitment_changed", "organization", "version"),
    Index("ix_plan_commitment_open", "organization", "is_open"),
    Index("ix_plan_commitment_order", "organization", "order_id"),
)
"""A hold, and later the order it became: the demand, the promise that was told, and the version that changed it last."""
BOOKING = Table(
    "booking",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("commitment", String(40), nullable=False),
    Column("unit", Integer, nullable=False),
    Column("step", String(80), nullable=False),
    Column("work_center", String(80), nullable=False),
    Column("work_unit", String(80), nullable=False),
    Column("starts_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("minutes", Float, nullable=False),
    Column("state", String(20), nullable=False),
    Column("order_id", String(80)),
    Column("crew", JSON, nullable=False, server_default="[]"),
    Column("locked", Boolean, nullable=False, server_default=false()),
    Index("ix_booking_commitment", "organization", "commitment"),
    Index("ix_booking_starts_at", "organization", "starts_at"),
    Index("ix_booking_work_unit", "organization", "work_unit", "ends_at"),
    Index("ix_booking_order", "organization", "order_id"),
)
MATERIAL_RESERVATION = Table(
    "material_reservation",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("commitment", String(40), primary_key=True),
    Column("unit", Integer, primary_key=True),
    Column("step", String(80), primary_key=True),
    Column("part", String(80), primary_key=True),
    Column("quantity", Float, nullable=False),
    Column("bought_by", UtcTime),
)
