"""Clients, their tokens and used assertions; people and sessions; the audit; scopes beside what a client sent."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("inbox", sa.Column("scopes", sa.Text))
    _clients()
    _people()
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_case_id", "audit", ["case_id"])
    op.create_index("ix_audit_request_id", "audit", ["request_id"])


def _clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("key_set", sa.Text),
        sa.Column("key_set_url", sa.String(500)),
        sa.Column("key_digest", sa.String(64)),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column(
            "client_id", sa.String(100), sa.ForeignKey("clients.id", name="fk_access_tokens_client_id"), nullable=False
        ),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_access_tokens"),
    )
    op.create_index("ix_access_tokens_expires_at", "access_tokens", ["expires_at"])
    op.create_table(
        "used_assertions",
        sa.Column("client_id", sa.String(100), nullable=False),
        sa.Column("token_id", sa.String(64), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "token_id", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["expires_at"])


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("one_time_secret", sa.LargeBinary),
        sa.Column("one_time_seal", sa.String(32)),
        sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT),
        sa.PrimaryKeyConstraint("login", name="pk_people"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("login", sa.String(100), sa.ForeignKey("people.login", name="fk_sessions_login"), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"])


def downgrade() -> None:
    for table in ("audit", "sessions", "people", "used_assertions", "access_tokens", "clients"):
        op.drop_table(table)
    op.drop_column("inbox", "scopes")
