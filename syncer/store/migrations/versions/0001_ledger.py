"""The ledger: who owns which identity, what became of it, in which run, under which lease."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _owners()
    _runs()
    _items()


def _owners() -> None:
    op.create_table(
        "portal",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("first_seen", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portal"),
        sa.UniqueConstraint("name", name="uq_portal_name"),
    )
    op.create_table(
        "scope",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("portal_id", sa.Integer, nullable=False),
        sa.Column("entity_type_id", sa.Integer, nullable=False),
        sa.Column("originator_id", BYTEWISE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scope"),
        sa.ForeignKeyConstraint(["portal_id"], ["portal.id"], name="fk_scope_portal_id"),
        sa.UniqueConstraint(
            "portal_id",
            "entity_type_id",
            "originator_id",
            name="uq_scope_portal_id_entity_type_id_originator_id",
        ),
    )
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("portal_id", sa.Integer, nullable=False),
        sa.Column("spec", BYTEWISE, nullable=False),
        sa.Column("entity", BYTEWISE, nullable=False),
        sa.Column("scope_id", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owner"),
        sa.ForeignKeyConstraint(["portal_id"], ["portal.id"], name="fk_owner_portal_id"),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.id"], name="fk_owner_scope_id"),
        sa.UniqueConstraint("portal_id", "spec", "entity", name="uq_owner_portal_id_spec_entity"),
    )


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", BYTEWISE, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("specs", sa.JSON, nullable=False),
        sa.Column("git_commit", sa.Text),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("job_url", sa.Text),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("finished", sa.Double),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("summary", sa.JSON),
        sa.PrimaryKeyConstraint("number", name="pk_run"),
        sa.UniqueConstraint("id", name="uq_run_id"),
    )
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("run", sa.Integer),
        sa.Column("since", sa.Double),
        sa.Column("expires", sa.Double),
        sa.CheckConstraint("id = 1"),
        sa.PrimaryKeyConstraint("id", name="pk_lease"),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name="fk_lease_run"),
    )


def _items() -> None:
    op.create_table(
        "item",
        sa.Column("scope_id", sa.Integer, nullable=False),
        sa.Column("origin_id", BYTEWISE, nullable=False),
        sa.Column("owner_id", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("item_id", sa.BigInteger),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("payload_hash", sa.Text),
        sa.Column("intended_at", sa.Double),
        sa.Column("settled_at", sa.Double),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("stored_key", sa.Text),
        sa.Column("adopted", sa.Boolean, nullable=False),
        sa.Column("other_ids", sa.Text),
        sa.PrimaryKeyConstraint("scope_id", "origin_id", name="pk_item"),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.id"], name="fk_item_scope_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name="fk_item_owner_id"),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name="fk_item_run"),
        sqlite_with_rowid=False,
    )
    not_created = sa.text("status != 'created'")
    op.create_index(
        "ix_item_not_created",
        "item",
        ["status", "scope_id", "origin_id"],
        sqlite_where=not_created,
        postgresql_where=not_created,
    )
    op.create_table(
        "outcome",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("scope_id", sa.Integer, nullable=False),
        sa.Column("origin_id", BYTEWISE, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("item_id", sa.BigInteger),
        sa.Column("code", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outcome"),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name="fk_outcome_run"),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.id"], name="fk_outcome_scope_id"),
    )
    op.create_index("ix_outcome_run", "outcome", ["run"])
