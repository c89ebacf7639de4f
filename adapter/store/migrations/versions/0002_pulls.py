"""Pulls: asked for, running, ended."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "pulls",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("progress", sa.Text),
        sa.Column("report", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_pulls"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'complete', 'partial', 'failed', 'abandoned')", name="ck_pulls_state"
        ),
    )
    running = sa.text("state = 'running'")
    op.create_index(
        "uq_pulls_running", "pulls", ["source"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_index("ix_pulls_requested_at", "pulls", ["requested_at"])


def downgrade() -> None:
    op.drop_table("pulls")
