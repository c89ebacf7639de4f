"""The element of an issue without its indexes, to count causes by; lists of one sender; what was put aside, and why."""

import re

import sqlalchemy as sa
from alembic import op

from adapter.resource import parse_for_counting

revision = "0015"
down_revision = "0014"

_INDEX = re.compile(r"\[\d+\]|(?<=/)\d+(?=/|\Z)")
_BATCH = 1_000


def upgrade() -> None:
    op.add_column("issues", sa.Column("place", sa.String(500), nullable=False, server_default=""))
    _fill(op.get_bind())
    op.create_index("ix_inbox_state_source", "inbox", ["state", "source", "received_at", "id"])
    op.create_index("ix_issues_place", "issues", ["inbox_id", "severity", "rule", "place"])
    op.drop_index("ix_issues_rule", "issues")
    op.create_index("ix_issues_rule", "issues", ["rule", "severity", "inbox_id"])
    op.create_table(
        "discards",
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", name="pk_discards"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_discards_inbox_id", ondelete="CASCADE"),
    )


def _fill(connection: sa.Connection) -> None:
    names = ("inbox_id", "position", "body", "place")
    issues = sa.table("issues", *(sa.column(name) for name in names))
    key = sa.tuple_(issues.c.inbox_id, issues.c.position)
    last = ("", -1)
    query = sa.select(issues.c.inbox_id, issues.c.position, issues.c.body).order_by(
        issues.c.inbox_id, issues.c.position
    )
    change = (
        sa.update(issues)
        .where(issues.c.inbox_id == sa.bindparam("_entry"), issues.c.position == sa.bindparam("_position"))
        .values(place=sa.bindparam("_place"))
    )
    while rows := connection.execute(query.where(key > sa.tuple_(*last)).limit(_BATCH)).all():
        last = rows[-1][0], rows[-1][1]
        told = [(entry, position, parse_for_counting(body).get("expression", "")) for entry, position, body in rows]
        connection.execute(
            change, [{"_entry": e, "_position": p, "_place": _INDEX.sub("", place)[:500]} for e, p, place in told]
        )


def downgrade() -> None:
    op.drop_table("discards")
    op.drop_index("ix_inbox_state_source", "inbox")
    op.drop_index("ix_issues_place", "issues")
    op.drop_index("ix_issues_rule", "issues")
    op.create_index("ix_issues_rule", "issues", ["rule"])
    with op.batch_alter_table("issues") as issues:
        issues.drop_column("place")
