"""Adjudications: what a person judged, beside the rule's answer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "adjudications",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("rule_set", sa.String(32), nullable=False),
        sa.Column("criteria_version", sa.String(64), nullable=False),
        sa.Column("rule_status", sa.String(20), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adjudications"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_adjudications_case_id"),
        sa.CheckConstraint("decision IN ('eligible', 'ineligible', 'undetermined')", name="ck_adjudications_decision"),
    )
    op.create_index("ix_adjudications_case_id", "adjudications", ["case_id"])


def downgrade() -> None:
    op.drop_table("adjudications")
