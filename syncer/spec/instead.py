"""State and portal as the command line asks for them, in place of the spec's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from syncer.errors import UsageError
from syncer.spec.addresses import STATES, from_root, scheme
from syncer.spec.document import Document, Node


@dataclass(frozen=True, slots=True)
class Instead:
    """What takes the place of `state` and `portal`; None leaves the spec's own."""

    state: str | None
    sandbox: str | None

    @classmethod
    def of(cls, state: str | None, sandbox: Path | None) -> Instead:
        """Raises `UsageError` for a state that is no URL of a database it can be kept in."""
        if state is not None:
            if scheme(state) not in STATES:
                raise UsageError(
                    "the state is kept in SQLite or PostgreSQL, by SQLAlchemy URL",
                    hint="such as sqlite:///state/syncer.db or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
                )
            state = from_root(state, Path.cwd())
        return cls(state, None if sandbox is None else str(sandbox.absolute()))

    def within(self, document: Document) -> Document:
        """The document as if it said so itself. A rehearsal keeps the limits of the portal it stands for."""
        entries = dict(document.root.mapping)
        if self.state is not None:
            entries["state"] = _text(self.state, entries.get("state", document.root))
        portal = entries.get("portal")
        if self.sandbox is not None and portal is not None and isinstance(portal.value, dict):
            kept = {key: portal.value[key] for key in ("limits",) if key in portal.value}
            entries["portal"] = replace(portal, value={**kept, "sandbox": _text(self.sandbox, portal)})
        return document.with_root(replace(document.root, value=entries))


def _text(text: str, place: Node) -> Node:
    return Node(text, place.line, place.column, place.line)
