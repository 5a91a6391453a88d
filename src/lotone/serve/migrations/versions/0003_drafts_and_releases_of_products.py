"""drafts and releases of products

Revision: 0003
After: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "configure_draft",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", name=op.f("pk_configure_draft")),
    )
    op.create_table(
        "configure_draft_save",
        sa.Column("organization", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", "position", name=op.f("pk_configure_draft_save")),
    )
    with op.batch_alter_table("configure_product", schema=None) as batch_op:
        batch_op.add_column(sa.Column("released_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("published_by", sa.String(length=120), server_default="", nullable=False))
        batch_op.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("back_to", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("release_told", sa.Boolean(), server_default=sa.true(), nullable=False))

    # what was published before was sold from that moment on
    op.execute("UPDATE configure_product SET released_at = published_at")


def downgrade() -> None:
    with op.batch_alter_table("configure_product", schema=None) as batch_op:
        batch_op.drop_column("release_told")
        batch_op.drop_column("back_to")
        batch_op.drop_column("note")
        batch_op.drop_column("published_by")
        batch_op.drop_column("released_at")

    op.drop_table("configure_draft_save")
    op.drop_table("configure_draft")
