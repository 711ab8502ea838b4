"""One entity's rows become changes: keys first, ledger and portal asked in bulk, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from syncer.log import logger
from syncer.mapping import Converter, RowMapping
from syncer.model import wire
from syncer.model.change import QUARANTINE, Reason, RowProblem
from syncer.model.tally import DriftTally, PlanTally
from syncer.plan.columns import query_span
from syncer.plan.drift import Drift
from syncer.plan.existing import MEND_TWINS, Existing
from syncer.plan.expecting import Expecting
from syncer.plan.family import Family
from syncer.plan.parents import Parents
from syncer.plan.plan import Target
from syncer.plan.witness import Witness
from syncer.plan.workspace import Entry, Workspace
from syncer.store import Known, Ledger, OwnerId, Status

Row = tuple[Any, ...]


class EntityPlanner:
    """Plans one target. `run` once; the changes are in the workspace then, the counts in `tally`."""

    def __init__(
        self,
        target: Target,
        *,
        workspace: Workspace,
        ledger: Ledger,
        owner: OwnerId,
        mapping: RowMapping,
        converter: Converter,
        parents: Parents,
        rivals: Sequence[Target],
        existing: Existing,
        expecting: Expecting,
        progress: Callable[[Target, int], None],
        witness: Witness | None,
        drift: Drift | None,
        columns: Sequence[str],
    ) -> None:
        self._target = target
        self._workspace = workspace
        self._ledger = ledger
        self._owner = owner
        self._mapping = mapping
        self._converter = converter
        self._parents = parents
        self._rivals = rivals
        self._existing = existing
        self._expecting = expecting
        self._progress = progress
        self._witness = witness
        self._drift = drift
        self._columns = columns
        self._rows_read = 0
        self._rendered = 0
        self._filled: set[str] = set()
        """Fields that got a value in some row."""
        self._family = Family(target, workspace, ledger)
        self.tally = PlanTally()
        self.drift = DriftTally()
        """Of the unchanged rows, where a drift was asked for."""

    def run(self, batches: Iterable[Sequence[Row]], broken: Callable[[], Iterable[list[str]]]) -> PlanTally:
        """Reads every row, then settles what needs the whole source: duplicates, the portal, parents.

        `broken` tells, once the rows were read, what of the source is none: each is a blocked row.
        """
        for rows in batches:
            self._batch(rows)
            self._rows_read += len(rows)
            self._progress(self._target, self._rows_read)
        for some in broken():
            self._workspace.add(self._target.index, [_blocked("", RowProblem(Reason.VALUE, text)) for text in some])
        self._tell_coverage()
        self._block_duplicates()
        if not self._target.entity.trust_state:
            self._existing.look(lambda: self._progress(self._target, self._rows_read))
        if self._drift is not None:
            self.drift = self._drift.settle(lambda: self._progress(self._target, self._rows_read))
        self._workspace.forget_seen()
        self._family.resolve()
        self._parents.block_orphans()
        self._family.block_descent()
        counts = self._workspace.counts(self._target.index)
        self.tally.create, self.tally.adopt = counts["create"], counts["adopt"]
        self.tally.blocked, self.tally.unknown = counts["blocked"], counts["unknown"]
        return self.tally

    # -- one batch -------------------------------------------------------------------------------------------

    def _batch(self, rows: Sequence[Row]) -> None:
        keys = self._mapping.keys(rows)
        self._expecting.see(rows, keys)
        if self._witness is not None:
            self._witness.watch(self._columns, keys, rows, self._mapping, self._converter, self._parents)
        texts = [key for key in keys if isinstance(key, str)]
        if len(texts) != len(keys):
            self._without_key(keys)
        self._workspace.see(texts)
        fresh = {known.origin_id: known for known in self._ledger.unsettled(self._owner, texts)}
        if self._drift is not None:
            there = zip(keys, rows, strict=True)
            self._drift.see([(key, row) for key, row in there if isinstance(key, str) and key not in fresh])
        if not fresh:
            self.tally.unchanged += len(texts)
            return
        candidates: list[tuple[str, Row]] = []
        entries: list[Entry] = []
        for key, row in zip(keys, rows, strict=True):
            if not isinstance(key, str):
                continue
            known = fresh.get(key)
            if known is None:
                self.tally.unchanged += 1
            elif (entry := self._settled(known)) is not None:
                entries.append(entry)
            else:
                candidates.append((key, row))
        self._workspace.add(self._target.index, entries)
        self._create(self._unclaimed(candidates), fresh)

    def _without_key(self, keys: Sequence[str | RowProblem | None]) -> None:
        """Rows that `when` filters, and rows whose key cannot be one."""
        blocked = []
        for number, key in enumerate(keys, self._rows_read + 1):
            if key is None:
                self.tally.filtered += 1
            elif isinstance(key, RowProblem):
                blocked.append(_blocked("", RowProblem(key.reason, f"row {number:,}: {key.message}")))
        self._workspace.add(self._target.index, blocked)

    def _settled(self, known: Known) -> Entry | None:
        """What the ledger alone decides about a key that is not plainly created; None: it may be created.

        One whose outcome is unknown is rendered too, so that it can be sent as soon as it is found absent. What
        failed has no item, and so no owner.
        """
        if known.owner not in (None, self._target.known_as) and known.status is not Status.FAILED:
            return _blocked(known.origin_id, _claimed(str(known.owner)))
        match known.status:
            case None | Status.FAILED | Status.INTENDED | Status.UNKNOWN:
                return None
            case Status.AMBIGUOUS:
                ids = ", ".join(map(str, (known.item_id, *known.other_ids)))
                text = f"the portal held several items of this identity: {ids}; {MEND_TWINS}"
                return _blocked(known.origin_id, RowProblem(Reason.AMBIGUOUS, text))
            case Status.CREATED:
                raise AssertionError("a created item of this owner is not unsettled")

    def _unclaimed(self, candidates: list[tuple[str, Row]]) -> list[tuple[str, Row]]:
        """Takes out rows whose identity an earlier entity of this plan renders too."""
        for rival in self._rivals:
            if not candidates:
                break
            entries = self._workspace.actions(rival.index, [key for key, _ in candidates])
            theirs = {key for key, entry in entries.items() if entry.reason is not Reason.CLAIMED}
            claims = [_blocked(key, _claimed(str(rival.name))) for key, _ in candidates if key in theirs]
            self._workspace.add(self._target.index, claims)
            candidates = [(key, row) for key, row in candidates if key not in theirs]
        return candidates

    def _create(self, candidates: list[tuple[str, Row]], known: Mapping[str, Known]) -> None:
        """Renders, converts and refers; what comes through is a create, or waits for an earlier outcome."""
        if not candidates:
            return
        rendered = self._mapping.fields([row for _, row in candidates])
        converted: list[tuple[str, dict[str, Any] | RowProblem]] = [
            (key, fields if isinstance(fields, RowProblem) else self._converter.convert(fields))
            for (key, _), fields in zip(candidates, rendered, strict=True)
        ]
        self._rendered += sum(1 for _, fields in converted if isinstance(fields, dict))
        self._filled.update(name for _, fields in converted if isinstance(fields, dict) for name in fields)
        refer = (fields for _, fields in converted if isinstance(fields, dict)) if self._target.parents else ()
        resolved = self._parents.resolve({ref for fields in refer for ref in wire.references(fields)})
        entries, links = [], []
        for key, fields in converted:
            problem = fields if isinstance(fields, RowProblem) else resolved.problem(fields)
            if problem is not None or isinstance(fields, RowProblem):
                assert problem is not None
                entries.append(_blocked(key, problem))
                links.append(frozenset[tuple[int, str, int]]())
            else:
                entries.append(self._entry(known[key], wire.resolve(fields, resolved.ids)))
                links.append(resolved.links(fields))
        numbers = self._workspace.add(self._target.index, entries)
        self._family.note(numbers, (fields if isinstance(fields, dict) else None for _, fields in converted))
        self._workspace.note_parents(
            (number, *link) for number, its in zip(numbers, links, strict=True) for link in its
        )

    def _entry(self, known: Known, fields: dict[str, Any]) -> Entry:
        """A create; a row whose outcome must be learned first; or one that failed too often to be tried again."""
        if known.status in (Status.INTENDED, Status.UNKNOWN):
            return Entry(known.origin_id, "unknown", fields=wire.dumps(fields))
        if known.status is Status.FAILED and known.attempts >= QUARANTINE:
            payload = wire.payload_hash(fields | self._target.stamp.fields(known.origin_id))
            if payload == known.payload_hash:
                text = (
                    f"the portal refused these very values {known.attempts} times: {known.code}: {known.message}; "
                    "mend the row, or `syncer state release` it"
                )
                return _blocked(known.origin_id, RowProblem(Reason.QUARANTINED, text))
        return Entry(known.origin_id, "create", fields=wire.dumps(fields))

    # -- after the last row ----------------------------------------------------------------------------------

    def _tell_coverage(self) -> None:
        """Notes for `-v`: what the source has and nobody uses, and what the spec has and no row fills."""
        target, unused = self._target, self._mapping.unused
        entity = str(target.name)
        if unused and self._rows_read:
            text = (
                f"{query_span(target.spec, target.entity)}: note: {entity}: no template uses {_list('column', unused)}"
            )
            logger().note(text, "coverage.unused_columns", entity=entity, columns=list(unused))
        empty = [name for name in self._mapping.names if name not in self._filled]
        if empty and self._rendered:
            place = target.spec.span("entities", target.entity.name, "fields", empty[0])
            rows = "its one row does not fill" if self._rendered == 1 else f"none of {self._rendered:,} rows fills"
            text = f"{place}: note: {entity}: {rows} {_list('field', empty)}"
            logger().note(text, "coverage.never_filled", entity=entity, fields=empty, rows=self._rendered)

    def _block_duplicates(self) -> None:
        """Every row of a key that the source has twice is blocked, the ones already created too."""
        index = self._target.index
        for key, rows in self._workspace.duplicates():
            text = f"{rows:,} rows of the source have this originId; query or template must tell them apart"
            gone = self._workspace.replace_with_blocked(index, key, Reason.DUPLICATE_KEY, [text] * rows)
            self.tally.unchanged -= rows - gone.total()


def _list(noun: str, names: Sequence[str]) -> str:
    return f"the {noun if len(names) == 1 else noun + 's'} {', '.join(names)}"


def _blocked(key: str, problem: RowProblem) -> Entry:
    return Entry(key, "blocked", reason=problem.reason, message=problem.message)


def _claimed(owner: str) -> RowProblem:
    return RowProblem(
        Reason.CLAIMED,
        f"this identity belongs to {owner}: prefix originId here, set an originatorId of its own, or say `moved_from` "
        "if that is the former name of this entity",
    )
