"""Pulls become jobs with leases: one open job of a source, wishes, attempts, the last error."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_STATES = ("waiting", "running", "paused", "complete", "partial", "failed", "cancelled")


def upgrade() -> None:
    op.create_table(
        "pull_job",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("wish", sa.String(20), nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("holder", sa.String(100), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("progress", sa.Text),
        sa.Column("report", sa.Text),
        sa.Column("issue", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_pull_job"),
        sa.CheckConstraint(f"state IN {_STATES!r}", name="ck_pull_job_state"),
        sa.CheckConstraint("wish IN ('', 'pause', 'cancel')", name="ck_pull_job_wish"),
        # A running job has a holder and a moment at which he is given up for dead; no other has.
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL) AND (state = 'running') = (holder <> '')",
            name="ck_pull_job_lease",
        ),
    )
    open_ = sa.text("state IN ('waiting', 'running', 'paused')")
    op.create_index("uq_pull_job_open", "pull_job", ["source"], unique=True, sqlite_where=open_, postgresql_where=open_)
    op.create_index("ix_pull_job_requested_at", "pull_job", ["requested_at"])
    _carry_over()


def _carry_over() -> None:
    # What has ended is kept as it was; what had not has no cursor to go on from.
    op.execute(
        "INSERT INTO pull_job (id, source, options, state, wish, asked, attempts, requested_at, due_at, started_at,"
        " seen_at, finished_at, holder, progress, report)"
        " SELECT id, source, '{}', CASE WHEN state IN ('complete', 'partial') THEN state ELSE 'failed' END, '', 1,"
        " CASE WHEN started_at IS NULL THEN 0 ELSE 1 END, requested_at, requested_at, started_at, seen_at,"
        " COALESCE(finished_at, seen_at, requested_at), '', progress, report FROM pulls"
    )
    op.drop_table("pulls")


def downgrade() -> None:
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
    op.execute(
        "INSERT INTO pulls (id, source, state, requested_at, started_at, seen_at, finished_at, progress, report)"
        " SELECT id, source, CASE WHEN state IN ('complete', 'partial', 'failed') THEN state ELSE 'abandoned' END,"
        " requested_at, started_at, seen_at, finished_at, progress, report FROM pull_job"
    )
    op.drop_table("pull_job")
