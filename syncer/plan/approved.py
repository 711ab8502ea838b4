"""A fresh plan is held to a saved one: each row exactly as it was approved, or not at all.

Before a saved plan is applied its specs are planned again, from the sources, the state and the portal as they are by
then, as any `apply` does; only what both plans say goes on to be executed. So what exists by now is left alone, and it
does not matter which state database the saved plan was made with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from syncer.bitrix24.lookup import KEYS_A_REQUEST, Lookup
from syncer.log import redact_json
from syncer.model import wire
from syncer.model.change import Reason
from syncer.model.tally import PlanTally
from syncer.plan.hits import look_up
from syncer.plan.plan import Plan, Target
from syncer.plan.saved import SavedPlan
from syncer.plan.workspace import Workspace
from syncer.store import Ledger, Status

CHUNK: Final = 2000
GONE: Final = "the source has no such row any more, or `when` leaves it out"
OTHERWISE: Final = "it renders otherwise by now"

_DIFFERENT: Final = (
    "SELECT a.origin_id, a.action, a.fields, a.item_id, "
    "c.change_id, c.action, c.fields, c.item_id, c.reason, c.message "
    "FROM approved a LEFT JOIN change c ON c.entity = a.entity AND c.origin_id = a.origin_id "
    "WHERE a.entity = ? AND a.origin_id > ? AND a.action <> 'blocked' AND (c.change_id IS NULL OR NOT ("
    "(a.action IN ('create', 'unknown') AND c.action IN ('create', 'unknown') AND a.fields IS c.fields) OR "
    "(a.action = 'adopt' AND c.action = 'adopt' AND a.item_id IS c.item_id))) ORDER BY a.origin_id LIMIT ?"
)
_APPROVED_PENDING: Final = (
    "SELECT 1 FROM approved a WHERE a.entity = change.entity AND a.origin_id = change.origin_id "
    "AND (a.action <> 'blocked' OR change.action = 'blocked')"
)
SENT: Final = ("create", "unknown")


class _Pair(NamedTuple):
    """An approved change, and what the fresh plan has of its key; None: nothing."""

    key: str
    action: str
    fields: str | None
    item_id: int | None
    number: int | None
    now: str | None
    now_fields: str | None
    now_item_id: int | None
    reason: str | None
    message: str | None


def hold_to(plan: Plan, saved: SavedPlan, ledgers: Mapping[int, Ledger], lookup: Lookup) -> Plan:
    """The plan without whatever the saved one has not, or has otherwise. Both must be of the same entities.

    The counts are those of the saved plan's rows: one that exists by now is unchanged, and one that is not as it was
    approved is in `stale` alone.
    """
    tallies: list[PlanTally] = []
    stale: dict[int, int] = {}
    beyond: Counter[str] = Counter()
    for target, theirs, before in zip(plan.targets, saved.targets, saved.tallies, strict=True):
        _load(plan.workspace, target.index, saved.records(theirs))
        agreement = _Agreement(plan, target, ledgers[target.index], lookup)
        agreement.reach()
        stale[target.index] = agreement.stale
        beyond.update(agreement.beyond)
        tallies.append(agreement.tally(before))
    return replace(plan, tallies=tuple(tallies), stale=stale, beyond=beyond.total())


def _load(workspace: Workspace, index: int, records: Iterator[dict[str, Any]]) -> None:
    rows = ((index, each["originId"] or "", each["action"], _text(each), each.get("id")) for each in records)
    workspace.run_many("INSERT OR IGNORE INTO approved VALUES (?, ?, ?, ?, ?)", rows)


def _text(record: Mapping[str, Any]) -> str | None:
    return wire.dumps(record["fields"]) if record["action"] in SENT else None


class _Agreement:
    """One entity of both plans."""

    def __init__(self, plan: Plan, target: Target, ledger: Ledger, lookup: Lookup) -> None:
        self._plan = plan
        self._workspace = plan.workspace
        self._target = target
        self._ledger = ledger
        self._lookup = lookup
        self._entities = {index: name for name, index in target.parents.items()}
        self._there = 0
        self.stale = 0
        self.beyond: Counter[str] = Counter()

    def reach(self) -> None:
        """Takes out of the fresh plan what is not as approved, and then what was not approved at all."""
        after = ""
        while True:
            rows = self._workspace.run(_DIFFERENT, (self._target.index, after, CHUNK)).fetchall()
            if not rows:
                break
            after = rows[-1][0]
            self._judge({row[0]: _Pair(*row) for row in rows}.values())
        self._drop_the_rest()

    def tally(self, before: PlanTally) -> PlanTally:
        """The counts of the saved plan's rows as they are now, without the stale ones."""
        counts = self._workspace.counts(self._target.index)
        there: int = self._workspace.run(
            "SELECT count(*) FROM change c JOIN approved a USING (entity, origin_id) "
            "WHERE c.entity = ? AND c.action = 'adopt' AND a.action <> 'adopt'",
            (self._target.index,),
        ).fetchone()[0]
        return PlanTally(
            create=counts["create"],
            adopt=counts["adopt"] - there,
            unchanged=before.unchanged + self._there + there,
            blocked=counts["blocked"],
            unknown=counts["unknown"],
            filtered=before.filtered,
        )

    def _judge(self, pairs: Iterator[_Pair] | Any) -> None:
        stale: dict[str, str] = {}
        absent: list[str] = []
        for pair in pairs:
            if pair.number is None:
                absent.append(pair.key)
            elif (why := self._why_stale(pair)) is not None:
                stale[pair.key] = why
        stale |= dict.fromkeys(self._not_there(absent), GONE)
        index = self._target.index
        self._workspace.run_many("INSERT INTO stale VALUES (?, ?, ?)", ((index, *each) for each in stale.items()))
        self._workspace.run_many(
            "DELETE FROM change WHERE entity = ? AND origin_id = ?", ((index, key) for key in stale)
        )
        self.stale += len(stale)

    def _why_stale(self, pair: _Pair) -> str | None:
        """Why a row is not as approved; None: it is, or it exists by now, or somebody has to look at its twins."""
        match pair.now:
            case "blocked":
                return None if pair.reason == Reason.AMBIGUOUS else f"blocked ({pair.reason}): {pair.message}"
            case "adopt":
                if pair.action == "adopt":
                    return f"it is item {pair.now_item_id} by now, and no more item {pair.item_id}"
                return None
        if pair.action == "adopt":
            return f"item {pair.item_id} is no longer in the portal"
        return None if self._same(pair) else OTHERWISE

    def _same(self, pair: _Pair) -> bool:
        """Whether the fields differ only in that items which were to be created first are there by now.

        Secrets of this process are `***` in a saved plan.
        """
        links = self._workspace.run(
            "SELECT entity, origin_id, item_id FROM parent WHERE change_id = ?", (pair.number,)
        ).fetchall()
        ids = {(self._entities[entity], key): item_id for entity, key, item_id in links}
        approved = wire.resolve(wire.loads(pair.fields or "{}"), ids)
        return wire.dumps(approved) == redact_json(pair.now_fields or "{}")

    def _not_there(self, keys: Sequence[str]) -> Iterator[str]:
        """Keys without a row to be created, of which neither the state nor the portal has an item."""
        known = self._ledger.ids(keys) if keys else {}
        owner = self._target.known_as
        gone = [
            key
            for key in keys
            if (each := known.get(key)) is None or each.status is not Status.CREATED or each.owner != owner
        ]
        found: set[str] = set()
        if not self._target.entity.trust_state:
            for start in range(0, len(gone), KEYS_A_REQUEST):
                chunk = gone[start : start + KEYS_A_REQUEST]
                rules = self._plan.probes.rules(self._target)
                found |= look_up(self._lookup, self._target, self._ledger, chunk, rules).exact.keys()
        self._there += len(keys) - len(gone) + len(found)
        return (key for key in gone if key not in found)

    def _drop_the_rest(self) -> None:
        index = self._target.index
        self._workspace.run(
            "INSERT OR IGNORE INTO beyond SELECT entity, origin_id, action FROM change "  # noqa: S608
            f"WHERE entity = ? AND action <> 'blocked' AND NOT EXISTS ({_APPROVED_PENDING})",
            (index,),
        )
        self._workspace.run(f"DELETE FROM change WHERE entity = ? AND NOT EXISTS ({_APPROVED_PENDING})", (index,))  # noqa: S608
        rows = self._workspace.run("SELECT action, count(*) FROM beyond WHERE entity = ? GROUP BY 1", (index,))
        self.beyond.update(dict(rows.fetchall()))


class Present(NamedTuple):
    """Approved rows that a run recorded because their items exist by now: what the plan had counted as unchanged, and
    what was seen only later.
    """

    counted: int
    later: int


def present(workspace: Workspace, index: int) -> Present:
    """What of an entity's adoptions was no approved one."""
    rows = workspace.run(
        "SELECT c.action = 'adopt', count(*) FROM outcome o JOIN change c USING (entity, origin_id) "
        "JOIN approved a USING (entity, origin_id) WHERE o.entity = ? AND o.kind = 'adopted' AND c.action <> 'blocked' "
        "AND a.action <> 'adopt' GROUP BY 1",
        (index,),
    )
    found = dict(rows.fetchall())
    return Present(found.get(1, 0), found.get(0, 0))


def stale_rows(workspace: Workspace, index: int) -> Iterator[list[tuple[str, str]]]:
    """Rows that are not as approved, by key, with why, in chunks."""
    after = ""
    while True:
        rows = workspace.run(
            "SELECT origin_id, message FROM stale WHERE entity = ? AND origin_id > ? ORDER BY origin_id LIMIT ?",
            (index, after, CHUNK),
        ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield rows


def unapproved_adoptions(workspace: Workspace, index: int) -> Iterator[list[str]]:
    """Keys that the portal has, the state does not know and the saved plan does not have, in chunks."""
    after = ""
    while True:
        rows = workspace.run(
            "SELECT origin_id FROM beyond WHERE entity = ? AND action = 'adopt' AND origin_id > ? "
            "ORDER BY origin_id LIMIT ?",
            (index, after, CHUNK),
        ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield [row[0] for row in rows]
