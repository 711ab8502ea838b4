"""What everything speaks of: identities as they are stamped, fields as they are written, counts as they add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.errors import PortalRefused, StateLockedError, SyncerError
from syncer.model import wire
from syncer.model.change import Reference
from syncer.model.identity import COMPANY, INVOICE, QUOTE, EntityTypeId, Stamp, default_stamp_field
from syncer.model.run import RunResult
from syncer.model.tally import PlanTally, RunTally

KEYS = st.text(min_size=1, max_size=255)
STAMPS = st.builds(Stamp, st.sampled_from(["originId", "xmlId", "ufCrmKey"]), st.text("abc:-", min_size=1).map(str))


@given(STAMPS, KEYS)
def test_a_stamped_key_is_read_back(stamp: Stamp, key: str) -> None:
    assert stamp.origin_id(stamp.text(key)) == key
    assert stamp.fields(key)[stamp.field] == stamp.text(key)


def test_an_identity_in_two_fields_and_in_one() -> None:
    assert Stamp("originId", "erp").fields("7") == {"originatorId": "erp", "originId": "7"}
    assert Stamp("xmlId", "erp").fields("7") == {"xmlId": "erp:7"}
    assert Stamp("xmlId", "erp").origin_id("crm:7") is None


def test_where_a_type_keeps_an_identity() -> None:
    assert [default_stamp_field(each) for each in (COMPANY, INVOICE, EntityTypeId(1040), QUOTE)] == [
        "originId",
        "xmlId",
        "xmlId",
        None,
    ]


VALUES = st.one_of(
    st.text(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.builds(Reference, st.text(min_size=1), st.text(min_size=1), st.sampled_from(["", "CO", "T80"])),
)
FIELDS = st.dictionaries(
    st.text(min_size=1),
    st.one_of(VALUES, st.lists(VALUES), st.lists(st.fixed_dictionaries({"typeId": st.text(), "value": st.text()}))),
)


@given(FIELDS)
def test_fields_are_read_back_as_they_were_written(fields: dict[str, object]) -> None:
    assert wire.loads(wire.dumps(fields)) == fields


@given(FIELDS)
def test_the_order_of_fields_does_not_make_another_payload(fields: dict[str, object]) -> None:
    assert wire.payload_hash(dict(reversed(fields.items()))) == wire.payload_hash(fields)


def test_references_are_found_and_replaced_where_they_are_known() -> None:
    a, b = Reference("companies", "A"), Reference("companies", "B", "CO")
    fields = {"title": "x", "companyId": a, "links": [b, "C_3"]}
    assert list(wire.references(fields)) == [a, b]
    resolved = wire.resolve(fields, {("companies", "B"): 7})
    assert resolved == {"title": "x", "companyId": a, "links": ["CO_7", "C_3"]}
    assert wire.dumps({"a": b}) == '{"a":{"ref":["companies","B","CO"]}}'


def test_counts_add_up() -> None:
    total = PlanTally(create=1, blocked=2)
    total += PlanTally(create=3, filtered=4)
    assert (total.create, total.rows, total.pending) == (4, 10, 4)


@pytest.mark.parametrize(
    ("tally", "error", "code"),
    [
        (RunTally(unchanged=3, blocked=2), None, 0),
        (RunTally(created=1), None, 0),
        (RunTally(created=1, failed=1), None, 3),
        (RunTally(created=1, not_sent=1), None, 3),
        (RunTally(created=1, unknown=1, failed=1), None, 7),
        (RunTally(not_sent=1), PortalRefused("no", code="x", status=403), 1),
        (RunTally(created=1, not_sent=1), PortalRefused("no", code="x", status=403), 3),
        (RunTally(not_sent=1), StateLockedError("taken"), 5),
        (RunTally(created=1), StateLockedError("taken"), 3),
    ],
)
def test_how_a_run_ends(tally: RunTally, error: SyncerError | None, code: int) -> None:
    assert RunResult("run", [tally], error=error).exit_code == code
