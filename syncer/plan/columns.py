"""What only the sources show of a spec before a row is read: queries that they refuse, and columns that are not there.

The findings of one entity stop a command, and those of all others are told with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from syncer.errors import Finding, SourceError, Span
from syncer.mapping import template_findings
from syncer.plan.expecting import unknown_columns
from syncer.source import RowStream, Source, open_source
from syncer.spec import Code, EntitySpec, Spec, SqlSource

Entities = Iterable[tuple[Spec, EntitySpec]]


class Sources:
    """The sources of the specs, each opened once: its entities share a connection, and so a snapshot."""

    def __init__(self, leaving: ExitStack) -> None:
        self._leaving = leaving
        self._opened: dict[tuple[str, str], Source | SourceError] = {}

    def read(self, spec: Spec, entity: EntitySpec) -> RowStream:
        """The rows of the entity's query, to be closed. Raises SourceError, which `told` makes a finding of."""
        return self._source(spec, entity.source).read(entity.name, entity.query, entity.params)

    def _source(self, spec: Spec, name: str) -> Source:
        key = (spec.name, name)
        if key not in self._opened:
            source = spec.sources[name]
            try:
                place = source.url if isinstance(source, SqlSource) else source.files
                self._opened[key] = self._leaving.enter_context(open_source(name, place, root=spec.root))
            except SourceError as error:
                error.span = spec.span("sources", name, "url" if isinstance(source, SqlSource) else "files")
                self._opened[key] = error
        opened = self._opened[key]
        if isinstance(opened, SourceError):
            raise opened
        return opened


def query_span(spec: Spec, entity: EntitySpec) -> Span:
    """Where the spec has the entity's query, or names the file that has it."""
    inline = spec.document.root.get("entities", entity.name, "query") is not None
    return spec.span("entities", entity.name, "query" if inline else "query_file")


def told(error: SourceError, spec: Spec, entity: EntitySpec) -> Finding:
    """A source that cannot be opened, or that refuses the entity's query."""
    detail = "; ".join(line.strip() for line in error.detail.splitlines())
    text = f"{error.summary}: {detail}" if detail else error.summary
    span = error.span or query_span(spec, entity)
    return Finding(error.code or Code.SOURCE.value, "error", span, f"{error.where}: {text}", error.hint)


def misfits(entities: Entities, sources: Sources) -> Iterator[Finding]:
    """What is wrong with the queries and columns of the entities, each finding once. No row is read."""
    found: dict[Finding, None] = {}
    for spec, entity in entities:
        found.update(dict.fromkeys(_of_one(spec, entity, sources)))
    yield from found


def _of_one(spec: Spec, entity: EntitySpec, sources: Sources) -> Iterator[Finding]:
    try:
        with sources.read(spec, entity) as stream:
            columns = stream.columns
    except SourceError as error:
        yield told(error, spec, entity)
        return
    yield from unknown_columns(spec, entity, columns)
    yield from template_findings(
        columns=columns,
        origin_id=entity.origin_id,
        when=entity.when,
        fields=entity.fields,
        variables=spec.vars,
        where=lambda *path: spec.span("entities", entity.name, *path),
    )
