"""A checked spec as the engine sees it: paths, defaults and secrets are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from syncer.errors import Span
from syncer.log import Secret
from syncer.model.identity import EntityTypeId
from syncer.spec.addresses import DatabaseUrl, WebhookUrl
from syncer.spec.document import Document
from syncer.spec.written import EntityGuards, Expect, FileTable, Guards, Limits, SpaTitle, Verify, Write


@dataclass(frozen=True, slots=True)
class Oauth:
    """An application's access to a portal."""

    domain: str
    client_id: Secret
    client_secret: Secret
    refresh_token: Secret
    server: str


@dataclass(frozen=True, slots=True)
class PortalSpec:
    """The portal to write to.

    One of `webhook`, `oauth` and `sandbox` (an absolute path) is set, as `kind` says; a webhook that is
    unresolved is None. `name` is the portal's name in the state; None for an unresolved webhook, and for a
    sandbox that is not named (its file holds a UUID).
    """

    kind: Literal["webhook", "oauth", "sandbox"]
    webhook: WebhookUrl | None = None  # None while it is unresolved
    oauth: Oauth | None = None
    sandbox: Path | None = None
    name: str | None = None
    lock: Path | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A database. Its relative SQLite path has been resolved."""

    url: DatabaseUrl


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files as tables, by the table's name. Their paths are as written, relative to the project's root."""

    files: Mapping[str, FileTable]


Source = SqlSource | FileSource


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """What is created from the rows of one query.

    `type` is as written: a name, a number or `SpaTitle`; `entity_type_id` is None for a title, which only the
    portal can resolve. `query` is the text, wherever it came from. `origin_id`, `when` and the texts within
    `fields` are templates. `refs` are the entities that its templates refer to.
    """

    name: str
    type: str | int | SpaTitle
    entity_type_id: EntityTypeId | None
    source: str
    query: str
    params: Mapping[str, Any]
    origin_id: str
    when: str | None
    fields: Mapping[str, Any]
    write: Write
    trust_state: bool
    originator_id: str
    origin_field: str | None
    moved_from: str | None
    verify: Verify
    expect: Expect
    guards: EntityGuards
    refs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Spec:
    """One spec file.

    `file` is its path as the user gave it, `root` the project's root (absolute). `files` maps paths relative
    to the root to `sha256:…`, for the spec and its query files. `order` names the entities, parents first.
    """

    name: str
    moved_from: str | None
    portal: PortalSpec
    state: DatabaseUrl
    originator_id: str
    vars: Mapping[str, Any]
    sources: Mapping[str, Source]
    attachments: Path | None
    verify: Verify
    mask: tuple[str, ...]
    entities: Mapping[str, EntitySpec]
    guards: Guards
    root: Path
    file: Path
    files: Mapping[str, str]
    order: tuple[str, ...]
    document: Document = field(repr=False, compare=False)

    def span(self, *path: str | int) -> Span:
        """The place of a value, such as `span("entities", "deals", "query")`; else of what is above it."""
        return self.document.span(*path)
