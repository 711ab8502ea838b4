"""Specs, a state and a portal become a plan: fields are checked, then each entity is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from syncer.bitrix24.lookup import Lookup
from syncer.bitrix24.portal import Portal
from syncer.errors import ExpectationError, Finding, SourceError, Span, SpecError
from syncer.mapping import Converter, Names, RowMapping, compile_entity
from syncer.mapping.directories import Directories
from syncer.model.change import EntityName
from syncer.model.identity import EntityTypeId, PortalName
from syncer.model.tally import DriftTally, PlanTally
from syncer.plan.columns import Sources, misfits, query_span, told
from syncer.plan.drift import Drift
from syncer.plan.entity import EntityPlanner
from syncer.plan.existing import Existing
from syncer.plan.expecting import Expecting, unknown_columns
from syncer.plan.forecasting import forecast
from syncer.plan.labelling import labels
from syncer.plan.parents import Parents
from syncer.plan.plan import Plan, Target
from syncer.plan.probes import Probes
from syncer.plan.targets import Targets
from syncer.plan.witness import Witness
from syncer.plan.workspace import Workspace
from syncer.source import Attachments, RowStream
from syncer.spec import Spec


def make_plan(
    specs: Sequence[Spec],
    targets: Targets,
    *,
    portal: Portal,
    portal_name: PortalName,
    names: Directories,
    learned: Mapping[tuple[EntityTypeId, str], float],
    probes: Probes,
    workspace: Workspace,
    progress: Callable[[Target, int], None],
    witness: Witness | None = None,
    drift: bool = False,
) -> Plan:
    """Reads every source once and gives every row a change. Writes to the workspace alone.

    A `witness` sees the rows of its key. `drift`: rows that have an item are looked at too.

    Raises ExpectationError when rows are not as the specs expect them, after all were read.
    """
    lookup = Lookup(portal)
    by_index = {each.index: each for each in targets.all}
    types = {each.name: each.entity_type_id for each in targets.all}
    tallies: list[PlanTally] = []
    drifts: list[DriftTally] = []
    unmet: list[Finding] = []
    with ExitStack() as leaving:
        sources = Sources(leaving)
        folders: dict[Path, Attachments] = {}
        for target in targets.all:
            try:
                stream, mapping = _opened(target, sources, types, names, folders)
            except SpecError as error:
                rest = ((each.spec, each.spec.entities[each.entity.name]) for each in targets.all[target.index + 1 :])
                raise SpecError(list(dict.fromkeys([*unmet, *error.findings, *misfits(rest, sources)]))) from error
            mine = witness if witness is not None and witness.index == target.index else None
            if mine is not None and target.entity.when is not None:
                whole = replace(target, entity=replace(target.entity, when=None))
                mine.unfiltered = _compiled(whole, stream.columns, types, names, folders)
            parents = Parents(target, by_index, workspace=workspace, ledgers=targets.ledgers, lookup=lookup)
            with _placed(target), stream:
                expecting = Expecting(target, stream.columns, workspace)
                rivals = [each for each in targets.all[: target.index] if each.scope == target.scope]
                ledger = targets.ledgers[target.index]
                converter = Converter(target.catalog, names=target.entity.fields, mask=target.spec.mask)
                planner = EntityPlanner(
                    target,
                    workspace=workspace,
                    ledger=ledger,
                    owner=targets.owners[target.index],
                    mapping=mapping,
                    converter=converter,
                    parents=parents,
                    rivals=rivals,
                    existing=Existing(
                        target,
                        workspace=workspace,
                        ledger=ledger,
                        earlier=targets.all[: target.index],
                        lookup=lookup,
                        probes=probes,
                    ),
                    expecting=expecting,
                    progress=progress,
                    witness=mine,
                    drift=Drift(
                        target,
                        workspace=workspace,
                        ledger=ledger,
                        mapping=mapping,
                        converter=converter,
                        parents=parents,
                        lookup=lookup,
                    )
                    if drift
                    else None,
                    columns=stream.columns,
                )
                tallies.append(planner.run(stream, stream.broken))
                drifts.append(planner.drift)
                unmet += expecting.findings()
    if unmet:
        raise ExpectationError(unmet)
    return Plan(
        portal=portal_name,
        specs=tuple(specs),
        targets=targets.all,
        tallies=tuple(tallies),
        forecast=forecast(targets.all, tallies, learned, workspace, portal.pace.held),
        workspace=workspace,
        probes=probes,
        changed=targets.changed,
        known=targets.known,
        other_portals=targets.other_portals,
        drift=tuple(drifts) if drift else None,
        labels=labels(targets.all, names.found),
    )


def _opened(
    target: Target,
    sources: Sources,
    types: Mapping[EntityName, EntityTypeId],
    names: Names,
    folders: dict[Path, Attachments],
) -> tuple[RowStream, RowMapping]:
    """The rows of the entity's query, and what makes items of them. Raises SpecError, with all that does not fit."""
    try:
        stream = sources.read(target.spec, target.entity)
    except SourceError as error:
        raise SpecError([told(error, target.spec, target.entity)]) from error
    unknown = unknown_columns(target.spec, target.entity, stream.columns)
    try:
        mapping = _compiled(target, stream.columns, types, names, folders)
    except SpecError as error:
        stream.close()
        raise SpecError([*unknown, *error.findings]) from error
    if unknown:
        stream.close()
        raise SpecError(unknown)
    return stream, mapping


def _compiled(
    target: Target,
    columns: Sequence[str],
    types: Mapping[EntityName, EntityTypeId],
    names: Names,
    folders: dict[Path, Attachments],
) -> RowMapping:
    spec, entity = target.spec, target.entity
    folder = spec.attachments
    written = dict(zip(entity.fields, spec.entities[entity.name].fields, strict=True))

    def where(*path: str | int) -> Span:
        if len(path) > 1 and path[0] == "fields":
            path = ("fields", written[str(path[1])], *path[2:])
        return spec.span("entities", entity.name, *path)

    return compile_entity(
        columns=columns,
        origin_id=entity.origin_id,
        when=entity.when,
        fields=entity.fields,
        variables=spec.vars,
        stamp=target.stamp,
        entity_type_id=target.entity_type_id,
        entity_types={each.entity: kind for each, kind in types.items() if each.spec == spec.name},
        names=names,
        files=None if folder is None else folders.setdefault(folder, Attachments(folder)),
        where=where,
        mask=spec.mask,
    )


@contextmanager
def _placed(target: Target) -> Iterator[None]:
    """A source that fails amid its rows says where in the spec its query is."""
    try:
        yield
    except SourceError as error:
        error.where = f"{query_span(target.spec, target.entity)}: {error.where}"
        raise
