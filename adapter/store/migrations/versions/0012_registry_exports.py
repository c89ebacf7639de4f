"""Exports of the registry that clients asked for, and the files they fall into."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "registry_exports",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("source", sa.String(200)),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mark", sa.String(40), nullable=False),
        sa.Column("progress", sa.String(100), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registry_exports"),
    )
    op.create_index("ix_registry_exports_actor", "registry_exports", ["actor"])
    op.create_table(
        "registry_export_files",
        sa.Column("export_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("after_id", sa.String(64), nullable=False),
        sa.Column("until_id", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("export_id", "number", name="pk_registry_export_files"),
        sa.ForeignKeyConstraint(
            ["export_id"], ["registry_exports.id"], name="fk_registry_export_files_export_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("registry_export_files")
    op.drop_table("registry_exports")
