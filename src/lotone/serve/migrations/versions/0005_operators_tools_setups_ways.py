"""operators, tools, setups, ways

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_setup_matrix",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_plan_setup_matrix")),
    )
    op.create_table(
        "plan_transport",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("from_center", sa.String(length=80), nullable=False),
        sa.Column("to_center", sa.String(length=80), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "from_center", "to_center", name=op.f("pk_plan_transport")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("crew", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("locked", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("plan_resource", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=20), server_default="machine", nullable=False))
        batch_op.add_column(sa.Column("capacity", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("batch", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("skills", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("setups", sa.String(length=80), server_default="", nullable=False))
        batch_op.add_column(sa.Column("state", sa.String(length=80), server_default="", nullable=False))
        batch_op.add_column(sa.Column("maintenance", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("plan_resource", schema=None) as batch_op:
        batch_op.drop_column("maintenance")
        batch_op.drop_column("state")
        batch_op.drop_column("setups")
        batch_op.drop_column("skills")
        batch_op.drop_column("batch")
        batch_op.drop_column("capacity")
        batch_op.drop_column("kind")

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_column("locked")
        batch_op.drop_column("crew")

    op.drop_table("plan_transport")
    op.drop_table("plan_setup_matrix")
