"""Writes a plan to a file: JSON Lines, a header, a change a line, a footer with the counts and the digest.

The file has mode 0600, for it holds the values of rows, and appears whole or not at all: it is written beside its place
under another name. No secret of this process is in it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from syncer.errors import SyncerError, UsageError
from syncer.log import redact_all
from syncer.plan.plan import Plan
from syncer.plan.record import Digest, dumps, forecast_record, tally_records

ENDINGS: Final = (".jsonl", ".jsonl.gz")
COMPRESSION: Final = 6
BUFFER: Final = 1 << 20
"""Bytes that are written at once."""


def is_plan_file(path: Path) -> bool:
    """Whether a name is that of a saved plan."""
    return path.name.endswith(ENDINGS)


def check_place(path: Path) -> None:
    """Raises UsageError, before anything is planned, where no plan can be saved."""
    if not is_plan_file(path):
        raise UsageError(f"{path}: a saved plan ends in {' or '.join(ENDINGS)}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is there and is no file")


def save_plan(plan: Plan, path: Path) -> None:
    """Writes the whole plan. Raises SyncerError when the file cannot be written; what was there before stays then."""
    header = plan.header
    digest, checksum = Digest(header), hashlib.sha256()
    try:
        with _whole(path) as stream:

            def write(text: bytes) -> None:
                checksum.update(text)
                stream.write(text)

            write(f"{dumps(header)}\n".encode())
            for line, digested in plan.lines():
                written = line.encode()
                digest.add(written if line is digested else digested.encode())
                write(written)
            write(_footer(plan, str(digest)).encode())
            stream.write(f',"checksum":"sha256:{checksum.hexdigest()}"}}\n'.encode())
    except OSError as error:
        raise SyncerError(
            "the plan cannot be saved", detail=error.strerror or str(error), where=str(path), hint="nothing was applied"
        ) from error
    plan.digested(str(digest))


def _footer(plan: Plan, digest: str) -> str:
    """The last line, up to the checksum of all that is before."""
    record: dict[str, Any] = {
        "summary": asdict(plan.total),
        "entities": tally_records(plan.targets, plan.tallies),
        "forecast": forecast_record(plan.forecast),
        "drift": None if plan.drift is None else [asdict(each) for each in plan.drift],
        "labels": redact_all(plan.labels.to_json()),
        "digest": digest,
    }
    return dumps(record)[:-1]


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream into a file that takes its name only when all is written and on the disk."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb", buffering=BUFFER) as file:
            if path.name.endswith(".gz"):  # without a time, so that one plan makes one file
                with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as stream:
                    yield stream  # type: ignore[misc]  # it is written to as any binary stream
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
