"""What of a portal's directories specs name themselves, so that all of it is read in few requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syncer.check.facts import Fields
from syncer.check.written import Leaf, leaves
from syncer.mapping.text import as_text
from syncer.model.change import EntityName
from syncer.model.field import spelling
from syncer.model.identity import LEAD, QUOTE, EntityTypeId
from syncer.spec import Spec

_STAGES = {LEAD: "STATUS", QUOTE: "QUOTE_STATUS"}


@dataclass(slots=True)
class Needs:
    """`types`: whose pipelines; `staged`: whose stages as well; `users` are e-mails or ids."""

    types: set[EntityTypeId] = field(default_factory=set)
    staged: set[EntityTypeId] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    currencies: bool = False


def needs(
    specs: Sequence[Spec],
    types: Mapping[EntityName, EntityTypeId],
    catalogs: Mapping[EntityTypeId, Fields],
) -> Needs:
    """What the constants and calls of these entities name."""
    found = Needs()
    for spec in specs:
        for name, entity in spec.entities.items():
            kind = types.get(EntityName(spec.name, name))
            if kind is None:
                continue
            for path in (("when",), *(("fields", each) for each in entity.fields)):
                known = spelling(path[-1], catalogs.get(kind, {})) if len(path) > 1 else None
                for leaf in leaves(spec, entity, *path):
                    _calls(leaf, kind, found)
                    constants = any(each not in (None, "") for each in leaf.known.values)
                    if known is not None and constants:
                        _constants(known.name, known.type, known.status_type, kind, found)
    return found


def _constants(name: str, type_: str, directory: str | None, kind: EntityTypeId, found: Needs) -> None:
    if name == "stageId":
        _stages(kind, found)
    elif type_ == "crm_status" and directory:
        found.directories.add(directory)
    elif type_ == "crm_category":
        found.types.add(kind)
    elif type_ == "crm_currency":
        found.currencies = True


def _calls(leaf: Leaf, kind: EntityTypeId, found: Needs) -> None:
    for call in leaf.calls:
        first = [as_text(each) for each in call.arguments[0].values if each is not None] if call.arguments else []
        match call.name:
            case "status":
                found.directories.update(first)
            case "stage":
                _stages(kind, found)
            case "category":
                found.types.add(kind)
            case "user":
                found.users.update(first)
            case "currency":
                found.currencies = True


def _stages(kind: EntityTypeId, found: Needs) -> None:
    if kind in _STAGES:
        found.directories.add(_STAGES[kind])
    else:
        found.types.add(kind)
        found.staged.add(kind)
