"""Inbox, issues, unread counts, cases with versions, decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _inbox()
    _findings()
    _cases()
    _decisions()


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("message_key", sa.String(200), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("raw", sa.LargeBinary),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("duplicate_of", sa.String(36), sa.ForeignKey("inbox.id", name="fk_inbox_duplicate_of")),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("status", sa.Integer),
        sa.Column("case_id", sa.String(128)),
        sa.Column("case_version", sa.Integer),
        sa.Column("received", sa.Integer),
        sa.Column("stored", sa.Integer),
        sa.Column("rejected", sa.Integer),
        sa.Column("unchanged", sa.Integer),
        sa.Column("bundle_type", sa.String(20)),
        sa.Column("mapping_version", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.CheckConstraint(
            "state IN ('received', 'stored', 'duplicate', 'quarantined', 'superseded', 'erased')", name="ck_inbox_state"
        ),
        sa.CheckConstraint("received = stored + rejected + unchanged", name="ck_inbox_counts"),
    )
    first = sa.text("duplicate_of IS NULL")
    op.create_index(
        "uq_inbox_first", "inbox", ["source", "message_key"], unique=True, sqlite_where=first, postgresql_where=first
    )
    op.create_index("ix_inbox_state", "inbox", ["state", "received_at"])
    op.create_index("ix_inbox_case_id", "inbox", ["case_id"])


def _findings() -> None:
    op.create_table(
        "issues",
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "position", name="pk_issues"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_issues_inbox_id", ondelete="CASCADE"),
    )
    op.create_index("ix_issues_rule", "issues", ["rule"])
    op.create_table(
        "unread",
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("expression", sa.String(500), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "expression", name="pk_unread"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_unread_inbox_id", ondelete="CASCADE"),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("criteria_version", sa.String(64)),
        sa.Column("key_id", sa.String(32)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
    )
    op.create_table(
        "case_versions",
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("mapping_version", sa.String(64), nullable=False),
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "version", name="pk_case_versions"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_case_versions_case_id"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_case_versions_inbox_id"),
    )
    op.create_index("ix_case_versions_inbox_id", "case_versions", ["inbox_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("criteria_version", sa.String(64), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "version", "criteria_version", name="pk_decisions"),
        sa.ForeignKeyConstraint(
            ["case_id", "version"],
            ["case_versions.case_id", "case_versions.version"],
            name="fk_decisions_case_id_version",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("status IN ('eligible', 'ineligible', 'undetermined')", name="ck_decisions_status"),
    )


def downgrade() -> None:
    for name in ("decisions", "case_versions", "cases", "unread", "issues", "inbox"):
        op.drop_table(name)
