"""Counts of shoppers' interest: visits, options, combinations, promises, without names.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "configure_interest_option",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("option", sa.String(length=200), nullable=False),
        sa.Column("looked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ordered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lost", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dropped", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dropped_price", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dropped_date", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", "day", "option", name=op.f("pk_configure_interest_option")),
    )
    op.create_table(
        "configure_interest_pair",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first", sa.String(length=200), nullable=False),
        sa.Column("second", sa.String(length=200), nullable=False),
        sa.Column("together", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", "day", "first", "second", name=op.f("pk_configure_interest_pair")),
    )
    op.create_table(
        "configure_interest_promise",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("supplier", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subject_zh", sa.String(length=200), nullable=False),
        sa.Column("supplier_zh", sa.String(length=200), nullable=False),
        sa.Column("visits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ordered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lost_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "organization",
            "product",
            "day",
            "days",
            "kind",
            "subject",
            "supplier",
            "currency",
            name=op.f("pk_configure_interest_promise"),
        ),
    )
    op.create_table(
        "configure_interest_setting",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("smallest", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization", name=op.f("pk_configure_interest_setting")),
    )
    op.create_table(
        "configure_interest_visit",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("visits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("looked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("promised", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quoted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ordered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chose", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", "day", name=op.f("pk_configure_interest_visit")),
    )


def downgrade() -> None:
    op.drop_table("configure_interest_visit")
    op.drop_table("configure_interest_setting")
    op.drop_table("configure_interest_promise")
    op.drop_table("configure_interest_pair")
    op.drop_table("configure_interest_option")
