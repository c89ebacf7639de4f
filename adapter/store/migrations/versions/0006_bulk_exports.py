"""Exports under way: the job, its files, lines, candidates' resources. Everything goes when the pull ends."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _create_jobs()
    _create_lines()


def _create_jobs() -> None:
    op.create_table(
        "bulk_exports",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("status_url", sa.Text, nullable=False),
        sa.Column("transaction_time", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pull_id", name="pk_bulk_exports"),
        sa.CheckConstraint("state IN ('asked', 'listed', 'read')", name="ck_bulk_exports_state"),
    )
    op.create_table(
        "bulk_files",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("bare", sa.Boolean, nullable=False),
        sa.Column("expected", sa.Integer),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("headers", sa.Integer, nullable=False),
        sa.Column("checksum", sa.BigInteger, nullable=False),
        sa.Column("tag", sa.String(200), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pull_id", "number", name="pk_bulk_files"),
        sa.CheckConstraint("kind IN ('output', 'error', 'deleted')", name="ck_bulk_files_kind"),
        sa.CheckConstraint("state IN ('waiting', 'read', 'failed')", name="ck_bulk_files_state"),
    )


def _create_lines() -> None:
    op.create_table(
        "bulk_batches",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("file", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("marks", sa.LargeBinary, nullable=False),
        sa.Column("seal", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.PrimaryKeyConstraint("pull_id", "file", "offset", name="pk_bulk_batches"),
    )
    op.create_table(
        "bulk_resources",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("patient", sa.String(128), nullable=False),
        sa.Column("version", sa.String(80), nullable=False),
        sa.Column("seal", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("pull_id", "key", name="pk_bulk_resources"),
    )
    op.create_index("ix_bulk_resources_patient", "bulk_resources", ["pull_id", "patient"])
    op.create_table(
        "bulk_patients",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("patient", sa.String(128), nullable=False),
        sa.Column("survivor", sa.String(128), nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("pull_id", "patient", "survivor", name="pk_bulk_patients"),
    )


def downgrade() -> None:
    for table in ("bulk_patients", "bulk_resources", "bulk_batches", "bulk_files", "bulk_exports"):
        op.drop_table(table)
