"""What is remembered of portals: their bucket, catalogs, answers to probes, the cost of their methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from syncer.model.identity import EntityTypeId, PortalName
from syncer.store.database import AnyRow, Database
from syncer.store.dialect import Now
from syncer.store.records import NOWHERE, CatalogCopy, Portal, PortalId
from syncer.store.tables import catalog, learned, portal


class Portals:
    """The portals a state knows."""

    def __init__(self, database: Database, *, writable: bool) -> None:
        self._database = database
        self._writable = writable

    def id(self, name: str) -> PortalId:
        """A portal's id. One not seen before is recorded, or when reading only, is nowhere."""
        found = self._database.scalar(sa.select(portal.c.id).where(portal.c.name == name))
        if found is None and self._writable:
            self._database.write(
                self._database.dialect.upsert(portal).values(name=name, first_seen=Now()).on_conflict_do_nothing()
            )
            found = self._database.scalar(sa.select(portal.c.id).where(portal.c.name == name))
        return PortalId(NOWHERE if found is None else found)

    def all(self) -> list[Portal]:
        """Every known portal, in the order of being seen first."""
        return [_portal(row) for row in self._database.read(_PORTALS.order_by(portal.c.id))]

    def find(self, portal_id: PortalId) -> Portal | None:
        row = self._database.one(_PORTALS.where(portal.c.id == portal_id))
        return None if row is None else _portal(row)

    def put_bucket(self, portal_id: PortalId, level: float) -> None:
        """Records how full the portal's leaky bucket is now."""
        self._database.write(
            sa.update(portal).where(portal.c.id == portal_id).values(bucket_level=level, bucket_at=Now())
        )

    def distrust(self, portal_id: PortalId) -> float:
        """Records, and gives, the moment at which the portal was seen to hold items unknown to the state."""
        return float(
            self._database.scalar(
                sa.update(portal)
                .where(portal.c.id == portal_id)
                .values(distrusted_at=Now())
                .returning(portal.c.distrusted_at)
            )
        )

    def catalog(self, portal_id: PortalId, name: str) -> CatalogCopy | None:
        """What `put_catalog` kept under a name."""
        row = self._database.one(
            sa.select(catalog.c.body, catalog.c.fetched_at, Now().label("now")).where(
                catalog.c.portal_id == portal_id, catalog.c.name == name
            )
        )
        return None if row is None else CatalogCopy(*row)

    def put_catalog(self, portal_id: PortalId, name: str, body: Any) -> None:
        """Keeps what the portal said (JSON) under a name, in place of what it said before."""
        upsert = self._database.dialect.upsert(catalog).values(
            portal_id=portal_id, name=name, fetched_at=Now(), body=body
        )
        self._database.write(
            upsert.on_conflict_do_update(
                index_elements=["portal_id", "name"],
                set_={"fetched_at": Now(), "body": upsert.excluded.body},
            )
        )

    def learned(self, portal_id: PortalId) -> dict[tuple[EntityTypeId, str], float]:
        """Seconds per item, by entity type and method."""
        rows = self._database.read(
            sa.select(learned.c.entity_type_id, learned.c.method, learned.c.seconds_per_item).where(
                learned.c.portal_id == portal_id
            )
        )
        return {(EntityTypeId(row.entity_type_id), row.method): row.seconds_per_item for row in rows}

    def put_learned(self, portal_id: PortalId, costs: Mapping[tuple[EntityTypeId, str], float]) -> None:
        with self._database.transaction():
            for (entity_type_id, method), seconds in costs.items():
                upsert = self._database.dialect.upsert(learned).values(
                    portal_id=portal_id,
                    entity_type_id=entity_type_id,
                    method=method,
                    seconds_per_item=seconds,
                    learned_at=Now(),
                )
                self._database.write(
                    upsert.on_conflict_do_update(
                        index_elements=["portal_id", "entity_type_id", "method"],
                        set_={"seconds_per_item": upsert.excluded.seconds_per_item, "learned_at": Now()},
                    )
                )


_PORTALS = sa.select(
    portal.c.id,
    portal.c.name,
    portal.c.first_seen,
    portal.c.bucket_level,
    portal.c.bucket_at,
    portal.c.distrusted_at,
    Now().label("now"),
)


def _portal(row: AnyRow) -> Portal:
    return Portal(**{**row._mapping, "name": PortalName(row.name)})
