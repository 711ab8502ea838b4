"""A written spec without findings → the resolved `Spec`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from syncer.log import Secret
from syncer.spec.addresses import DatabaseUrl, WebhookUrl, from_root
from syncer.spec.document import Document
from syncer.spec.entity_type import entity_type_id
from syncer.spec.model import EntitySpec, FileSource, Oauth, PortalSpec, Source, Spec, SqlSource
from syncer.spec.order import in_reference_order
from syncer.spec.placeholders import unresolved
from syncer.spec.written import EntityWritten, PortalWritten, SourceWritten, SpecWritten

DEFAULT_STATE = "sqlite:///state/syncer.db"


def project_root(file: Path) -> Path:
    """The folder above the nearest `specs/` on the file's path, else the file's own folder; absolute."""
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 -- symbolic links are kept as the user sees them
    for above in (folder, *folder.parents):
        if above.name == "specs":
            return above.parent
    return folder


def relative(path: Path, root: Path) -> str:
    """A path as it is named in plans and the state: from the project's root, with `/`."""
    return Path(os.path.relpath(path, root)).as_posix()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def build(
    written: SpecWritten,
    document: Document,
    file: Path,
    files: Mapping[str, str],
    queries: Mapping[str, str],
    refs: Mapping[str, frozenset[str]],
) -> Spec:
    """`queries` holds the text of each query_file by entity, `refs` the references between entities."""
    root = project_root(file)
    return Spec(
        name=written.name,
        moved_from=written.moved_from,
        portal=_portal(written.portal, root),
        state=_database(written.state or DEFAULT_STATE, document, root, "state"),
        originator_id=written.originator_id,
        vars=written.vars,
        sources={name: _source(name, source, document, root) for name, source in written.sources.items()},
        attachments=None if written.attachments is None else root / written.attachments,
        verify=written.verify,
        mask=written.mask,
        entities={
            name: _entity(name, entity, written, entity.query or queries.get(name, ""), refs[name])
            for name, entity in written.entities.items()
        },
        guards=written.guards,
        root=root,
        file=file,
        files=files,
        order=in_reference_order(refs),
        document=document,
    )


def _portal(portal: PortalWritten, root: Path) -> PortalSpec:
    lock = None if portal.lock is None else root / portal.lock
    if portal.oauth is not None:
        values = portal.oauth
        host = None if unresolved(values.domain) else values.domain.lower().removesuffix(":443")
        oauth = Oauth(
            host or values.domain,
            Secret(values.client_id),
            Secret(values.client_secret),
            Secret(values.refresh_token),
            values.server.rstrip("/"),
        )
        return PortalSpec("oauth", oauth=oauth, name=portal.name or host, lock=lock, limits=portal.limits)
    if portal.webhook is not None:
        webhook = None if unresolved(portal.webhook) else WebhookUrl(portal.webhook)
        host = None if webhook is None else webhook.host
        return PortalSpec("webhook", webhook=webhook, name=portal.name or host, lock=lock, limits=portal.limits)
    sandbox = root / (portal.sandbox or "")
    return PortalSpec("sandbox", sandbox=sandbox, name=portal.name, lock=lock, limits=portal.limits)


def _source(name: str, source: SourceWritten, document: Document, root: Path) -> Source:
    if source.files is not None:
        return FileSource(source.files)
    return SqlSource(_database(source.url or "", document, root, "sources", name, "url"))


def _database(text: str, document: Document, root: Path, *path: str) -> DatabaseUrl:
    node = document.root.get(*path)
    if node is None:
        return DatabaseUrl(from_root(text, root))
    return DatabaseUrl(from_root(text, root), written=node.written or text, private=node.from_environment)


def _entity(name: str, entity: EntityWritten, spec: SpecWritten, query: str, refs: frozenset[str]) -> EntitySpec:
    return EntitySpec(
        name=name,
        type=entity.type,
        entity_type_id=entity_type_id(entity.type),
        source=entity.source,
        query=query,
        params=entity.params,
        origin_id=entity.origin_id,
        when=entity.when,
        fields=entity.fields,
        write=entity.write,
        trust_state=entity.trust_state,
        originator_id=entity.originator_id or spec.originator_id,
        origin_field=entity.origin_field,
        moved_from=entity.moved_from,
        verify=entity.verify or spec.verify,
        expect=entity.expect,
        guards=entity.guards,
        refs=refs,
    )
