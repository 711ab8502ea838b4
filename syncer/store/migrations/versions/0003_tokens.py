"""The tokens of an application, encrypted, and who is renewing them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "token",
        sa.Column("portal", BYTEWISE, nullable=False),
        sa.Column("start", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", sa.Double),
        sa.PrimaryKeyConstraint("portal", name="pk_token"),
    )
