"""The steps of the ledger, on both databases."""

from __future__ import annotations

import pytest

from syncer.errors import StateError, StateLockedError
from syncer.log import Secret
from syncer.model.change import EntityName
from syncer.model.identity import CONTACT, ItemId, Scope
from syncer.store import Found, Intent, Kind, Known, NewRun, State, Status, Trouble, Twins
from tests.store.conftest import COMPANIES, ERP, Opened


def intend(opened: Opened, *keys: str, payload: str = "p") -> list[Known]:
    return opened.ledger.intend(opened.hold, opened.owner, [Intent(key, payload) for key in keys])


def one(opened: Opened, key: str) -> Known:
    return opened.ledger.ids([key])[key]


def status(opened: Opened, key: str) -> Status | None:
    row = opened.ledger.ids([key]).get(key)
    return row.status if row else None


def kinds(opened: Opened) -> list[tuple[str, Kind]]:
    return [(line.origin_id, line.kind) for line in opened.state.runs.outcomes("run-1")]


def test_a_created_item_is_settled_for_its_owner_and_claimed_for_another(opened: Opened) -> None:
    intend(opened, "1", "2")
    opened.ledger.created(opened.hold, [Found("1", ItemId(11)), Found("2", ItemId(12), stored_key="2 ")])
    other = opened.state.owners.put(opened.portal, EntityName("northwind", "suppliers"), ERP, "x")

    assert opened.ledger.unsettled(opened.owner, ["1", "2"]) == []
    claimed = opened.ledger.unsettled(other, ["1", "2"])
    assert sorted((row.origin_id, row.item_id, row.owner) for row in claimed) == [
        ("1", 11, COMPANIES),
        ("2", 12, COMPANIES),
    ]
    assert one(opened, "2").stored_key == "2 "
    assert kinds(opened) == [("1", Kind.CREATED), ("2", Kind.CREATED)]


def test_witnesses_are_the_last_ones_and_the_first_by_key_that_are_created_still(opened: Opened) -> None:
    keys = [f"{number:02}" for number in range(9)]
    intend(opened, *keys, "open")
    for place, key in enumerate(reversed(keys)):
        opened.ledger.created(opened.hold, [Found(key, ItemId(place + 1))])
    opened.ledger.forget(opened.hold, ["00", "08"])
    opened.ledger.adopted(opened.hold, opened.owner, [Found("08", ItemId(99))])
    assert {each.origin_id for each in opened.ledger.witnesses(3)} == {"08", "01", "02", "03"}
    assert {each.status for each in opened.ledger.witnesses(20)} == {Status.CREATED}
    assert len(opened.ledger.witnesses(20)) == 8


def test_missing_keys_are_unsettled_and_have_no_status(opened: Opened) -> None:
    assert {row.origin_id: row.status for row in opened.ledger.unsettled(opened.owner, ["b", "a"])} == {
        "a": None,
        "b": None,
    }
    assert opened.ledger.ids(["a"]) == {}
    assert opened.ledger.unsettled(opened.owner, []) == []


def test_keys_are_compared_exactly(opened: Opened) -> None:
    keys = [
        "a",
        "A",
        "á",
        "a ",
        "ä",
        "a\u0308",
        "ß",
        "ss",
        "1",
        "01",
        "1.0",
        "%",
        "_",
        "'",
        '"',
        "\\",
        "😀",
        "null",
        "[1]",
    ]
    intend(opened, *keys)
    opened.ledger.created(opened.hold, [Found(key, ItemId(n)) for n, key in enumerate(keys, 1)])
    found = opened.ledger.ids(keys)
    assert [found[key].item_id for key in keys] == list(range(1, len(keys) + 1))
    assert [row.origin_id for row in opened.state.items(opened.portal)] == sorted(keys, key=str.encode)


def test_a_scope_keeps_its_keys_to_itself(opened: Opened) -> None:
    intend(opened, "1")
    elsewhere = opened.state.ledger(opened.portal, Scope(CONTACT, "erp"))
    assert elsewhere.ids(["1"]) == {}
    assert elsewhere.pending().items == ()
    assert opened.state.owners.scopes(opened.portal) == [ERP, Scope(CONTACT, "erp")]


def test_what_may_not_be_sent_is_given_back_and_the_rest_is_intended(opened: Opened) -> None:
    intend(opened, "made", "lost")
    opened.ledger.created(opened.hold, [Found("made", ItemId(1))])
    opened.ledger.lost(opened.hold, [Trouble("lost", "504", "Gateway Time-out")])
    refused = intend(opened, "made", "lost", "new")
    assert {row.origin_id: row.status for row in refused} == {"made": Status.CREATED, "lost": Status.UNKNOWN}
    assert status(opened, "new") is Status.INTENDED


def test_failures_of_one_payload_are_counted(opened: Opened) -> None:
    for _ in range(3):
        assert intend(opened, "1", payload="same") == []
        opened.ledger.failed(opened.hold, [Trouble("1", "ERROR", "the price is no number")])
    row = one(opened, "1")
    assert (row.status, row.attempts, row.code, row.message) == (
        Status.FAILED,
        3,
        "ERROR",
        "the price is no number",
    )
    assert list(opened.state.items(opened.portal, attempts=3)) == [row]
    assert list(opened.state.items(opened.portal, attempts=4)) == []

    opened.ledger.release(opened.hold, ["1"])
    assert one(opened, "1").attempts == 0

    intend(opened, "1", payload="same")
    opened.ledger.failed(opened.hold, [Trouble("1", "ERROR", "again")])
    intend(opened, "1", payload="mended")
    opened.ledger.failed(opened.hold, [Trouble("1", "ERROR", "otherwise")])
    assert one(opened, "1").attempts == 1


def test_an_absent_item_is_what_it_was_before(opened: Opened) -> None:
    intend(opened, "failed before", "never before")
    opened.ledger.failed(opened.hold, [Trouble("failed before", "E", "why")])
    opened.ledger.refused(opened.hold, ["never before"])
    intend(opened, "failed before", "never before")
    opened.ledger.lost(opened.hold, [Trouble("failed before", "", "reset"), Trouble("never before", "", "reset")])
    opened.ledger.absent(opened.hold, ["failed before", "never before"])
    assert status(opened, "failed before") is Status.FAILED
    assert one(opened, "failed before").attempts == 1
    assert status(opened, "never before") is None


def test_the_outcomes_of_a_lost_answer(opened: Opened) -> None:
    intend(opened, "found", "twice", "refused", "open")
    keys = ("found", "twice", "refused", "open")
    opened.ledger.lost(opened.hold, [Trouble(key, "504", "no answer") for key in keys])
    opened.ledger.created(opened.hold, [Found("found", ItemId(3))])
    opened.ledger.ambiguous(opened.hold, opened.owner, [Twins("twice", (ItemId(9), ItemId(4), ItemId(6)))])
    opened.ledger.failed(opened.hold, [Trouble("refused", "", "unheard of")])

    twice = one(opened, "twice")
    assert (twice.status, twice.item_id, twice.other_ids) == (Status.AMBIGUOUS, 4, (6, 9))
    pending = opened.ledger.pending()
    assert [(row.origin_id, row.status) for row in pending.items] == [("open", Status.UNKNOWN)]
    assert pending.items[0].intended_at is not None
    assert 0 <= pending.now - pending.items[0].intended_at < 10

    opened.ledger.created(opened.hold, [Found("twice", ItemId(4))])
    assert (status(opened, "twice"), one(opened, "twice").other_ids) == (Status.CREATED, ())


@pytest.mark.parametrize("before", ["missing", "failed", "unknown", "ambiguous"])
def test_adopting_takes_whatever_is_not_created(opened: Opened, before: str) -> None:
    if before != "missing":
        intend(opened, "1")
    if before == "failed":
        opened.ledger.failed(opened.hold, [Trouble("1", "E", "why")])
    if before == "unknown":
        opened.ledger.lost(opened.hold, [Trouble("1", "", "")])
    if before == "ambiguous":
        opened.ledger.ambiguous(opened.hold, opened.owner, [Twins("1", (ItemId(4), ItemId(5)))])
    opened.ledger.adopted(opened.hold, opened.owner, [Found("1", ItemId(5), payload_hash="now")])
    row = one(opened, "1")
    assert (row.status, row.item_id, row.adopted, row.payload_hash) == (Status.CREATED, 5, True, "now")
    assert (row.attempts, row.code, row.other_ids) == (0, None, ())


def test_a_step_does_all_or_nothing(opened: Opened) -> None:
    intend(opened, "1", "2")
    opened.ledger.created(opened.hold, [Found("1", ItemId(1))])
    before = list(opened.state.items(opened.portal)), kinds(opened)
    with pytest.raises(StateError, match="cannot become created"):
        opened.ledger.created(opened.hold, [Found("2", ItemId(2)), Found("1", ItemId(8))])
    with pytest.raises(StateError, match="cannot become adopted"):
        opened.ledger.adopted(opened.hold, opened.owner, [Found("3", ItemId(3)), Found("1", ItemId(8))])
    with pytest.raises(StateError, match="cannot become absent"):
        opened.ledger.absent(opened.hold, ["2", "1"])
    with pytest.raises(StateError, match="cannot become failed"):
        opened.ledger.failed(opened.hold, [Trouble("never heard of", "", "")])
    assert (list(opened.state.items(opened.portal)), kinds(opened)) == before


def test_a_forgotten_item_is_missing(opened: Opened) -> None:
    intend(opened, "1")
    opened.ledger.created(opened.hold, [Found("1", ItemId(1))])
    opened.ledger.forget(opened.hold, ["1"])
    assert status(opened, "1") is None
    assert kinds(opened) == [("1", Kind.CREATED), ("1", Kind.FORGOTTEN)]


def test_a_run_that_lost_the_lease_changes_nothing(opened: Opened) -> None:
    intend(opened, "1")
    with State.open(opened.url, mode="write") as other:
        other.lease.unlock()
        taker = other.lease.acquire(NewRun("run-2", "apply", host="laptop", pid=8), 30)
        assert taker.fence > opened.hold.fence
        for late in (
            lambda: opened.ledger.created(opened.hold, [Found("1", ItemId(1))]),
            lambda: opened.ledger.absent(opened.hold, ["1"]),
            lambda: intend(opened, "2"),
        ):
            with pytest.raises(StateLockedError, match="run-2"):
                late()
        assert [(row.origin_id, row.status) for row in opened.state.items(opened.portal)] == [("1", Status.INTENDED)]


def test_nothing_is_intended_once_the_lease_has_run_out(opened: Opened) -> None:
    intend(opened, "1")
    opened.state.lease.renew(opened.hold, -1)
    with pytest.raises(StateLockedError, match="has run out"):
        intend(opened, "2")
    opened.ledger.created(opened.hold, [Found("1", ItemId(1))])  # what was sent is recorded all the same
    assert status(opened, "1") is Status.CREATED


def test_the_portals_words_are_kept_without_what_a_database_cannot_hold(opened: Opened) -> None:
    Secret("hunter2-of-the-portal")
    intend(opened, "1")
    words = "NUL \0, half \ud800, secret hunter2-of-the-portal, 'quoted' " + "x" * 5000
    opened.ledger.failed(opened.hold, [Trouble("1", "A\0B", words)])
    row = one(opened, "1")
    assert row.code == "AB"
    assert row.message is not None
    assert row.message.startswith("NUL , half ?, secret ***, 'quoted' xxx")
    assert len(row.message) == 2000


def test_the_failures_of_a_run_are_told_apart(opened: Opened) -> None:
    intend(opened, "1", "2")
    opened.ledger.created(opened.hold, [Found("1", ItemId(1))])
    opened.ledger.failed(opened.hold, [Trouble("2", "ERROR", "why")])
    (failure,) = opened.state.runs.outcomes("run-1", {Kind.FAILED})
    assert (failure.owner, failure.scope, failure.origin_id) == (COMPANIES, ERP, "2")
    assert (failure.code, failure.message, failure.item_id) == ("ERROR", "why", None)
    assert list(opened.state.runs.outcomes("no such run")) == []


def test_items_are_streamed_in_order_past_a_page(opened: Opened) -> None:
    keys = [f"{n:05}" for n in range(4500)]
    intend(opened, *keys)
    opened.ledger.created(opened.hold, [Found(key, ItemId(n)) for n, key in enumerate(keys[:4400])])
    assert [row.origin_id for row in opened.state.items(opened.portal)] == keys
    assert [row.origin_id for row in opened.state.items(opened.portal, status=Status.INTENDED)] == keys[4400:]
    assert opened.state.counts(opened.portal) == {
        (opened.owner, Status.CREATED): 4400,
        (opened.owner, Status.INTENDED): 100,
    }
    assert [line.origin_id for line in opened.state.runs.outcomes("run-1")] == keys[:4400]
