"""One entry of a case, one resource by its id: found without a look at all that are in the same state."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.drop_index("ix_inbox_case_id", "inbox")
    op.create_index("ix_inbox_case_id", "inbox", ["case_id", "state"])
    op.drop_index("ix_inbox_source", "inbox")
    op.create_index("ix_inbox_source", "inbox", ["source", "case_id", "case_version"])
    op.drop_index("ix_resources_updated_at", "resources")
    op.drop_index("ix_resources_case_id", "resources")
    op.create_index("ix_resources_case_id", "resources", ["case_id", "type", "current"])
    op.create_index(
        "ix_resources_updated_at",
        "resources",
        ["type", "updated_at"],
        sqlite_where=sa.text("current IS 1"),
        postgresql_where=sa.text("current IS true"),
    )


def downgrade() -> None:
    op.drop_index("ix_resources_case_id", "resources")
    op.create_index("ix_resources_case_id", "resources", ["case_id", "current"])
    op.drop_index("ix_resources_updated_at", "resources")
    op.create_index("ix_resources_updated_at", "resources", ["type", "current", "updated_at"])
    op.drop_index("ix_inbox_source", "inbox")
    op.create_index("ix_inbox_source", "inbox", ["source", "case_version", "case_id"])
    op.drop_index("ix_inbox_case_id", "inbox")
    op.create_index("ix_inbox_case_id", "inbox", ["case_id"])
