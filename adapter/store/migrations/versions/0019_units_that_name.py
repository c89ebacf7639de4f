"""The few units that could still name a patient: found without a look at those of all pulls before."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_NAMING = sa.text("patients IS NOT NULL OR (stage = 'candidates' AND parameters <> '{}')")


def upgrade() -> None:
    op.create_index("ix_pull_units_naming", "pull_units", ["pull_id"], sqlite_where=_NAMING, postgresql_where=_NAMING)


def downgrade() -> None:
    op.drop_index("ix_pull_units_naming", "pull_units")
