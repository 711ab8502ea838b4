"""The portal lock file: what a portal has, as far as specs use it. YAML, sorted, without secrets, for Git."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from syncer.check.facts import Fields, LockLacks
from syncer.errors import Finding, Span
from syncer.mapping.directories import Directories, Entry, Pipelines, folded
from syncer.mapping.names import NameNotFound
from syncer.model.field import FieldType
from syncer.model.identity import TYPE_NAMES, EntityTypeId, type_name
from syncer.spec import Code
from syncer.spec.document import parse
from syncer.spec.problems import Problems

HEAD: Final = (
    "# Written by `syncer portal lock`: what the portal has, as far as the specs use it. Commit it; do not edit it.\n"
)
LARGEST: Final = 16 * 1024 * 1024
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_SETTINGS: Final = ("MIN_VALUE", "MAX_VALUE")


@dataclass(frozen=True, slots=True)
class Lock:
    """What is known of a portal. `directories` has those of stages too; `known` names all but these.

    `users` are those whom specs name: e-mail or id as written → id, None for one whom the portal does not have.
    """

    portal: str
    types: Mapping[EntityTypeId, Fields] = field(default_factory=dict)
    titles: Mapping[str, EntityTypeId] = field(default_factory=dict)
    pipelines: Mapping[EntityTypeId, Pipelines] = field(default_factory=dict)
    directories: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    known: Sequence[str] = ()
    currencies: Sequence[Entry] | None = None
    users: Mapping[str, int | None] = field(default_factory=dict)


class LockedShelf:
    """Directories as the lock file has them; what it says nothing of raises LockLacks."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def statuses(self, entity_id: str) -> Sequence[Entry]:
        if entity_id in self._lock.directories:
            return self._lock.directories[entity_id]
        if entity_id in self._lock.known or not self._lock.known:
            raise LockLacks(f"the portal lock file does not have the entries of the directory {entity_id}")
        return ()

    def directories(self) -> Sequence[str]:
        return self._lock.known

    def pipelines(self, entity_type_id: EntityTypeId) -> Pipelines:
        if entity_type_id not in self._lock.pipelines:
            raise LockLacks(f"the portal lock file does not have the pipelines of {type_name(entity_type_id)}")
        return self._lock.pipelines[entity_type_id]

    def users(self) -> Sequence[Entry]:
        return [Entry(str(number), email) for email, number in self._lock.users.items() if number is not None]

    def currencies(self) -> Sequence[Entry]:
        if self._lock.currencies is None:
            raise LockLacks("the portal lock file does not have the currencies")
        return self._lock.currencies


class LockedDirectories(Directories):
    """Names out of a lock file. It has the users whom specs named when it was written, and no others."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(LockedShelf(lock), lock.types)
        self._users = {folded(email): number for email, number in lock.users.items()}

    def user(self, email: str) -> int:
        if folded(email) not in self._users:
            raise LockLacks(f"the portal lock file does not have the user {email!r}")
        number = self._users[folded(email)]
        if number is None:
            raise NameNotFound(f"no user is named {email!r}")
        return number


# -- to text ---------------------------------------------------------------------------------------------------------


def text_of(lock: Lock) -> str:
    """The file's text: the same portal gives the same text."""
    return HEAD + "".join(f"{line}\n" for line in _lines(lock))


def _lines(lock: Lock) -> Iterator[str]:
    yield "version: 1"
    yield f"portal: {_scalar(lock.portal)}"
    yield from _block("smart_processes", {title: str(kind) for title, kind in lock.titles.items()}, "")
    yield "types:" if lock.types else "types: {}"
    for kind, fields in sorted(lock.types.items()):
        yield f"  {_key(_type_key(kind))}:"
        yield "    fields:" if fields else "    fields: {}"
        for name, each in sorted(fields.items()):
            yield from _field(name, each)
        if kind in lock.pipelines and lock.pipelines[kind].entries:
            yield "    pipelines:"
            for entry in sorted(lock.pipelines[kind].entries, key=lambda each: int(each.code)):
                default = ", default: true" if int(entry.code) == lock.pipelines[kind].default else ""
                yield f"      {_key(entry.code)}: {{name: {_scalar(entry.name)}{default}}}"
        elif kind in lock.pipelines:
            yield "    pipelines: {}"
    yield "directories:" if lock.directories else "directories: {}"
    for name, entries in sorted(lock.directories.items()):
        yield from _block(name, {each.code: _scalar(each.name) for each in entries}, "  ")
    if lock.known:
        yield "known_directories:"
        yield from (f"  - {_scalar(each)}" for each in sorted(lock.known))
    if lock.currencies is not None:
        yield from _block("currencies", {each.code: _scalar(each.name) for each in lock.currencies}, "")
    yield from _block("users", {each: "null" if id_ is None else str(id_) for each, id_ in lock.users.items()}, "")


def _block(name: str, values: Mapping[str, str], indent: str) -> Iterator[str]:
    yield f"{indent}{_key(name)}:" if values else f"{indent}{_key(name)}: {{}}"
    yield from (f"{indent}  {_key(key)}: {value}" for key, value in sorted(values.items()))


def _field(name: str, each: FieldType) -> Iterator[str]:
    parts = [f"type: {_scalar(each.type)}"]
    parts += [f"title: {_scalar(each.title)}"] if each.title else []
    parts += [f"upperName: {_scalar(each.upper_name)}"] if each.is_dynamic and each.upper_name else []
    parts += [f"{flag}: true" for flag, attribute in _FLAGS.items() if getattr(each, attribute)]
    parts += [f"statusType: {_scalar(each.status_type)}"] if each.status_type else []
    parts += [f"{key}: {int(each.settings[key])}" for key in _SETTINGS if _is_number(each.settings.get(key))]
    parts += ["hasDefault: true"] if each.settings.get("DEFAULT_VALUE") else []
    if each.items:
        yield f"      {_key(name)}:"
        yield from (f"        {part}" for part in parts)
        yield "        items:"
        yield from (f"          {_key(str(number))}: {_scalar(label)}" for number, label in sorted(each.items))
    else:
        yield f"      {_key(name)}: {{{', '.join(parts)}}}"


_FLAGS: Final = {
    "required": "is_required",
    "readOnly": "is_read_only",
    "immutable": "is_immutable",
    "multiple": "is_multiple",
    "custom": "is_dynamic",
}


def _is_number(value: Any) -> bool:
    return bool(value) and re.fullmatch(r"-?\d{1,18}", str(value), re.ASCII) is not None


def _type_key(kind: EntityTypeId) -> str:
    return next((name for name, number in TYPE_NAMES.items() if number == kind), str(kind))


def _scalar(text: str) -> str:
    """Text as a double-quoted scalar; what is not printable is escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in quoted)


def _key(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS else _scalar(text)


# -- from text -------------------------------------------------------------------------------------------------------


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _FieldWritten(_Written):
    type: str
    title: str = ""
    upperName: str = ""  # noqa: N815 -- the portal's own spelling
    required: bool = False
    readOnly: bool = False  # noqa: N815
    immutable: bool = False
    multiple: bool = False
    custom: bool = False
    statusType: str | None = None  # noqa: N815
    MIN_VALUE: int | None = None
    MAX_VALUE: int | None = None
    hasDefault: bool = False  # noqa: N815
    items: dict[str, str] = {}


class _PipelineWritten(_Written):
    name: str
    default: bool = False


class _TypeWritten(_Written):
    fields: dict[str, _FieldWritten]
    pipelines: dict[str, _PipelineWritten] | None = None


class _LockWritten(_Written):
    version: int
    portal: str
    smart_processes: dict[str, int] = {}
    types: dict[str, _TypeWritten] = {}
    directories: dict[str, dict[str, str]] = {}
    known_directories: list[str] = []
    currencies: dict[str, str] | None = None
    users: dict[str, int | None] = {}


def read_lock(file: Path, name: str, span: Span, command: str) -> Lock | Finding:
    """The lock file, or what is wrong with it.

    `name` is the path as people see it, `span` where the spec names it, `command` what writes it.
    """
    write = f"write it: {command}"
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return Finding(Code.LOCK_UNREADABLE, "error", span, f"there is no portal lock file {name}", write)
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or str(error)
        return Finding(Code.LOCK_UNREADABLE, "error", span, f"the portal lock file {name} cannot be read: {told}")
    problems = Problems()
    document = parse(content, name, problems) if len(content) <= LARGEST else None
    if document is None or problems.findings:
        first = problems.findings[0] if problems.findings else None
        told, place = (first.message, first.span) if first else ("it is too large", span)
        return Finding(Code.LOCK_UNREADABLE, "error", place, f"the portal lock file cannot be read: {told}", write)
    try:
        return _read(_LockWritten.model_validate(document.root.plain()))
    except (ValidationError, ValueError) as error:
        place = Span(name, 1, 1)
        if isinstance(error, ValidationError):
            place = document.span(*(each for each in error.errors()[0]["loc"] if each != "[key]"))
        return Finding(Code.LOCK_UNREADABLE, "error", place, "this is no portal lock file of this version", write)


def _read(written: _LockWritten) -> Lock:
    if written.version != 1:
        raise ValueError("another version")
    kinds = {key: TYPE_NAMES.get(key) or EntityTypeId(int(key)) for key in written.types}
    return Lock(
        portal=written.portal,
        types={
            kinds[key]: {name: _typed(name, each) for name, each in of.fields.items()}
            for key, of in written.types.items()
        },
        titles={title: EntityTypeId(number) for title, number in written.smart_processes.items()},
        pipelines={
            kinds[key]: Pipelines(
                [Entry(str(int(code)), each.name) for code, each in of.pipelines.items()],
                next((int(code) for code, each in of.pipelines.items() if each.default), None),
            )
            for key, of in written.types.items()
            if of.pipelines is not None
        },
        directories={name: _entries(each) for name, each in written.directories.items()},
        known=written.known_directories,
        currencies=None if written.currencies is None else _entries(written.currencies),
        users=written.users,
    )


def _entries(named: Mapping[str, str]) -> list[Entry]:
    return [Entry(code, name) for code, name in named.items()]


def _typed(name: str, each: _FieldWritten) -> FieldType:
    settings: dict[str, Any] = {key: getattr(each, key) for key in _SETTINGS if getattr(each, key) is not None}
    return FieldType(
        name=name,
        type=each.type,
        title=each.title,
        upper_name=each.upperName,
        is_required=each.required,
        is_read_only=each.readOnly,
        is_immutable=each.immutable,
        is_multiple=each.multiple,
        is_dynamic=each.custom,
        items=tuple((int(number), label) for number, label in each.items.items()),
        status_type=each.statusType,
        settings=settings | ({"DEFAULT_VALUE": True} if each.hasDefault else {}),
    )
