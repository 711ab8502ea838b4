"""A saved plan: read line by line, checked from the first byte to the last before anything is told of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

from syncer.errors import PlanFileError, SyncerError
from syncer.model.change import Adopt, Blocked, Cause, Change, Create, Drifted, EntityName, Reason, RowProblem, Unknown
from syncer.model.forecast import Forecast
from syncer.model.identity import EntityTypeId, ItemId, PortalName, Stamp
from syncer.model.labels import Labels
from syncer.model.tally import DriftTally, PlanTally
from syncer.model.wire import revived
from syncer.plan.causes import causes_of
from syncer.plan.record import FORMAT_VERSION, Digest, dumps, forecast_of, line_start
from syncer.plan.view import TargetView

GZIP: Final = b"\x1f\x8b"
FOOTER: Final = b'{"summary":'
CHECKSUM: Final = re.compile(rb',"checksum":"(sha256:[0-9a-f]{64})"}\n\Z')
COUNTED: Final = ("create", "adopt", "blocked", "unknown")
"""Changes, which have a line; the other rows are counted in the footer alone."""
DRIFT: Final = ("changed", "deleted")
"""What has a line beside the changes, and is in no digest."""


@dataclass(frozen=True, slots=True)
class SavedSpec:
    """A spec of a saved plan. `root` is its project's, from that of the first spec; the first of `files` is itself."""

    name: str
    root: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SavedTarget:
    """An entity of a saved plan."""

    index: int
    name: EntityName
    entity_type_id: EntityTypeId
    stamp: Stamp
    mask: tuple[str, ...]


class SavedPlan:
    """The plan in a file, whole and unharmed. Its changes are streamed from the file, whose text may not change.

    Raises PlanFileError for a file that is none or is damaged, SyncerError for one that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path), _opened(path) as stream:
            first = stream.readline()
            header = _header(path, first)
            self.portal = PortalName(header["portal"])
            self.specs = tuple(SavedSpec(each["name"], each["root"], each["files"]) for each in header["specs"])
            self.targets = tuple(_target(index, each) for index, each in enumerate(header["entities"]))
            reader = _Reader(path, header, first, self.targets)
            footer = reader.read(stream)
            self.tallies = tuple(_tally(each) for each in footer["entities"])
            self.forecast: Forecast = forecast_of(footer["forecast"])
            self._labels = Labels.from_json(footer["labels"])
            drift = footer["drift"]
            self.drift = None if drift is None else tuple(DriftTally(**each) for each in drift)
        self._starts = reader.starts
        self._digest = str(reader.digest)
        told = [{name: getattr(tally, name) for name in COUNTED} for tally in self.tallies]
        found = [{name: reader.counts[index, name] for name in COUNTED} for index in range(len(self.targets))]
        for index, each in enumerate(self.drift or [DriftTally()] * len(self.targets)):
            told.append({name: getattr(each, name) for name in DRIFT})
            found.append({name: reader.counts[index, name] for name in DRIFT})
        if told != found or self._digest != footer["digest"]:
            raise _damaged(path, "its counts or its digest are not those of its changes")

    @property
    def total(self) -> PlanTally:
        total = PlanTally()
        for tally in self.tallies:
            total += tally
        return total

    def digest(self) -> str:
        return self._digest

    def label(self, target: TargetView, field: str, value: Any) -> str | None:
        """What people call a value of a field, or an element of it."""
        return self._labels.of(target.index, field, value)

    def changes(self, target: TargetView) -> Iterator[Change]:
        """The entity's changes in key order."""
        with _told(self.path):
            for record in self.records(target):
                yield _change(target.name, record)

    def drifted(self, target: TargetView) -> Iterator[Drifted]:
        """The entity's rows that are changed, or whose items are deleted, in key order."""
        with _told(self.path):
            for each in self.records(target, *DRIFT) if self.drift is not None else ():
                key, item_id = each["originId"] or "", ItemId(each["id"])
                yield Drifted(target.name, key, each["action"], item_id, each.get("message", ""))

    def causes(self, target: TargetView, keys: int) -> Iterator[Cause]:
        """What blocks rows of the entity, what blocks most of them first, with the first `keys` of its rows."""
        with _told(self.path):
            blocked = self.records(target, "blocked") if self.tallies[target.index].blocked else ()
            yield from causes_of(((each["originId"] or "", each["reason"], each["message"]) for each in blocked), keys)

    def records(self, target: TargetView, *actions: str) -> Iterator[dict[str, Any]]:
        """The lines of some actions as they are written, references revived; without any, all changes."""
        start = line_start(target).encode()
        wanted = tuple(start + f'{action}"'.encode() for action in actions or COUNTED)
        with _told(self.path), _opened(self.path) as stream:
            stream.seek(self._starts[target.index])
            for line in stream:
                if not line.startswith(start):
                    return
                if line.startswith(wanted):
                    yield json.loads(line, object_hook=revived)


class _Reader:
    """One pass over the lines behind the header: digest, checksum, counts, and where each entity's changes begin."""

    def __init__(self, path: Path, header: Mapping[str, Any], first: bytes, targets: tuple[SavedTarget, ...]) -> None:
        self._path = path
        self._targets = [line_start(target).encode() for target in targets]
        self._checksum = hashlib.sha256(first)
        self.digest = Digest(header)
        self.counts: Counter[tuple[int, str]] = Counter()
        self.starts = [len(first)] * len(targets)

    def read(self, stream: IO[bytes]) -> dict[str, Any]:
        """Gives the footer."""
        at, index = self.starts[0] if self.starts else 0, 0
        for line in stream:
            while index < len(self._targets) and not line.startswith(self._targets[index]):
                index += 1
                self.starts[index:] = [at] * (len(self._targets) - index)
            if index == len(self._targets):
                return self._last(line, stream)
            self._take(line, index)
            at += len(line)
        raise _damaged(self._path, "its end is missing")

    def _take(self, line: bytes, index: int) -> None:
        self._checksum.update(line)
        start = len(self._targets[index])
        action = line[start : line.find(b'"', start)].decode()
        self.counts[index, action] += 1
        if action in DRIFT:
            return
        if action == "blocked":
            record = json.loads(line)
            record.pop("message", None)
            line = dumps(record).encode() + b"\n"
        self.digest.add(line)

    def _last(self, line: bytes, stream: IO[bytes]) -> dict[str, Any]:
        """The footer, if the line is one and bears the checksum of all that is before."""
        told = CHECKSUM.search(line)
        if not line.startswith(FOOTER) or told is None:
            raise _damaged(self._path, "a line is neither a change nor the end")
        self._checksum.update(line[: told.start()])
        if told[1].decode() != f"sha256:{self._checksum.hexdigest()}":
            raise _damaged(self._path, "its checksum is another one")
        if stream.read(1):
            raise _damaged(self._path, "something follows its end")
        footer: dict[str, Any] = json.loads(line)
        return footer


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
        file.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=file) as stream:
                yield stream  # type: ignore[misc]  # it is read as any binary stream
        else:
            yield file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Whatever reading may raise, as an error of the file."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise SyncerError("the saved plan cannot be read", detail=error.strerror or "", where=str(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, f"it is not as a plan is written ({type(error).__name__})") from error


def _header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
        version = header["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise PlanFileError(
            "this is no saved plan", where=str(path), hint="`syncer plan -o FILE.jsonl SPEC` makes one"
        ) from error
    if version != FORMAT_VERSION:
        raise PlanFileError(
            f"the saved plan is of format {version!r}, and this version of syncer reads {FORMAT_VERSION!r}",
            where=str(path),
            hint="plan again with this version, or apply with the one that planned",
        )
    if line != dumps(header).encode() + b"\n":
        raise _damaged(path, "its header is not as it was written")
    found: dict[str, Any] = header
    return found


def _target(index: int, record: Mapping[str, Any]) -> SavedTarget:
    return SavedTarget(
        index,
        EntityName(record["spec"], record["entity"]),
        EntityTypeId(record["entityTypeId"]),
        Stamp(record["field"], record["originatorId"]),
        tuple(record["mask"]),
    )


def _tally(record: Mapping[str, Any]) -> PlanTally:
    return PlanTally(**{each.name: int(record[each.name]) for each in fields(PlanTally)})


def _change(name: EntityName, record: Mapping[str, Any]) -> Change:
    key = record["originId"] or ""
    match record["action"]:
        case "create":
            return Create(name, key, record["fields"])
        case "adopt":
            return Adopt(name, key, ItemId(record["id"]))
        case "unknown":
            return Unknown(name, key, record["fields"])
        case action:
            assert action == "blocked", action
            return Blocked(name, key, RowProblem(Reason(record["reason"]), record["message"]))


def _damaged(path: Path, why: str) -> PlanFileError:
    return PlanFileError(
        "the saved plan is damaged",
        detail=why,
        where=str(path),
        hint="get the file again, or plan again; nothing was applied",
    )
