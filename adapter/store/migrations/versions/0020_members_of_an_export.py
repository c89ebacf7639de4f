"""Who was in a Group when an export of it was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "registry_export_members",
        sa.Column("export_id", sa.String(36), sa.ForeignKey("registry_exports.id", ondelete="CASCADE")),
        sa.Column("case_id", sa.String(128)),
        sa.PrimaryKeyConstraint("export_id", "case_id"),
    )


def downgrade() -> None:
    op.drop_table("registry_export_members")
