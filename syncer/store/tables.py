"""The tables of the state database; `migrations` builds the same, and a test compares them."""

from __future__ import annotations

import sqlalchemy as sa

from syncer.store.dialect import BIG, BIG_SERIAL, BYTEWISE, SECONDS

HEAD = "0003"
"""The schema this program reads and writes: the newest migration."""

VERSION_TABLE = "syncer_version"

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

portal = sa.Table(
    "portal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", BYTEWISE, nullable=False, unique=True),
    sa.Column("first_seen", SECONDS, nullable=False),
    sa.Column("bucket_level", SECONDS),
    sa.Column("bucket_at", SECONDS),
    # the portal showed items of ours that the state did not know: absence proves something only after this
    sa.Column("distrusted_at", SECONDS),
)

scope = sa.Table(
    "scope",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("portal_id", sa.ForeignKey("portal.id"), nullable=False),
    sa.Column("entity_type_id", sa.Integer, nullable=False),
    sa.Column("originator_id", BYTEWISE, nullable=False),
    sa.UniqueConstraint("portal_id", "entity_type_id", "originator_id"),
)

owner = sa.Table(
    "owner",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("portal_id", sa.ForeignKey("portal.id"), nullable=False),
    sa.Column("spec", BYTEWISE, nullable=False),
    sa.Column("entity", BYTEWISE, nullable=False),
    sa.Column("scope_id", sa.ForeignKey("scope.id"), nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.UniqueConstraint("portal_id", "spec", "entity"),
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),  # what other rows carry: short, and grows
    sa.Column("id", BYTEWISE, nullable=False, unique=True),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("specs", sa.JSON, nullable=False),
    sa.Column("git_commit", sa.Text),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("job_url", sa.Text),
    sa.Column("started", SECONDS, nullable=False),
    sa.Column("finished", SECONDS),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("summary", sa.JSON),
)

item = sa.Table(
    "item",
    metadata,
    sa.Column("scope_id", sa.ForeignKey("scope.id"), primary_key=True),
    sa.Column("origin_id", BYTEWISE, primary_key=True),
    sa.Column("owner_id", sa.ForeignKey("owner.id"), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("item_id", BIG),
    sa.Column("run", sa.ForeignKey("run.number"), nullable=False),
    sa.Column("fence", BIG, nullable=False),
    sa.Column("payload_hash", sa.Text),
    # the last moment at which a request may have left; a take-over moves it to the end of the old lease
    sa.Column("intended_at", SECONDS),
    sa.Column("settled_at", SECONDS),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("stored_key", sa.Text),
    sa.Column("adopted", sa.Boolean, nullable=False),
    sa.Column("other_ids", sa.Text),
    sqlite_with_rowid=False,
)

NOT_CREATED = item.c.status != sa.literal_column("'created'")
"""What is not plainly there is rare, and has an index. SQLite uses it only where a query says these very words."""

sa.Index(
    "ix_item_not_created",
    item.c.status,
    item.c.scope_id,
    item.c.origin_id,
    sqlite_where=NOT_CREATED,
    postgresql_where=NOT_CREATED,
)

outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("id", BIG_SERIAL, primary_key=True),
    sa.Column("run", sa.ForeignKey("run.number"), nullable=False, index=True),
    sa.Column("scope_id", sa.ForeignKey("scope.id"), nullable=False),
    sa.Column("origin_id", BYTEWISE, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("item_id", BIG),
    sa.Column("code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("at", SECONDS, nullable=False),
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    sa.Column("fence", BIG, nullable=False),
    sa.Column("run", sa.ForeignKey("run.number")),
    sa.Column("since", SECONDS),
    # without a run: None after a clean end; else until when the run that lost it may have sent
    sa.Column("expires", SECONDS),
)

catalog = sa.Table(
    "catalog",
    metadata,
    sa.Column("portal_id", sa.ForeignKey("portal.id"), primary_key=True),
    sa.Column("name", BYTEWISE, primary_key=True),
    sa.Column("fetched_at", SECONDS, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

learned = sa.Table(
    "learned",
    metadata,
    sa.Column("portal_id", sa.ForeignKey("portal.id"), primary_key=True),
    sa.Column("entity_type_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("method", BYTEWISE, primary_key=True),
    sa.Column("seconds_per_item", SECONDS, nullable=False),
    sa.Column("learned_at", SECONDS, nullable=False),
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("portal", BYTEWISE, primary_key=True),
    # a digest of the refresh token in the spec that these came from: another one there begins anew
    sa.Column("start", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text),
    # who is renewing them, and until when that is believed
    sa.Column("holder", sa.Text),
    sa.Column("held_until", SECONDS),
)
