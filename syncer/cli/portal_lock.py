"""`syncer portal lock`: what the portal has of all that specs use, into a file that is committed with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from syncer.check.changes import Difference, differences
from syncer.check.lock import Lock, text_of
from syncer.check.offline import locked
from syncer.cli import options
from syncer.cli.output import write_lines
from syncer.cli.session import open_session
from syncer.errors import Finding, SpecError, SyncerError, UsageError
from syncer.report.text import counted, visible
from syncer.spec import Code, Spec, load_specs

SHOWN = 50


@click.command("lock")
@options.specs
@options.state
@options.common
def lock(specs: tuple[Path, ...], state_url: str | None) -> int:
    """Write the portal lock file that the specs name as `portal.lock`."""
    loaded = load_specs(specs, os.environ, state=state_url)
    file = loaded[0].portal.lock
    if file is None:
        raise UsageError("the spec names no lock file", hint="add `lock: state/NAME.lock.yaml` to `portal`")
    with open_session(loaded, mode="read") as session:
        portrait = session.portrait(locks=False)
        missing = [each for each in portrait.findings if each.code in (Code.RIGHTS, Code.UNKNOWN_TYPE)]
        if missing:
            raise SpecError(missing)
        now = portrait.lock(session.portal_name, loaded)
    before = locked(loaded)
    text = text_of(now)
    if _kept(file) == text:
        write_lines([f"{_name(loaded[0])} is up to date."])
        return 0
    write_whole(file, text)
    write_lines(_changes(loaded[0], before, now))
    return 0


def _changes(spec: Spec, before: Lock | Finding, now: Lock) -> Iterator[str]:
    if isinstance(before, Lock) and before.portal == now.portal:
        found: list[Difference] = differences(before, now, ())
        yield from (visible(each.text) for each in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"… and {counted(len(found) - SHOWN, 'more change')}"
    yield f"{_name(spec)} is written: {counted(len(now.types), 'type')} of the portal {now.portal}. Commit it."


def _name(spec: Spec) -> str:
    written = spec.document.root.get("portal", "lock")
    return written.text if written is not None and written.text else str(spec.portal.lock)


def _kept(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError):
        return None


def write_whole(file: Path, text: str) -> None:
    """Writes a file in one step: a reader, or a power failure, finds the old one or the new one."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise SyncerError(f"{file} cannot be written", detail=error.strerror or str(error)) from error
