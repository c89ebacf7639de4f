"""What was learnt about each server."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "server_profiles",
        sa.Column("base", sa.String(500), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("base", name="pk_server_profiles"),
    )


def downgrade() -> None:
    op.drop_table("server_profiles")
