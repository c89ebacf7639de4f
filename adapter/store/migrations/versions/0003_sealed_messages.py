"""Bytes sealed at rest; messages known again by their Bundle.identifier."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("seal", sa.String(32)))
    op.create_table(
        "messages",
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("inbox_id", sa.String(36), sa.ForeignKey("inbox.id", name="fk_messages_inbox_id"), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("source", "mark", name="pk_messages"),
    )


def downgrade() -> None:
    op.drop_table("messages")
    op.drop_column("inbox", "seal")
