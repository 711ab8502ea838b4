"""What a portal shows of a value against what was sent: the same in other words, something else, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.mapping.stored import difference, differences
from syncer.model.field import FieldType

MOSCOW, NEW_YORK = "2024-06-18T03:00:00+03:00", "2024-06-17T20:00:00-04:00"
PHONE = {"typeId": "PHONE", "valueType": "WORK", "value": "+49 30 123-45"}
MAIL = {"typeId": "EMAIL", "valueType": "HOME", "value": "a@b.example"}

SAME: list[tuple[str, Any, Any]] = [
    # type, sent, stored
    ("string", "00123", "00123"),
    ("string", "7", 7),
    ("text", "a\nb", "a\nb"),
    ("url", "example.com", "example.com"),
    ("integer", 81, "81"),
    ("integer", "81", 81.0),
    ("integer", 0, 0),
    ("double", 99.9, 99.9),
    ("double", "0.1234567890123456789", 0.12345678901234568),
    ("double", 5, "5.0000"),
    ("double", -0.5, "-0.5"),
    ("boolean", "Y", True),
    ("boolean", "Y", "1"),
    ("boolean", "N", False),
    ("boolean", "N", 0),
    ("boolean", "N", None),
    ("date", "2024-06-18", MOSCOW),
    ("date", "2024-06-18", NEW_YORK),
    ("date", "2024-06-18", "2024-06-18"),
    ("date", "2024-06-18", "2024-06-18T00:00:00-09:00"),
    ("datetime", "2024-06-18T12:00:00+02:00", "2024-06-18T13:00:00+03:00"),
    ("datetime", "2024-06-18T12:00:00+00:00", "2024-06-18T12:00:00Z"),
    ("money", "300|USD", "300.00|USD"),
    ("money", "-0.50|EUR", "-0.5|EUR"),
    ("enumeration", 81, "81"),
    ("crm_status", "C1:NEW", "C1:NEW"),
    ("crm_currency", "USD", "USD"),
    ("crm_category", 0, None),
    ("user", 1, "1"),
    ("crm_company", 7, "7"),
    ("crm_entity", 12, 12),
    ("crm", "T8a_6", "T8A_6"),
    ("crm", "CO_3", "CO_3"),
    ("file", ["a.txt", "YQ=="], {"id": 1, "url": "x", "urlMachine": "y"}),
    ("file", ["a.txt", "YQ=="], 17),
    ("crm_multifield", [PHONE, MAIL], [MAIL | {"id": 2}, PHONE | {"id": 1}]),
    ("crm_multifield", [PHONE], {"101": PHONE | {"id": 101}}),
    ("crm_multifield", [PHONE], [{"ID": 1, "TYPE_ID": "PHONE", "VALUE_TYPE": "WORK", "VALUE": "+49 30 123-45"}]),
    ("crm_multifield", [PHONE, MAIL | {"value": ""}], [PHONE]),
    ("string", "", "Company #7"),
    ("string", None, "Company #7"),
    ("rest_app_type", {"a": 1, "b": [2]}, {"b": ["2"], "a": "1"}),
    ("rest_app_type", 5, "5.0"),
]

CHANGED: list[tuple[str, Any, Any]] = [
    ("string", "abc", "ab"),
    ("string", "00123", "123"),
    ("text", "<b>x</b>", "x"),
    ("text", "a", "\na\n"),
    ("integer", 81, 82),
    ("integer", 81, "many"),
    ("double", 99.9, 0),
    ("double", 0.125, 0.13),
    ("boolean", "Y", "N"),
    ("boolean", "Y", False),
    ("boolean", "N", "Y"),
    ("date", "2024-06-18", "2024-06-17T03:00:00+03:00"),
    ("date", "2024-06-18", "18.06.2024"),
    ("date", "2024-06-17", "2024-06-18T00:00:00+03:00"),
    ("datetime", "2024-06-18T12:00:00+02:00", "2024-06-18T12:00:00+03:00"),
    ("datetime", "2024-06-18T12:00:00+02:00", "2024-06-18T12:00:00"),
    ("money", "300|USD", "300|EUR"),
    ("money", "300|USD", "301|USD"),
    ("enumeration", 81, "82"),
    ("crm_status", "NEW", "WON"),
    ("crm_company", 7, 8),
    ("crm", "CO_3", "CO_33"),
    ("crm_multifield", [PHONE], [PHONE | {"value": "+493012345"}]),
    ("crm_multifield", [PHONE], [PHONE | {"valueType": "HOME"}]),
    ("crm_multifield", [PHONE, MAIL], [PHONE]),
    ("crm_multifield", [PHONE], [PHONE, PHONE]),
    ("rest_app_type", {"a": 1}, {"a": 2}),
    ("rest_app_type", "x", ["x"]),
]

DROPPED: list[tuple[str, Any, Any]] = [
    ("string", "abc", None),
    ("string", "abc", ""),
    ("integer", 5, None),
    ("integer", 0, None),
    ("double", 0.5, ""),
    ("boolean", "Y", None),
    ("date", "2024-06-18", None),
    ("datetime", "2024-06-18T12:00:00+02:00", None),
    ("money", "300|USD", ""),
    ("enumeration", 81, []),
    ("crm_company", 7, 0),
    ("crm_company", 7, "0"),
    ("user", 7, None),
    ("file", ["a.txt", "YQ=="], None),
    ("crm_multifield", [PHONE], []),
    ("rest_app_type", {"a": 1}, {}),
]

SEVERAL: list[tuple[str, Any, Any, str | None]] = [
    # type, sent, stored, what became of it
    ("integer", [1, 2, 2], ["2", "1", "2"], None),
    ("enumeration", [81, 82], ["82", "81"], None),
    ("date", ["2024-06-18", "2024-06-19"], ["2024-06-19T03:00:00+03:00", MOSCOW], None),
    ("datetime", ["2024-06-18T12:00:00+02:00"], {"0": "2024-06-18T13:00:00+03:00"}, None),
    ("money", ["300|USD"], ["300|USD"], None),
    ("crm", ["CO_3", "D_1"], ["D_1", "CO_3"], None),
    ("file", [["a", "YQ=="], ["b", "Yg=="]], [{"id": 1}, {"id": 2}], None),
    ("string", ["a", ""], ["a"], None),
    ("string", [], ["a"], None),
    ("date", ["2024-06-18", "2024-06-19"], [MOSCOW], "changed"),
    ("integer", [1, 2], [1, 1], "changed"),
    ("file", [["a", "YQ=="], ["b", "Yg=="]], [{"id": 1}], "changed"),
    ("enumeration", [81], [], "dropped"),
    ("crm", ["CO_3"], None, "dropped"),
]


@pytest.mark.parametrize(
    ("kind", "sent", "stored", "became"),
    [(*row, None) for row in SAME] + [(*row, "changed") for row in CHANGED] + [(*row, "dropped") for row in DROPPED],
    ids=repr,
)
def test_one_value(kind: str, sent: Any, stored: Any, became: str | None) -> None:
    assert difference(FieldType("ufCrm_1", kind), sent, stored) == became


@pytest.mark.parametrize(("kind", "sent", "stored", "became"), SEVERAL, ids=repr)
def test_several_values(kind: str, sent: Any, stored: Any, became: str | None) -> None:
    assert difference(FieldType("ufCrm_1", kind, is_multiple=True), sent, stored) == became


def test_comments_gain_line_breaks() -> None:
    comments = FieldType("comments", "text")
    assert difference(comments, "a\nb", "\na\nb\n") is None
    assert difference(comments, "a<b>b</b>", "ab") == "changed"


def test_every_field_that_was_sent_is_compared_and_no_other() -> None:
    types = {"title": FieldType("title", "string"), "opportunity": FieldType("opportunity", "double")}
    sent = {"title": "A", "opportunity": 5, "begindate": "2024-06-18", "unheardOf": 1}
    stored = {"title": "B", "opportunity": "5", "begindate": "2024-06-18", "id": 7}
    assert list(differences(types, sent, stored)) == [("title", "changed"), ("unheardOf", "dropped")]
