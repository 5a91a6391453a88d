"""What the plan learns and which promises it kept

Revision: 0008
After: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_arrival",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("purchase", sa.String(length=80), nullable=False),
        sa.Column("supplier", sa.String(length=200), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "purchase", name=op.f("pk_plan_arrival")),
    )
    with op.batch_alter_table("plan_arrival", schema=None) as batch_op:
        batch_op.create_index("ix_plan_arrival_arrived_at", ["organization", "arrived_at"], unique=False)

    op.create_table(
        "plan_operation_tally",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("work_unit", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Float(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("squares", sa.Float(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("done", sa.Float(), nullable=False),
        sa.Column("scrapped", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "step", "work_unit", name=op.f("pk_plan_operation_tally")),
    )
    op.create_table(
        "plan_stop",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("work_unit", sa.String(length=80), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "work_unit", "began_at", name=op.f("pk_plan_stop")),
    )
    with op.batch_alter_table("plan_stop", schema=None) as batch_op:
        batch_op.create_index("ix_plan_stop_ended_at", ["organization", "ended_at"], unique=False)

    op.create_table(
        "plan_told",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=False),
        sa.Column("promise", sa.JSON(), nullable=False),
        sa.Column("packing_minutes", sa.Float(), nullable=False),
        sa.Column("broken_by", sa.JSON(), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("organization", "order_id", "number", name=op.f("pk_plan_told")),
    )
    with op.batch_alter_table("plan_told", schema=None) as batch_op:
        batch_op.create_index("ix_plan_told_completed_at", ["organization", "number", "completed_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("plan_told", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_told_completed_at")

    op.drop_table("plan_told")
    with op.batch_alter_table("plan_stop", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_stop_ended_at")

    op.drop_table("plan_stop")
    op.drop_table("plan_operation_tally")
    with op.batch_alter_table("plan_arrival", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_arrival_arrived_at")

    op.drop_table("plan_arrival")
