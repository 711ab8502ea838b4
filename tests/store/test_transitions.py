"""Any sequence of steps, against a dictionary that does the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.errors import StateError
from syncer.model.identity import COMPANY, ItemId, Scope
from syncer.store import Found, Hold, Intent, Ledger, OwnerId, State, Status, Trouble, Twins
from tests.store.conftest import Opened, begin

OPEN = {Status.INTENDED, Status.UNKNOWN}
numbers = itertools.count(1)


@dataclass(frozen=True)
class Row:
    status: Status
    payload: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Step:
    name: str
    keys: tuple[str, ...]
    payload: str


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(
            [
                "intend",
                "created",
                "adopted",
                "failed",
                "lost",
                "absent",
                "refused",
                "ambiguous",
                "forget",
                "release",
            ]
        ),
        st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).map(tuple),
        st.sampled_from(["one", "two"]),
    ),
    max_size=25,
)


def expected(row: Row | None, step: Step) -> Row | None:
    """What becomes of a row; raises KeyError where the step may not start."""
    status = row.status if row else None
    attempts = row.attempts if row else 0
    match step.name:
        case "intend" if row is None or status is Status.FAILED:
            again = row is not None and row.payload == step.payload
            return Row(Status.INTENDED, step.payload, attempts if again else 0)
        case "intend":
            return row
        case "created" if row and status in OPEN | {Status.AMBIGUOUS}:
            return Row(Status.CREATED, row.payload)
        case "adopted" if status is not Status.CREATED:
            return Row(Status.CREATED, step.payload)
        case "failed" if row and status in OPEN:
            return replace(row, status=Status.FAILED, attempts=attempts + 1)
        case "lost" if row and status in OPEN:
            return replace(row, status=Status.UNKNOWN)
        case "absent" | "refused" if row and status in OPEN:
            return replace(row, status=Status.FAILED) if attempts else None
        case "ambiguous":
            return replace(row, status=Status.AMBIGUOUS) if row else Row(Status.AMBIGUOUS)
        case "forget" if row:
            return None
        case "release" if row and status is Status.FAILED:
            return replace(row, attempts=0)
    raise KeyError(step)


def take(ledger: Ledger, hold: Hold, owner: OwnerId, step: Step) -> None:
    match step.name:
        case "intend":
            ledger.intend(hold, owner, [Intent(key, step.payload) for key in step.keys])
        case "created":
            ledger.created(hold, [Found(key, ItemId(1)) for key in step.keys])
        case "adopted":
            ledger.adopted(hold, owner, [Found(key, ItemId(1), payload_hash=step.payload) for key in step.keys])
        case "failed" | "lost":
            getattr(ledger, step.name)(hold, [Trouble(key, "E", "why") for key in step.keys])
        case "ambiguous":
            ledger.ambiguous(hold, owner, [Twins(key, (ItemId(1), ItemId(2))) for key in step.keys])
        case _:
            getattr(ledger, step.name)(hold, step.keys)


@pytest.fixture
def lasting(url: str) -> Iterator[Opened]:
    with State.open(url, mode="write") as state:
        yield begin(state, url, seconds=600)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_any_sequence_of_steps_ends_as_the_rules_say(lasting: Opened, sequence: list[Step]) -> None:
    scope = Scope(COMPANY, f"source-{next(numbers)}")
    ledger = lasting.state.ledger(lasting.portal, scope)
    rows: dict[str, Row] = {}
    for step in sequence:
        try:
            after = {key: expected(rows.get(key), step) for key in step.keys}
        except KeyError:
            with pytest.raises(StateError, match="cannot become"):
                take(ledger, lasting.hold, lasting.owner, step)
        else:
            take(ledger, lasting.hold, lasting.owner, step)
            rows = {key: row for key, row in (rows | after).items() if row}
        known = ledger.ids(list("abc"))
        assert {k: Row(v.status, v.payload_hash, v.attempts) for k, v in known.items() if v.status} == rows
    unsettled = {row.origin_id for row in ledger.unsettled(lasting.owner, list("abc"))}
    assert unsettled == {key for key in "abc" if key not in rows or rows[key].status is not Status.CREATED}
    assert {row.origin_id for row in ledger.pending().items} == {k for k, row in rows.items() if row.status in OPEN}
