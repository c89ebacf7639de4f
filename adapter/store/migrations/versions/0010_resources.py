"""The registry as FHIR resources, and what they are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "resources",
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("body", sa.Text),
        sa.PrimaryKeyConstraint("type", "id", "version", name="pk_resources"),
    )
    op.create_index("ix_resources_case_id", "resources", ["case_id", "current"])
    op.create_index("ix_resources_updated_at", "resources", ["type", "current", "updated_at"])
    op.create_table(
        "resource_index",
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("parameter", sa.String(40), nullable=False),
        sa.Column("system", sa.String(200)),
        sa.Column("code", sa.String(200)),
        sa.Column("low", sa.Date),
        sa.Column("high", sa.Date),
        sa.Column("number", sa.Float),
    )
    op.create_index("ix_resource_index_id", "resource_index", ["type", "id", "parameter"])
    op.create_index("ix_resource_index_code", "resource_index", ["type", "parameter", "code"])
    op.create_index("ix_resource_index_low", "resource_index", ["type", "parameter", "low"])
    op.create_table(
        "published_cases",
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("case_version", sa.Integer, nullable=False),
        sa.Column("mapping_version", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_published_cases"),
    )


def downgrade() -> None:
    for table in ("published_cases", "resource_index", "resources"):
        op.drop_table(table)
