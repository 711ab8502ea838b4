"""Scopes of keys, and the entities that own identities in them."""

from __future__ import annotations

import sqlalchemy as sa

from syncer.errors import StateError
from syncer.model.change import EntityName
from syncer.model.identity import Scope
from syncer.store.database import AnyRow, Database
from syncer.store.lease import fenced
from syncer.store.records import NOWHERE, Hold, Owner, OwnerId, PortalId
from syncer.store.tables import item, owner, scope


class Owners:
    """Finding and recording owners of one state."""

    def __init__(self, database: Database, *, writable: bool) -> None:
        self._database = database
        self._writable = writable

    def scope_id(self, portal_id: PortalId, keys_of: Scope) -> int:
        """A scope's id. One not seen before is recorded, or when reading only, is nowhere."""
        query = sa.select(scope.c.id).where(
            scope.c.portal_id == portal_id,
            scope.c.entity_type_id == keys_of.entity_type_id,
            scope.c.originator_id == keys_of.originator_id,
        )
        found = self._database.scalar(query)
        if found is None and self._writable:
            self._database.write(
                self._database.dialect.upsert(scope)
                .values(
                    portal_id=portal_id,
                    entity_type_id=keys_of.entity_type_id,
                    originator_id=keys_of.originator_id,
                )
                .on_conflict_do_nothing()
            )
            found = self._database.scalar(query)
        return NOWHERE if found is None else int(found)

    def scopes(self, portal_id: PortalId) -> list[Scope]:
        """Every scope a portal has keys in."""
        rows = self._database.read(
            sa.select(scope.c.entity_type_id, scope.c.originator_id)
            .where(scope.c.portal_id == portal_id)
            .order_by(scope.c.id)
        )
        return [Scope(*row) for row in rows]

    def find(self, portal_id: PortalId, name: EntityName) -> Owner | None:
        """An owner as it was recorded, with the scope and fingerprint of then."""
        row = self._database.one(
            _OWNERS.where(owner.c.portal_id == portal_id, owner.c.spec == name.spec, owner.c.entity == name.entity)
        )
        return None if row is None else _owner(row)

    def all(self, portal_id: PortalId) -> list[Owner]:
        """Every owner of a portal, in the order of being recorded."""
        rows = self._database.read(_OWNERS.where(owner.c.portal_id == portal_id).order_by(owner.c.id))
        return [_owner(row) for row in rows]

    def put(self, portal_id: PortalId, name: EntityName, keys_of: Scope, fingerprint: str) -> OwnerId:
        """Records an owner with its present scope and fingerprint. When reading: its id, or nowhere."""
        if not self._writable:
            known = self.find(portal_id, name)
            return OwnerId(NOWHERE) if known is None else known.id
        upsert = self._database.dialect.upsert(owner).values(
            portal_id=portal_id,
            spec=name.spec,
            entity=name.entity,
            scope_id=self.scope_id(portal_id, keys_of),
            fingerprint=fingerprint,
        )
        changed = {"scope_id": upsert.excluded.scope_id, "fingerprint": upsert.excluded.fingerprint}
        return OwnerId(
            self._database.scalar(
                upsert.on_conflict_do_update(index_elements=["portal_id", "spec", "entity"], set_=changed).returning(
                    owner.c.id
                )
            )
        )

    def rename(self, hold: Hold, portal_id: PortalId, old: EntityName, new: EntityName) -> None:
        """Gives all that an owner has to a new name.

        A new name that is recorded but owns nothing is replaced. Raises StateError when the old one is not
        known or the new one owns items.
        """
        with fenced(self._database, hold):
            mover, taken = self.find(portal_id, old), self.find(portal_id, new)
            if mover is None:
                raise StateError(f"the state knows no entity {old}", hint="See `syncer state list`.")
            if taken is not None:
                if self._owns(taken.id):
                    raise StateError(
                        f"{new} owns items already, so {old} cannot be renamed to it",
                        hint="Take `moved_from` out, or choose a name that is free.",
                    )
                self._database.write(sa.delete(owner).where(owner.c.id == taken.id))
            self._database.write(
                sa.update(owner).where(owner.c.id == mover.id).values(spec=new.spec, entity=new.entity)
            )

    def _owns(self, owner_id: OwnerId) -> bool:
        return self._database.one(sa.select(item.c.status).where(item.c.owner_id == owner_id).limit(1)) is not None


_OWNERS = sa.select(
    owner.c.id,
    owner.c.spec,
    owner.c.entity,
    owner.c.fingerprint,
    scope.c.entity_type_id,
    scope.c.originator_id,
).join_from(owner, scope, scope.c.id == owner.c.scope_id)


def _owner(row: AnyRow) -> Owner:
    return Owner(
        OwnerId(row.id),
        EntityName(row.spec, row.entity),
        Scope(row.entity_type_id, row.originator_id),
        row.fingerprint,
    )
