"""What a list of cases is filtered by stands in its row; edits by hand keep who made them, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_STATUS = """
UPDATE cases SET status = (
  SELECT d.status FROM decisions d
  WHERE d.case_id = cases.case_id AND d.version = cases.version AND d.criteria_version = cases.criteria_version
)"""
_SEX = """
UPDATE cases SET sex = (
  SELECT {sex} FROM case_versions v WHERE v.case_id = cases.case_id AND v.version = cases.version
)"""


def upgrade() -> None:
    op.add_column("cases", sa.Column("status", sa.String(20)))
    op.add_column("cases", sa.Column("sex", sa.String(20)))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(_STATUS)
    op.execute(
        _SEX.format(sex="json_extract(v.body, '$.patient.sex')" if is_sqlite else "v.body::json #>> '{patient,sex}'")
    )
    op.create_index("ix_cases_list", "cases", ["case_id", "erased_at", "status", "sex", "updated_at", "version"])
    op.create_index("ix_inbox_source", "inbox", ["source", "case_version", "case_id"])
    op.create_table(
        "edits",
        sa.Column("inbox_id", sa.String(36), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", name="pk_edits"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_edits_inbox_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("edits")
    op.drop_index("ix_inbox_source", "inbox")
    op.drop_index("ix_cases_list", "cases")
    op.drop_column("cases", "sex")
    op.drop_column("cases", "status")
