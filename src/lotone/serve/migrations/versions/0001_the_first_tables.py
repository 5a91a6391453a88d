"""The first tables

Revision: 0001
After:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("commitment", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("work_center", sa.String(length=80), nullable=False),
        sa.Column("work_unit", sa.String(length=80), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_booking")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index("ix_booking_commitment", ["organization", "commitment"], unique=False)
        batch_op.create_index("ix_booking_order", ["organization", "order_id"], unique=False)
        batch_op.create_index("ix_booking_starts_at", ["organization", "starts_at"], unique=False)
        batch_op.create_index("ix_booking_work_unit", ["organization", "work_unit", "ends_at"], unique=False)

    op.create_table(
        "configure_product",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", "version", name=op.f("pk_configure_product")),
    )
    op.create_table(
        "connection",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("protocol", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_connection")),
    )
    op.create_table(
        "connection_position",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("connection", sa.String(length=40), nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "connection", name=op.f("pk_connection_position")),
    )
    op.create_table(
        "connection_state",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("connection", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=True),
        sa.Column("last_message_at", sa.DateTime(), nullable=True),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("fault_words", sa.JSON(), nullable=True),
        sa.Column("fault_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "connection", name=op.f("pk_connection_state")),
    )
    op.create_table(
        "equipment",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("parent", sa.String(length=40), nullable=True),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("calendar", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_equipment")),
    )
    op.create_table(
        "fact",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fact")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_index("ix_fact_waiting", ["delivered_at", "number"], unique=False)

    op.create_table(
        "fact_reaction",
        sa.Column("fact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reaction", sa.String(length=120), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fact", "reaction", name=op.f("pk_fact_reaction")),
    )
    op.create_table(
        "identity_attempt",
        sa.Column("organization", sa.String(length=40), server_default="", nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_identity_attempt")),
    )
    op.create_table(
        "identity_link",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_identity_link")),
    )
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_link_organization"), ["organization"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_link_user"), ["user"], unique=False)

    op.create_table(
        "identity_organization",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("hosts", sa.Boolean(), nullable=False),
        sa.Column("machine_password", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization", name=op.f("pk_identity_organization")),
    )
    op.create_table(
        "identity_session",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_identity_session")),
    )
    with op.batch_alter_table("identity_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_session_organization"), ["organization"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_session_user"), ["user"], unique=False)

    op.create_table(
        "identity_token",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_identity_token")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_identity_token_fingerprint")),
    )
    with op.batch_alter_table("identity_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_token_user"), ["user"], unique=False)

    op.create_table(
        "identity_user",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("login", sa.String(length=120), nullable=False),
        sa.Column("display", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_identity_user")),
        sa.UniqueConstraint("login", name=op.f("uq_identity_user_login")),
    )
    op.create_table(
        "job_report",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("tag", sa.BigInteger(), nullable=False),
        sa.Column("source_time", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("work_unit", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("meaning", sa.String(length=20), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "tag", "source_time", "sequence", name=op.f("pk_job_report")),
    )
    with op.batch_alter_table("job_report", schema=None) as batch_op:
        batch_op.create_index("ix_job_report_work_unit", ["organization", "work_unit"], unique=False)

    op.create_table(
        "lot",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("quantity_thousandths", sa.BigInteger(), nullable=False),
        sa.Column("left_thousandths", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("supplier", sa.String(length=80), nullable=True),
        sa.CheckConstraint("left_thousandths >= 0", name=op.f("ck_lot_left_not_negative")),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_lot")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index("ix_lot_part", ["organization", "part", "arrival"], unique=False)

    op.create_table(
        "machine_memory",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("work_unit", sa.String(length=40), nullable=False),
        sa.Column("horizon", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "work_unit", name=op.f("pk_machine_memory")),
    )
    op.create_table(
        "machine_state_mark",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("work_unit", sa.String(length=40), nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("receive_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "work_unit", "time", "sequence", "tag", name=op.f("pk_machine_state_mark")),
    )
    op.create_table(
        "machine_state_run",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("work_unit", sa.String(length=40), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("organization", "work_unit", "start", name=op.f("pk_machine_state_run")),
    )
    op.create_table(
        "machine_stop",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("work_unit", sa.String(length=40), nullable=False),
        sa.Column("began", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "work_unit", "began", name=op.f("pk_machine_stop")),
    )
    op.create_table(
        "material_offer",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("supplier", sa.String(length=80), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lead_time_days", sa.Float(), nullable=False),
        sa.Column("least", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "supplier", "part", name=op.f("pk_material_offer")),
    )
    op.create_table(
        "material_reservation",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("commitment", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.Float(), nullable=False),
        sa.Column("bought_by", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "commitment", "unit", "step", "part", name=op.f("pk_material_reservation")),
    )
    op.create_table(
        "number_series",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "series", name=op.f("pk_number_series")),
    )
    op.create_table(
        "part",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_part")),
    )
    op.create_table(
        "plan_calendar",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_plan_calendar")),
    )
    op.create_table(
        "plan_commitment",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("order_id", sa.String(length=80), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("first_date", sa.DateTime(), nullable=False),
        sa.Column("demand", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_plan_commitment")),
    )
    with op.batch_alter_table("plan_commitment", schema=None) as batch_op:
        batch_op.create_index("ix_plan_commitment_changed", ["organization", "version"], unique=False)
        batch_op.create_index("ix_plan_commitment_open", ["organization", "is_open"], unique=False)
        batch_op.create_index("ix_plan_commitment_order", ["organization", "order_id"], unique=False)

    op.create_table(
        "plan_resource",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("work_unit", sa.String(length=80), nullable=False),
        sa.Column("work_center", sa.String(length=80), nullable=False),
        sa.Column("calendar", sa.String(length=80), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("down_from", sa.DateTime(), nullable=True),
        sa.Column("down_until", sa.DateTime(), nullable=True),
        sa.Column("down_said_at", sa.DateTime(), nullable=True),
        sa.Column("down_minutes", sa.Float(), nullable=False),
        sa.Column("up_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "work_unit", name=op.f("pk_plan_resource")),
    )
    op.create_table(
        "plan_version",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=40), nullable=False),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("setup_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization", name=op.f("pk_plan_version")),
    )
    op.create_table(
        "promise_move",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("sales_order", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("before", sa.DateTime(), nullable=False),
        sa.Column("after", sa.DateTime(), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "sales_order", "position", name=op.f("pk_promise_move")),
    )
    op.create_table(
        "purchase",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("supplier", sa.String(length=80), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("quantity_thousandths", sa.BigInteger(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ordered_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("needed_by", sa.DateTime(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(), nullable=True),
        sa.Column("lot", sa.String(length=120), nullable=True),
        sa.Column("idempotency_key", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("organization", "idempotency_key", name=op.f("uq_purchase_organization_idempotency_key")),
        sa.UniqueConstraint("organization", "number", name=op.f("uq_purchase_organization_number")),
    )
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.create_index("ix_purchase_open", ["organization", "arrived_at", "due_at"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("reason_en", sa.String(length=600), nullable=False),
        sa.Column("reason_zh", sa.String(length=600), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(length=10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index("ix_quarantine_newest", ["organization", "received_at"], unique=False)
        batch_op.create_index("ix_quarantine_same", ["organization", "subject"], unique=False)

    op.create_table(
        "quote",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("buyer", sa.String(length=80), nullable=True),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("promise", sa.JSON(), nullable=False),
        sa.Column("hold", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sales_order", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_quote")),
    )
    op.create_table(
        "sales_order",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("quote", sa.String(length=40), nullable=False),
        sa.Column("buyer", sa.String(length=80), nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=True),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("promise", sa.JSON(), nullable=False),
        sa.Column("first_promised", sa.DateTime(), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_sales_order")),
        sa.UniqueConstraint(
            "organization", "buyer", "idempotency_key", name=op.f("uq_sales_order_organization_buyer_idempotency_key")
        ),
        sa.UniqueConstraint("organization", "number", name=op.f("uq_sales_order_organization_number")),
        sa.UniqueConstraint("organization", "quote", name=op.f("uq_sales_order_organization_quote")),
    )
    with op.batch_alter_table("sales_order", schema=None) as batch_op:
        batch_op.create_index("ix_sales_order_state", ["organization", "state"], unique=False)

    op.create_table(
        "sparkplug_birth",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("born_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("bd_seq", sa.BigInteger(), nullable=True),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "node", "device", name=op.f("pk_sparkplug_birth")),
    )
    op.create_table(
        "supplier",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_supplier")),
    )
    op.create_table(
        "tag",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("asset", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("meaning", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("resolution", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("writable", sa.Boolean(), nullable=False),
        sa.Column("connection", sa.String(length=80), nullable=True),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tag")),
        sa.UniqueConstraint("organization", "asset", "name", name=op.f("uq_tag_organization_asset_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "unit",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("sales_order", sa.String(length=40), nullable=False),
        sa.Column("index_in_order", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("demand", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_unit")),
        sa.UniqueConstraint(
            "organization", "sales_order", "index_in_order", name=op.f("uq_unit_organization_sales_order_index_in_order")
        ),
        sa.UniqueConstraint("organization", "serial", name=op.f("uq_unit_organization_serial")),
    )
    op.create_table(
        "unit_part",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("work_order", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("lot", sa.String(length=120), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("quantity_thousandths", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "unit", "work_order", "part", "lot", name=op.f("pk_unit_part")),
    )
    with op.batch_alter_table("unit_part", schema=None) as batch_op:
        batch_op.create_index("ix_unit_part_lot", ["organization", "lot"], unique=False)

    op.create_table(
        "work_order",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("booking", sa.String(length=40), nullable=False),
        sa.Column("work_center", sa.String(length=40), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("work_unit", sa.String(length=40), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=True),
        sa.Column("planned_start", sa.DateTime(), nullable=True),
        sa.Column("planned_end", sa.DateTime(), nullable=True),
        sa.Column("released_at", sa.DateTime(), nullable=True),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("energy_kwh", sa.Float(), nullable=True),
        sa.Column("used", sa.JSON(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.Column("has_parts", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("organization", "number", name=op.f("pk_work_order")),
    )
    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.create_index("ix_work_order_state", ["organization", "state"], unique=False)
        batch_op.create_index("ix_work_order_unit", ["organization", "unit"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.drop_index("ix_work_order_unit")
        batch_op.drop_index("ix_work_order_state")

    op.drop_table("work_order")
    with op.batch_alter_table("unit_part", schema=None) as batch_op:
        batch_op.drop_index("ix_unit_part_lot")

    op.drop_table("unit_part")
    op.drop_table("unit")
    op.drop_table("tag")
    op.drop_table("supplier")
    op.drop_table("sparkplug_birth")
    with op.batch_alter_table("sales_order", schema=None) as batch_op:
        batch_op.drop_index("ix_sales_order_state")

    op.drop_table("sales_order")
    op.drop_table("quote")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_index("ix_quarantine_same")
        batch_op.drop_index("ix_quarantine_newest")

    op.drop_table("quarantine")
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.drop_index("ix_purchase_open")

    op.drop_table("purchase")
    op.drop_table("promise_move")
    op.drop_table("plan_version")
    op.drop_table("plan_resource")
    with op.batch_alter_table("plan_commitment", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_commitment_order")
        batch_op.drop_index("ix_plan_commitment_open")
        batch_op.drop_index("ix_plan_commitment_changed")

    op.drop_table("plan_commitment")
    op.drop_table("plan_calendar")
    op.drop_table("part")
    op.drop_table("number_series")
    op.drop_table("material_reservation")
    op.drop_table("material_offer")
    op.drop_table("machine_stop")
    op.drop_table("machine_state_run")
    op.drop_table("machine_state_mark")
    op.drop_table("machine_memory")
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_part")

    op.drop_table("lot")
    with op.batch_alter_table("job_report", schema=None) as batch_op:
        batch_op.drop_index("ix_job_report_work_unit")

    op.drop_table("job_report")
    op.drop_table("identity_user")
    with op.batch_alter_table("identity_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_token_user"))

    op.drop_table("identity_token")
    with op.batch_alter_table("identity_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_session_user"))
        batch_op.drop_index(batch_op.f("ix_identity_session_organization"))

    op.drop_table("identity_session")
    op.drop_table("identity_organization")
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_link_user"))
        batch_op.drop_index(batch_op.f("ix_identity_link_organization"))

    op.drop_table("identity_link")
    op.drop_table("identity_attempt")
    op.drop_table("fact_reaction")
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_waiting")

    op.drop_table("fact")
    op.drop_table("equipment")
    op.drop_table("connection_state")
    op.drop_table("connection_position")
    op.drop_table("connection")
    op.drop_table("configure_product")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index("ix_booking_work_unit")
        batch_op.drop_index("ix_booking_starts_at")
        batch_op.drop_index("ix_booking_order")
        batch_op.drop_index("ix_booking_commitment")

    op.drop_table("booking")
