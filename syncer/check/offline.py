"""Specs without a network: against the lock file that they name, else against what the documentation tells."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from syncer.check.facts import Facts, documented
from syncer.check.lock import Lock, LockedDirectories, read_lock
from syncer.check.spec import check, written_types
from syncer.errors import Finding
from syncer.spec import Code, SpaTitle, Spec
from syncer.spec.placeholders import unresolved


def check_offline(specs: Sequence[Spec]) -> list[Finding]:
    """The findings of specs, those of one lock file together. Without one, what is not sure is a warning."""
    by_lock: dict[Path | None, list[Spec]] = {}
    for spec in specs:
        by_lock.setdefault(_file(spec), []).append(spec)
    findings: list[Finding] = []
    for file, group in by_lock.items():
        lock = None if file is None else locked(group)
        if isinstance(lock, Lock):
            findings += _against(lock, group)
        else:
            findings += [lock] if lock is not None else []
            findings += check(group, written_types(group), Facts(documented(), sure=False))
    return findings


def _file(spec: Spec) -> Path | None:
    """The lock file; None also where its path waits for the environment."""
    written = spec.document.root.get("portal", "lock")
    return None if written is None or unresolved(written.text or "") else spec.portal.lock


def locked(specs: Sequence[Spec]) -> Lock | Finding:
    """The lock file that specs name, or what is wrong with it."""
    spec = specs[0]
    assert spec.portal.lock is not None
    written = spec.document.root.get("portal", "lock")
    name = written.text if written is not None and written.text else str(spec.portal.lock)
    return read_lock(spec.portal.lock, name, spec.span("portal", "lock"), lock_command(specs))


def lock_command(specs: Sequence[Spec]) -> str:
    """What writes the lock file of specs: all of them together, for it has no more than what these use."""
    return shlex.join(["syncer", "portal", "lock", *(spec.span().file for spec in specs)])


def _against(lock: Lock, specs: Sequence[Spec]) -> Iterator[Finding]:
    types = written_types(specs, lock.titles)
    again = f"bring it up to date: {lock_command(specs)}"
    for spec in specs:
        for entity in spec.entities.values():
            span = spec.span("entities", entity.name, "type")
            kind = lock.titles.get(entity.type.spa) if isinstance(entity.type, SpaTitle) else entity.entity_type_id
            if kind is None or kind not in lock.types:
                what = f"the smart process {entity.type.spa!r}" if isinstance(entity.type, SpaTitle) else "this type"
                yield Finding(Code.LOCK_INCOMPLETE, "error", span, f"the portal lock file does not have {what}", again)
    yield from check(specs, types, Facts(lock.types, LockedDirectories(lock), types=lock.titles, lock_again=again))
