"""Constants and references against the types of their fields; `fm` against its form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from syncer.check.facts import Facts
from syncer.check.written import Leaf, leaves
from syncer.errors import Finding
from syncer.mapping.convert import conversion
from syncer.mapping.functions import link_prefix
from syncer.mapping.multifield import VALUE_TYPES
from syncer.mapping.unfit import Unfit, kind, shown
from syncer.model.change import Reference
from syncer.model.field import FieldType, spelling
from syncer.model.identity import COMPANY, CONTACT, DEAL, LEAD, QUOTE, EntityTypeId, type_name
from syncer.spec import Code, EntitySpec, Spec
from syncer.spec.problems import did_you_mean

_TARGETS = {"crm_company": COMPANY, "crm_contact": CONTACT, "crm_deal": DEAL, "crm_lead": LEAD, "crm_quote": QUOTE}
_FORM = "write - {typeId: PHONE, valueType: WORK, value: …}"
_FM_KEYS = ("typeId", "valueType", "value")

Types = Mapping[str, EntityTypeId]
"""Entities of the spec → their types."""


def check_values(spec: Spec, entity: EntitySpec, type_: EntityTypeId, facts: Facts, types: Types) -> Iterator[Finding]:
    """Findings for what can be seen not to fit, whatever the row."""
    for name, value in entity.fields.items():
        known = spelling(name, facts.catalogs.get(type_, {}))
        if name == "fm":
            yield from _multifield(spec, entity, value)
        elif known is not None and not known.is_read_only:
            yield from _field(spec, entity, known, name, types, facts)


def _field(
    spec: Spec, entity: EntitySpec, known: FieldType, name: str, types: Types, facts: Facts
) -> Iterator[Finding]:
    value = entity.fields[name]
    span = spec.span("entities", entity.name, "fields", name)
    found = list(leaves(spec, entity, "fields", name))
    if isinstance(value, list) and not known.is_multiple:
        message = f"{name!r} takes one value, and a list is given"
        yield Finding(Code.ONE_OR_MANY, "error", span, message, "write the value without [ ] or a dash")
        return
    if known.is_multiple and not isinstance(value, list | Mapping) and _is_one(found[0]):
        message = f"{name!r} takes a list, and one value is given"
        yield Finding(Code.ONE_OR_MANY, "error", span, message, "write it as [ … ] or under a dash")
        return
    if known.type == "crm_currency" and facts.names is not None:
        return  # told against the portal's own, with the nearest ones
    for leaf in found:
        yield from _leaf(leaf, known, name, types)


def _is_one(leaf: Leaf) -> bool:
    """Whether a value can be seen to be one, and not a list."""
    single = (leaf.call is not None and leaf.call.name != "file") or (  # which makes a list of a list of paths
        leaf.known.exact and not any(isinstance(each, list) for each in leaf.known.values)
    )
    return leaf.known.values != (None,) and single


def _leaf(leaf: Leaf, known: FieldType, name: str, types: Types) -> Iterator[Finding]:
    if leaf.call is not None and leaf.call.name in ("ref", "link"):
        yield from _reference(leaf, known, name, types)
        return
    convert = conversion(known)
    for value in leaf.known.values:
        if value is None:
            continue
        try:
            convert([value] if known.is_multiple else value)
        except Unfit as error:
            message = f"{name!r} is of type {known.type}, and {kind(value)} {shown(value)} {error}"
            option = known.type == "enumeration"
            yield Finding(Code.UNKNOWN_OPTION if option else Code.CONSTANT_TYPE, "error", leaf.span, message)


def _reference(leaf: Leaf, known: FieldType, name: str, types: Types) -> Iterator[Finding]:
    assert leaf.call is not None
    entity = next(iter(leaf.call.arguments[0].values), None) if leaf.call.arguments else None
    target = types.get(entity) if isinstance(entity, str) else None
    if target is None or not isinstance(entity, str):
        return
    prefix = link_prefix(target) if leaf.call.name == "link" else ""
    reference = Reference(entity, "1", prefix)
    try:
        conversion(known)([reference] if known.is_multiple else reference)
    except Unfit as error:
        yield Finding(
            Code.CONSTANT_TYPE, "error", leaf.call.span, f"{name!r} is of type {known.type}: what is given {error}"
        )
        return
    parent = re.fullmatch(r"parentId(\d+)", known.name, re.ASCII)
    wanted = EntityTypeId(int(parent[1])) if parent else _TARGETS.get(known.type)
    if wanted is not None and wanted != target:
        message = f"{name!r} takes the id of a {type_name(wanted)}, and {entity!r} makes items of {type_name(target)}"
        fits = [each for each, type_ in types.items() if type_ == wanted]
        hint = f"of that type are: {', '.join(fits)}" if fits else ""
        yield Finding(Code.REFERENCE_TYPE, "error", leaf.call.span, message, hint)


def _multifield(spec: Spec, entity: EntitySpec, value: Any) -> Iterator[Finding]:
    path = ("fields", "fm")
    if isinstance(value, list):
        for place, element in enumerate(value):
            yield from _element(spec, entity, element, (*path, place))
        return
    (leaf, *_) = [*leaves(spec, entity, *path), None]
    if isinstance(value, Mapping) or (leaf is not None and leaf.known.exact and leaf.known.values != (None,)):
        span = spec.span("entities", entity.name, *path)
        yield Finding(Code.MULTIFIELD, "error", span, "`fm` is a list, and the portal would drop anything else", _FORM)


def _element(spec: Spec, entity: EntitySpec, element: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    span = spec.span("entities", entity.name, *path)
    if not isinstance(element, Mapping):
        (leaf,) = leaves(spec, entity, *path)
        if leaf.constant:
            yield Finding(Code.MULTIFIELD, "error", span, "this element of `fm` is no mapping", _FORM)
        return
    for key in element:
        if key not in _FM_KEYS:
            place = spec.document.key_span("entities", entity.name, *path, key)
            yield Finding(
                Code.MULTIFIELD, "error", place, f"an element of `fm` has no key {key!r}", did_you_mean(key, _FM_KEYS)
            )
    for key in _FM_KEYS:
        if key not in element and not any(each.lower().replace("_", "") == key.lower() for each in element):
            yield Finding(Code.MULTIFIELD, "error", span, f"this element of `fm` has no {key!r}", _FORM)
    yield from _kinds(spec, entity, element, path)


def _kinds(
    spec: Spec, entity: EntitySpec, element: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[Finding]:
    types: list[Any] = []
    for leaf in leaves(spec, entity, *path, "typeId") if "typeId" in element else ():
        types = [each for each in leaf.known.values if each in VALUE_TYPES]
        for value in leaf.known.values:
            if value not in VALUE_TYPES:
                message = f"there is no typeId {shown(value)}"
                yield Finding(Code.MULTIFIELD, "error", leaf.span, message, did_you_mean(str(value), VALUE_TYPES))
    if len(types) != 1 or "valueType" not in element:
        return
    known = VALUE_TYPES[types[0]]
    for leaf in leaves(spec, entity, *path, "valueType"):
        for value in leaf.known.values:
            if known and value not in known:
                message = f"{types[0]} has no valueType {shown(value)}"
                yield Finding(Code.MULTIFIELD, "error", leaf.span, message, did_you_mean(str(value), sorted(known)))
