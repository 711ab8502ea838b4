"""Entities of one command whose rows may be the same items: one type, one originatorId, keys that may be equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from syncer.errors import Finding
from syncer.model.change import EntityName
from syncer.model.identity import EntityTypeId
from syncer.spec import Code, EntitySpec, Spec

_MARKS = ("{{", "{%", "{#")


def check_alike(specs: Sequence[Spec], types: Mapping[EntityName, EntityTypeId]) -> Iterator[Finding]:
    """A warning for each such entity but the first: which rows collide only the sources can tell (`claimed`)."""
    seen: dict[tuple[EntityTypeId, str], list[tuple[Spec, EntitySpec]]] = {}
    for spec in specs:
        for name in spec.order:
            entity = spec.entities[name]
            kind = types.get(EntityName(spec.name, name))
            if kind is None:
                continue
            others = seen.setdefault((kind, entity.originator_id), [])
            for other_spec, other in others:
                if _may_be_equal(entity.origin_id, other.origin_id):
                    yield _finding(spec, entity, other_spec, other)
                    break
            others.append((spec, entity))


def _finding(spec: Spec, entity: EntitySpec, other_spec: Spec, other: EntitySpec) -> Finding:
    named = other.name if other_spec is spec else f"{other_spec.name}/{other.name}"
    message = (
        f"`{named}` makes items of the same type and originatorId: a row with a key of it would be blocked as claimed"
    )
    hint = 'prefix originId, such as "S-{{ … }}", or set an originatorId of its own'
    return Finding(Code.SHARED_IDENTITY, "warning", spec.span("entities", entity.name, "originId"), message, hint)


def _may_be_equal(one: str, other: str) -> bool:
    """Whether two templates can give one key: their constant beginnings, and ends, do not tell them apart."""
    starts, ends = ([_edge(each, end=end) for each in (one, other)] for end in (False, True))
    return _fit(*starts) and _fit(ends[0][::-1], ends[1][::-1])


def _edge(template: str, *, end: bool) -> str:
    """The text before the first mark of a template, or after its last one."""
    if not isinstance(template, str):
        return ""
    if end:
        return template[max(template.rfind(mark) for mark in ("}}", "%}", "#}")) + 2 :] if "}" in template else template
    places = [template.find(mark) for mark in _MARKS if mark in template]
    return template[: min(places)] if places else template


def _fit(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
