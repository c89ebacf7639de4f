"""What is current of a case, and of a resource: found without a look at all their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.drop_index("ix_resources_case_id", "resources")
    op.create_index("ix_resources_case_id", "resources", ["case_id", "current", "type"])
    op.create_index(
        "ux_resources_current",
        "resources",
        ["type", "id"],
        unique=True,
        sqlite_where=sa.text("current IS 1"),
        postgresql_where=sa.text("current IS true"),
    )


def downgrade() -> None:
    op.drop_index("ux_resources_current", "resources")
    op.drop_index("ix_resources_case_id", "resources")
    op.create_index("ix_resources_case_id", "resources", ["case_id", "type", "current"])
