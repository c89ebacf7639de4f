"""What a pull takes page by page: units, pages, resources, patients; and the ledger of its requests, which stays."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _create_units()
    _create_pages()
    _create_ledger()
    op.create_table(
        "pull_patients",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("patient", sa.String(128), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pull_id", "patient", name="pk_pull_patients"),
    )


def _create_units() -> None:
    op.create_table(
        "pull_units",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("patients", sa.Text),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("received", sa.Integer, nullable=False),
        sa.Column("expected", sa.Integer),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("proof", sa.String(20), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pull_units"),
        sa.CheckConstraint("state IN ('waiting', 'complete', 'incomplete', 'split')", name="ck_pull_units_state"),
        # What is called complete has a proof: the database itself insists.
        sa.CheckConstraint("state <> 'complete' OR proof <> ''", name="ck_pull_units_proof"),
    )
    op.create_index("ix_pull_units_pull_id", "pull_units", ["pull_id", "state"])


def _create_pages() -> None:
    op.create_table(
        "pull_pages",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("unit_id", NUMBER, nullable=False),
        sa.Column("request_id", NUMBER, nullable=False),
        sa.Column("seal", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pull_pages"),
    )
    op.create_index("ix_pull_pages_unit_id", "pull_pages", ["unit_id"])
    op.create_table(
        "pull_resources",
        sa.Column("unit_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("page_id", NUMBER, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.String(40), nullable=False),
        sa.Column("matched", sa.Boolean, nullable=False),
        sa.Column("patient", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "key", name="pk_pull_resources"),
    )
    op.create_index("ix_pull_resources_patient", "pull_resources", ["patient", "unit_id"])


def _create_ledger() -> None:
    op.create_table(
        "pull_requests",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("unit_id", NUMBER),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("resources", sa.Integer, nullable=False),
        sa.Column("etag", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pull_requests"),
    )
    op.create_index("ix_pull_requests_pull_id", "pull_requests", ["pull_id", "id"])
    op.create_index("ix_pull_requests_unit_id", "pull_requests", ["unit_id", "mark"])
    op.create_table(
        "pull_origins",
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("version_id", sa.String(64), nullable=False),
        sa.Column("request_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "position", name="pk_pull_origins"),
    )


def downgrade() -> None:
    for table in ("pull_patients", "pull_origins", "pull_requests", "pull_resources", "pull_pages", "pull_units"):
        op.drop_table(table)
