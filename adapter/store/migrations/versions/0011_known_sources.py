"""What is known of each source since its last pulls: the time reached, its patients, versions of what."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "known_sources",
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_known_sources"),
    )
    op.create_table(
        "known_starts",
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pull_id", name="pk_known_starts"),
    )
    op.create_table(
        "known_patients",
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(32), nullable=False),
        sa.Column("sealed_id", sa.LargeBinary, nullable=False),
        sa.Column("case_id", sa.String(128)),
        sa.Column("withdrawn", sa.String(20), nullable=False),
        sa.Column("pull_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("source", "mark", name="pk_known_patients"),
        sa.CheckConstraint(
            "withdrawn IN ('', 'deleted', 'merged', 'no-diagnosis')", name="ck_known_patients_withdrawn"
        ),
    )
    op.create_index("ix_known_patients_case_id", "known_patients", ["case_id"])
    op.create_table(
        "known_resources",
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("patient", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("version", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("source", "mark", "patient", name="pk_known_resources"),
    )
    op.create_index("ix_known_resources_patient", "known_resources", ["source", "patient"])


def downgrade() -> None:
    for table in ("known_resources", "known_patients", "known_starts", "known_sources"):
        op.drop_table(table)
