"""The fields of an entity against a catalog: which there are, which may be set, which must be, which exclude others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Literal

from syncer.check.facts import Facts, Fields, documented
from syncer.errors import Finding, Span
from syncer.model.field import FieldType, spelling
from syncer.model.identity import EntityTypeId, Stamp, type_name
from syncer.spec import Code, EntitySpec, Spec

IMPORT_ONLY = frozenset({"createdTime", "updatedTime", "movedTime", "createdBy", "updatedBy", "movedBy"})
"""Accepted by an import alone (api-reference/crm/universal/import/index.md); `crm.item.add` drops them."""

_CUSTOM = re.compile(r"ufCrm|UF_CRM|parentId\d", re.ASCII)
_COMMUNICATIONS = {
    "PHONE": re.compile(r"phone|mobile|telephone|tel$|fax", re.IGNORECASE),
    "EMAIL": re.compile(r"e.?mail", re.IGNORECASE),
    "WEB": re.compile(r"(web(site|page)?|site|url)s?$", re.IGNORECASE),
    "IM": re.compile(r"im$|messenger|skype|telegram|whatsapp|viber", re.IGNORECASE),
}
"""By typeId: how names begin that people give to a communication."""
_TIED = (("companyId", "companyIds"), ("contactId", "contactIds"))


def check_fields(
    spec: Spec, entity: EntitySpec, kind: EntityTypeId, facts: Facts, stamp: Stamp | None = None
) -> Iterator[Finding]:
    """Findings for every field of an entity that the portal would drop or refuse, and for those it would miss."""
    catalog = facts.catalogs[kind]
    for name in entity.fields:
        yield from _field(spec, entity, kind, facts, name)
    yield from _missing(spec, entity, catalog)
    yield from _twice(spec, entity, catalog)
    yield from _tied(spec, entity, catalog)
    if stamp is not None and stamp.field and facts.sure:
        yield from _stamp(spec, entity, catalog, stamp)


def _field(spec: Spec, entity: EntitySpec, kind: EntityTypeId, facts: Facts, name: str) -> Iterator[Finding]:
    catalog, span = facts.catalogs[kind], spec.span("entities", entity.name, "fields", name)
    known = spelling(name, catalog)
    if name in IMPORT_ONLY and (known is not None or not facts.sure):
        yield from _import_only(entity, facts, name, span)
    elif known is None:
        if facts.sure or not _CUSTOM.match(name):
            yield _unknown(kind, facts, name, span)
    elif known.is_read_only:
        message = f"{name!r} is read-only in the portal; a value for it would be dropped"
        hint = _communication(name, catalog) or "remove the field"
        yield Finding(Code.READ_ONLY_FIELD, _severity(facts), span, message, hint)


def _import_only(entity: EntitySpec, facts: Facts, name: str, span: Span) -> Iterator[Finding]:
    if entity.write == "add":
        message = f"{name!r} can only be set by an import; `crm.item.add` would drop it"
        yield Finding(Code.IMPORT_ONLY_FIELD, "error", span, message, "say `write: import`, or remove the field")
    elif facts.is_admin is False:
        message = f"{name!r} can be imported by an administrator alone, and syncer acts as a user who is none"
        hint = "use the webhook or application of an administrator of the portal, or remove the field"
        yield Finding(Code.ADMINISTRATOR_FIELD, "error", span, message, hint)


def _severity(facts: Facts) -> Literal["error", "warning"]:
    return "error" if facts.sure else "warning"


def _unknown(kind: EntityTypeId, facts: Facts, name: str, span: Span) -> Finding:
    catalog = facts.catalogs[kind]
    owners = [each for each, fields in {**documented(), **facts.catalogs}.items() if each != kind and name in fields]
    if owners:
        message = f"{name!r} is a field of {_listed(owners)}, and a {type_name(kind)} has none of that name"
        hint = "" if name == "fm" else _nearest(name, catalog)
        return Finding(Code.OTHER_TYPES_FIELD, _severity(facts), span, message, hint)
    if facts.sure:
        message = f"the portal has no field {name!r} for this type; it would be dropped without an error"
    else:
        message = f"the documentation knows no field {name!r} for this type; without it the value would be dropped"
    return Finding(Code.UNKNOWN_FIELD, _severity(facts), span, message, _nearest(name, catalog))


def _listed(kinds: list[EntityTypeId]) -> str:
    return ", ".join(type_name(each) for each in kinds)


def _missing(spec: Spec, entity: EntitySpec, catalog: Fields) -> Iterator[Finding]:
    """Fields that must be filled; what a stage demands the portal tells when it refuses."""
    for known in catalog.values():
        if known.is_demanded and not {known.name, known.upper_name} & {*entity.fields, entity.origin_field}:
            span = spec.document.key_span("entities", entity.name, "fields")
            title = f" ({known.title})" if known.title else ""
            message = f"{known.name!r}{title} is required in the portal, and the entity leaves it out"
            yield Finding(Code.MISSING_FIELD, "error", span, message, f"add `{known.name}` to `fields`")


def _twice(spec: Spec, entity: EntitySpec, catalog: Fields) -> Iterator[Finding]:
    """One field in both of its spellings."""
    for name in entity.fields:
        known = catalog.get(name)
        if known is not None and known.upper_name != name and known.is_dynamic and known.upper_name in entity.fields:
            span = spec.document.key_span("entities", entity.name, "fields", known.upper_name)
            message = f"{known.upper_name!r} and {name!r} are one field"
            yield Finding(Code.CONTRADICTION, "error", span, message, "write it once, in either spelling")


def _tied(spec: Spec, entity: EntitySpec, catalog: Fields) -> Iterator[Finding]:
    for one, many in _TIED:
        if not {one, many} <= entity.fields.keys() or many not in catalog:
            continue
        values = entity.fields[many]
        if not isinstance(values, list) or not values or values[0] != entity.fields[one]:
            span = spec.document.key_span("entities", entity.name, "fields", one)
            message = f"{one!r} is the first of {many!r} in the portal, and the two are set apart here"
            yield Finding(Code.CONTRADICTION, "error", span, message, f"write `{many}` alone, the main one first")


def _stamp(spec: Spec, entity: EntitySpec, catalog: Fields, stamp: Stamp) -> Iterator[Finding]:
    known = catalog.get(stamp.field)
    if known is None:
        span = spec.span("entities", entity.name)
        message = f"the identity is stamped in {stamp.field!r}, and the portal has no such field for this type"
        yield Finding(Code.UNKNOWN_FIELD, "error", span, message, "name a string custom field with `origin_field`")
    elif entity.origin_field and (known.type != "string" or known.is_multiple or known.is_read_only):
        span = spec.span("entities", entity.name, "origin_field")
        message = f"{known.name!r} cannot hold an identity: it is {_described(known)}"
        yield Finding(Code.IDENTITY_FIELD, "error", span, message, "name a custom field of type string, for one value")


def _described(known: FieldType) -> str:
    several = "several values of " if known.is_multiple else ""
    return "read-only" if known.is_read_only else f"of {several}type {known.type}"


def _nearest(name: str, catalog: Fields) -> str:
    """What the writer may have meant, of what can be set: by name without case, or by the title people see."""
    if hint := _communication(name, catalog):
        return hint
    upper = name.startswith("UF_CRM_")
    open_ones = [known for known in catalog.values() if not known.is_read_only or known.name in IMPORT_ONLY]
    by_case = {each.lower(): each for each in (known.upper_name if upper else known.name for known in open_ones)}
    near = [by_case[each] for each in difflib.get_close_matches(name.lower(), by_case, n=3, cutoff=0.6)]
    titled = [known.name for known in open_ones if known.title and known.title.lower() == name.lower()]
    meant = list(dict.fromkeys(titled + near))
    if not meant:
        return "`syncer portal fields TYPE` lists the fields"
    return "did you mean " + " or ".join(f"`{each}`" for each in meant) + "?"


def _communication(name: str, catalog: Fields) -> str:
    """Phones and the like have no fields of their own that could be set."""
    for type_id, begin in _COMMUNICATIONS.items():
        if "fm" in catalog and begin.match(name):
            return f"it goes into `fm`, as `- {{typeId: {type_id}, valueType: WORK, value: …}}`"
    return ""
