"""Under which key the pseudonyms stand, and what a rotation under way has done."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "pseudonym_keys",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("requests_done", number, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pseudonym_keys"),
    )
    op.create_table(
        "rotated_pseudonyms",
        sa.Column("name", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rotated_pseudonyms"),
    )


def downgrade() -> None:
    op.drop_table("rotated_pseudonyms")
    op.drop_table("pseudonym_keys")
