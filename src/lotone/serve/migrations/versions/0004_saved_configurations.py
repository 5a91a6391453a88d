"""saved configurations

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "configure_saved",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_configure_saved")),
    )
    with op.batch_alter_table("configure_saved", schema=None) as batch_op:
        batch_op.create_index("ix_configure_saved_owner", ["organization", "owner"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("configure_saved", schema=None) as batch_op:
        batch_op.drop_index("ix_configure_saved_owner")

    op.drop_table("configure_saved")
