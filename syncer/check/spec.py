"""Specs against what is known of a portal: every mistake that can be known before a row is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from syncer.check.alike import check_alike
from syncer.check.facts import Facts
from syncer.check.fields import check_fields
from syncer.check.names import check_names
from syncer.check.values import check_values
from syncer.errors import Finding
from syncer.model.change import EntityName
from syncer.model.field import spelling
from syncer.model.identity import EntityTypeId, Stamp, default_stamp_field
from syncer.spec import Code, EntitySpec, SpaTitle, Spec


def check(
    specs: Sequence[Spec],
    types: Mapping[EntityName, EntityTypeId],
    facts: Facts,
    *,
    among: Collection[EntityName] | None = None,
) -> list[Finding]:
    """The findings of specs that share a portal. `types` has the entities whose type is known, `among` those wanted."""
    findings: list[Finding] = []
    for spec in specs:
        own = {name.entity: kind for name, kind in types.items() if name.spec == spec.name}
        for entity in spec.entities.values():
            kind = own.get(entity.name)
            if kind is not None and (among is None or EntityName(spec.name, entity.name) in among):
                findings += _entity(spec, entity, kind, facts, own)
    wanted = {name: kind for name, kind in types.items() if among is None or name in among}
    findings += check_alike(specs, wanted)
    return findings


def _entity(
    spec: Spec, entity: EntitySpec, kind: EntityTypeId, facts: Facts, own: Mapping[str, EntityTypeId]
) -> Iterator[Finding]:
    if kind in facts.catalogs:
        yield from check_fields(spec, entity, kind, facts, stamp_of(entity, kind, facts))
    yield from check_values(spec, entity, kind, facts, own)
    yield from check_names(spec, entity, kind, facts)


def stamp_of(entity: EntitySpec, kind: EntityTypeId, facts: Facts) -> Stamp:
    """The field that the entity's identities are stamped in, as the portal spells it."""
    field = entity.origin_field or default_stamp_field(kind) or ""
    known = spelling(field, facts.catalogs.get(kind, {}))
    return Stamp(known.name if known else field, entity.originator_id)


def written_types(
    specs: Sequence[Spec], titles: Mapping[str, EntityTypeId] | None = None
) -> dict[EntityName, EntityTypeId]:
    """The types of entities; those given by the title of a smart process only where `titles` has it."""
    found: dict[EntityName, EntityTypeId] = {}
    for spec in specs:
        for entity in spec.entities.values():
            written = entity.type
            kind = (titles or {}).get(written.spa) if isinstance(written, SpaTitle) else entity.entity_type_id
            if kind is not None:
                found[EntityName(spec.name, entity.name)] = kind
    return found


def untyped(spec: Spec, entity: EntitySpec, message: str, hint: str) -> Finding:
    """The finding for a type that the portal does not have."""
    return Finding(Code.UNKNOWN_TYPE, "error", spec.span("entities", entity.name, "type"), message, hint)
