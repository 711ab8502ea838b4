"""What a portal has changed since its lock file was written: told before it bites."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncer.check.lock import Lock
from syncer.errors import Finding, Span
from syncer.mapping.directories import Entry
from syncer.model.change import EntityName
from syncer.model.field import FieldType, spelling
from syncer.model.identity import EntityTypeId, type_name
from syncer.spec import Code, Spec

_FLAGS = {
    "is_required": ("required", "not required"),
    "is_read_only": ("read-only", "not read-only"),
    "is_multiple": ("of several values", "of one value"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise now; `used`: by the specs."""

    text: str
    used: bool


def told(differences: Sequence[Difference], span: Span, command: str) -> Iterator[Finding]:
    """Warnings: one for each change of what specs use, one that counts the others. `command` writes the file anew."""
    used = [each for each in differences if each.used]
    again = f"bring it up to date: {command}"
    look = f"look at what it means for the specs, then {again}"
    for each in used:
        yield Finding(Code.PORTAL_CHANGED, "warning", span, f"since the lock file was written: {each.text}", look)
    others = len(differences) - len(used)
    if others:
        count = "one change" if others == 1 else f"{others:,} changes"
        message = f"since the lock file was written: {count} of what these specs do not use"
        yield Finding(Code.PORTAL_CHANGED, "warning", span, message, again)


def differences(lock: Lock, now: Lock, used_fields: Collection[tuple[EntityTypeId, str]]) -> list[Difference]:
    """What is otherwise in `now`, as far as both tell of it."""
    return [*_differences(lock, now, used_fields)]


def used_fields(
    specs: Sequence[Spec], types: Mapping[EntityName, EntityTypeId], *locks: Lock
) -> set[tuple[EntityTypeId, str]]:
    """The fields that entities fill, as the portal spells them."""
    found = set()
    for spec in specs:
        for name, entity in spec.entities.items():
            kind = types.get(EntityName(spec.name, name))
            for field in (*entity.fields, *filter(None, [entity.origin_field])) if kind is not None else ():
                for lock in locks:
                    if kind is not None and (known := spelling(field, lock.types.get(kind, {}))):
                        found.add((kind, known.name))
    return found


def _differences(lock: Lock, now: Lock, used: Collection[tuple[EntityTypeId, str]]) -> Iterator[Difference]:
    for title, kind in lock.titles.items():
        if now.titles.get(title, kind) != kind:
            yield Difference(f"the smart process {title!r} is number {now.titles[title]}, was {kind}", True)
    for kind in lock.types.keys() & now.types.keys():
        yield from _type(kind, lock, now, used)
    for directory in sorted(lock.directories.keys() & now.directories.keys()):  # others the specs use no more
        yield from _entries(directory, lock.directories[directory], now.directories[directory], True)
    if lock.currencies is not None and now.currencies is not None:
        yield from _entries("currencies", lock.currencies, now.currencies, True)
    for email, number in lock.users.items():
        if now.users.get(email, number) != number:
            yield Difference(f"the user {email} is {_user(now.users[email])}, was {_user(number)}", True)


def _type(
    kind: EntityTypeId, lock: Lock, now: Lock, used: Collection[tuple[EntityTypeId, str]]
) -> Iterator[Difference]:
    before, after = lock.types[kind], now.types[kind]
    for name in sorted({*before, *after}):
        for text in _field(before.get(name), after.get(name)):
            yield Difference(f"{type_name(kind)}: the field {name} {text}", (kind, name) in used or "required" in text)
    if kind in lock.pipelines and kind in now.pipelines:
        of, staged = f"the pipelines of {type_name(kind)}", (kind, "stageId") in used or (kind, "categoryId") in used
        old, new = lock.pipelines[kind], now.pipelines[kind]
        yield from _entries(of, old.entries, new.entries, staged)
        if old.default != new.default:
            yield Difference(f"{of}: the default one is {new.default}, was {old.default}", True)


def _user(number: int | None) -> str:
    return "not there" if number is None else f"number {number}"


def _entries(of: str, before: Sequence[Entry], after: Sequence[Entry], used: bool) -> Iterator[Difference]:
    """A new entry changes nothing for a spec, unless another one has its name."""
    old, new = ({each.code: each.name for each in entries} for entries in (before, after))
    for code in sorted({*old, *new}):
        if code not in new:
            yield Difference(f"{of}: {old[code]} ({code}) is gone", used)
        elif code not in old:
            yield Difference(f"{of}: {new[code]} ({code}) is new", used and new[code] in old.values())
        elif old[code] != new[code]:
            yield Difference(f"{of}: {old[code]} ({code}) is named {new[code]} now", used)


def _field(before: FieldType | None, after: FieldType | None) -> Iterator[str]:
    if before is None or after is None:
        yield (
            "is gone"
            if after is None
            else "is new" + (", and required" if after.is_required and after.is_dynamic else "")
        )
        return
    if before.type != after.type:
        yield f"is of type {after.type}, was {before.type}"
    for flag, (yes, no) in _FLAGS.items():
        if getattr(before, flag) != getattr(after, flag):
            yield f"is {yes if getattr(after, flag) else no} now"
    if before.title != after.title:
        yield f"is titled {after.title!r}, was {before.title!r}"
    old, new = dict(before.items), dict(after.items)
    for number in sorted({*old, *new}):
        if number not in new:
            yield f"lost its option {old[number]} ({number})"
        elif number not in old:
            yield f"has a new option {new[number]} ({number})"
        elif old[number] != new[number]:
            yield f"has its option {old[number]} ({number}) named {new[number]} now"
