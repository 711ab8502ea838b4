"""What is remembered of a portal: its bucket, catalogs, the cost of its methods, when it was distrusted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("portal", sa.Column("bucket_level", sa.Double))
    op.add_column("portal", sa.Column("bucket_at", sa.Double))
    op.add_column("portal", sa.Column("distrusted_at", sa.Double))
    op.create_table(
        "catalog",
        sa.Column("portal_id", sa.Integer, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("fetched_at", sa.Double, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("portal_id", "name", name="pk_catalog"),
        sa.ForeignKeyConstraint(["portal_id"], ["portal.id"], name="fk_catalog_portal_id"),
    )
    op.create_table(
        "learned",
        sa.Column("portal_id", sa.Integer, nullable=False),
        sa.Column("entity_type_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("method", BYTEWISE, nullable=False),
        sa.Column("seconds_per_item", sa.Double, nullable=False),
        sa.Column("learned_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("portal_id", "entity_type_id", "method", name="pk_learned"),
        sa.ForeignKeyConstraint(["portal_id"], ["portal.id"], name="fk_learned_portal_id"),
    )
