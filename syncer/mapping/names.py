"""What mapping asks of the world outside: ids for the names that people write, and the files that rows attach."""

from __future__ import annotations

from typing import Protocol

from syncer.model.attachment import Attachment
from syncer.model.identity import EntityTypeId


class NameNotFound(LookupError):
    """The portal has no such status, stage, user …; the message says what was looked for and what there is."""


class AmbiguousName(NameNotFound):
    """The portal has several things of that name; the message lists them with their ids."""


class Names(Protocol):
    """Ids by name, from directories that were read before: no method may cost a request a row.

    Every method raises `NameNotFound` when the portal has no such name, or more than one.
    """

    def status(self, entity_id: str, name: str) -> str:
        """STATUS_ID of a name in a directory (`INDUSTRY`)."""
        ...

    def stage(self, entity_type_id: EntityTypeId, name: str, category: str | int | None) -> str:
        """STATUS_ID of a stage; `category` is a name or an id, None is the default pipeline."""
        ...

    def category(self, entity_type_id: EntityTypeId, name: str) -> int:
        """Id of a pipeline."""
        ...

    def enum(self, entity_type_id: EntityTypeId, field: str, label: str) -> int:
        """Id of an option of an enumeration field."""
        ...

    def user(self, email: str) -> int:
        """Id of a user."""
        ...

    def currency(self, name: str) -> str:
        """Code of a currency, by code or full name."""
        ...


class Files(Protocol):
    """The files below the spec's `attachments`."""

    def describe(self, path: str) -> Attachment:
        """The file of that path. Raises NoAttachment."""
        ...
