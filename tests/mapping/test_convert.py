"""Values by field type: what is sent, and what is refused with advice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.mapping import Converter
from syncer.model.change import Reason, Reference, RowProblem
from syncer.model.field import FieldType

BERLIN = dt.timezone(dt.timedelta(hours=2))
OLD = dt.timezone(dt.timedelta(minutes=53, seconds=28))
REF = Reference("companies", "ALFKI")
LINK = Reference("companies", "ALFKI", "CO")
COLORS = ((81, "Red"), (82, "Blue"))


def convert(kind: str, value: Any, **field: Any) -> Any:
    made = Converter({"f": FieldType("f", kind, **field)}).convert({"f": value})
    return made if isinstance(made, RowProblem) else made["f"]


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("string", "text", "text"),
        ("string", " Ünï\n\tcode 😀 ", " Ünï\n\tcode 😀 "),
        ("string", "", ""),
        ("string", 5, "5"),
        ("string", Decimal("1.50"), "1.50"),
        ("string", 1.5, "1.5"),
        ("string", dt.date(2020, 1, 2), "2020-01-02"),
        ("string", UUID(int=1), str(UUID(int=1))),
        ("text", "a" * 1000, "a" * 1000),
        ("url", "example.org", "example.org"),
        ("address", "Main St 1", "Main St 1"),
        ("integer", 5, 5),
        ("integer", "12", 12),
        ("integer", "-12.00", -12),
        ("integer", 12.0, 12),
        ("integer", Decimal("12.0"), 12),
        ("integer", 2**63 - 1, 2**63 - 1),
        ("integer", REF, REF),
        ("double", 5, 5),
        ("double", 0.1, 0.1),
        ("double", Decimal("0.1"), 0.1),
        ("double", Decimal("12345678901234567.89"), "12345678901234567.89"),
        ("double", "32.38", 32.38),
        ("double", "1e3", 1000.0),
        ("boolean", True, "Y"),
        ("boolean", False, "N"),
        ("boolean", 1, "Y"),
        ("boolean", Decimal(0), "N"),
        ("boolean", "true", "Y"),
        ("boolean", "n", "N"),
        ("date", dt.date(2020, 1, 2), "2020-01-02"),
        ("date", dt.date(20, 1, 2), "0020-01-02"),
        ("date", dt.datetime(2020, 1, 2), "2020-01-02"),
        ("date", "2020-01-02", "2020-01-02"),
        ("date", "2020-01-02 00:00:00", "2020-01-02"),
        ("datetime", dt.datetime(2020, 7, 1, 12, tzinfo=BERLIN), "2020-07-01T12:00:00+02:00"),
        ("datetime", dt.datetime(2020, 7, 1, 12, 0, 0, 999999, BERLIN), "2020-07-01T12:00:00+02:00"),
        ("datetime", dt.datetime(1850, 1, 1, tzinfo=OLD), "1849-12-31T23:06:32+00:00"),
        ("datetime", "2020-07-01T12:00:00Z", "2020-07-01T12:00:00+00:00"),
        ("money", "300|USD", "300|USD"),
        ("money", "-0.5|EUR", "-0.5|EUR"),
        ("crm_status", "WON", "WON"),
        ("crm_status", 1, "1"),
        ("crm_currency", "USD", "USD"),
        ("crm_category", 0, 0),
        ("user", 5, 5),
        ("employee", "5", 5),
        ("crm_company", REF, REF),
        ("crm_entity", 7, 7),
        ("iblock_element", 7, 7),
        ("crm", "CO_3", "CO_3"),
        ("crm", "T80_6", "T80_6"),
        ("crm", LINK, LINK),
        ("location", "0000000001", "0000000001"),
        ("rest_1_thing", {"a": [Decimal("0.1"), True]}, {"a": [0.1, True]}),
    ],
)
def test_sent(kind: str, value: Any, sent: Any) -> None:
    made = convert(kind, value)
    assert made == sent
    assert type(made) is type(sent)


@pytest.mark.parametrize(
    ("kind", "value", "advice"),
    [
        ("string", True, "write {{ 'yes' if"),
        ("string", b"x", "decode them in the query"),
        ("string", [1], "use |first or |join"),
        ("string", {"a": 1}, "|tojson"),
        ("string", REF, "fields of ids"),
        ("string", "a\x00b", "NUL"),
        ("string", "a\ud800b", "wrong encoding"),
        ("string", "x" * (2**20 + 1), "at most 1048576"),
        ("string", float("nan"), "not a number"),
        ("integer", "", "or none"),
        ("integer", "12,5", "not an integer"),
        ("integer", "12.5", "not an integer"),
        ("integer", 12.5, "not an integer"),
        ("integer", "00123", "not an integer"),
        ("integer", "+7912", "not an integer"),
        ("integer", " 12", "not an integer"),
        ("integer", "١٢", "not an integer"),
        ("integer", True, "write {{ 1 if"),
        ("integer", 2**63, "out of range"),
        ("integer", float("inf"), "not an integer"),
        ("integer", Decimal("NaN"), "not an integer"),
        ("integer", Decimal("1E+999999999"), "not an integer"),
        ("integer", b"1", "not an integer"),
        ("integer", dt.date(2020, 1, 1), "not an integer"),
        ("integer", LINK, "write ref()"),
        ("double", "", "or none"),
        ("double", "12,5", "replace(',', '.')"),
        ("double", "abc", "not a number"),
        ("double", float("nan"), "None"),
        ("double", float("inf"), "None"),
        ("double", Decimal("Infinity"), "not a number"),
        ("double", Decimal("1E+999999999"), "digits"),
        ("double", "1e999", "digits"),
        ("double", 2**53 + 1, "digits"),
        ("double", 10**400, "digits"),
        ("double", True, "write {{ 1 if"),
        ("boolean", "yes", "'Y' or 'N'"),
        ("boolean", 2, "'Y' or 'N'"),
        ("boolean", "", "or none"),
        ("date", "04.07.2016", "2020-12-31"),
        ("date", "2016-02-30", "2020-12-31"),
        ("date", "", "or none"),
        ("date", dt.datetime(2020, 1, 1, 12), "|date"),
        ("date", "2020-01-01 12:00", "|date"),
        ("date", 5, "not a date"),
        ("datetime", dt.datetime(2020, 1, 1), "|datetime('Europe/Berlin')"),
        ("datetime", "2020-01-01 12:00:00", "|datetime('Europe/Berlin')"),
        ("datetime", dt.date(2020, 1, 1), "|datetime('Europe/Berlin')"),
        ("datetime", dt.datetime(1, 1, 1, tzinfo=OLD), "long ago"),
        ("datetime", "", "or none"),
        ("money", 300, "|money('USD')"),
        ("money", "300", "|money('USD')"),
        ("money", "300|dollars", "|money('USD')"),
        ("crm_status", "", "or none"),
        ("crm_currency", "dollar", "currency()"),
        ("crm_category", -1, "not an id"),
        ("user", 0, "not an id"),
        ("user", "anna@example.org", "not an integer"),
        ("crm_company", "CO_3", "not an integer"),
        ("crm_company", LINK, "write ref()"),
        ("crm", 3, "link("),
        ("crm", "3", "link("),
        ("crm", "T1G_3", "link("),
        ("crm", REF, "write link()"),
        ("file", "a.pdf", "is no file: write {{ file(row.x) }}"),
        ("rest_1_thing", b"x", "cannot be sent"),
    ],
)
def test_refused(kind: str, value: Any, advice: str) -> None:
    problem = convert(kind, value)
    assert isinstance(problem, RowProblem)
    assert problem.reason is Reason.VALUE
    assert problem.message.startswith(f"field f ({kind}): ")
    assert advice in problem.message
    assert len(problem.message) < 400
    problem.message.encode()


def test_options() -> None:
    assert convert("enumeration", 81, items=COLORS) == 81
    assert convert("enumeration", "82", items=COLORS) == 82
    assert convert("enumeration", 7) == 7
    for value, advice in ((83, "81 Red, 82 Blue"), ("Red", "enum('f', …)"), ("", "or none"), (True, "1 if")):
        assert advice in convert("enumeration", value, items=COLORS).message


def test_bounds_of_the_field() -> None:
    settings = {"MIN_VALUE": 1, "MAX_VALUE": "10"}
    assert convert("integer", 10, settings=settings) == 10
    assert "range (1 to 10)" in convert("integer", 11, settings=settings).message
    assert isinstance(convert("integer", 0, settings=settings), RowProblem)
    assert convert("integer", -5, settings={"MIN_VALUE": 0, "MAX_VALUE": 0}) == -5
    assert convert("integer", 5, settings={"MIN_VALUE": None, "MAX_VALUE": "x"}) == 5


def test_multiple_fields_take_lists() -> None:
    assert convert("crm_contact", [REF, 3], is_multiple=True) == [REF, 3]
    assert convert("string", ("a", 1), is_multiple=True) == ["a", "1"]
    assert "takes a list" in convert("crm_contact", REF, is_multiple=True).message
    assert "element 2 that is not an integer" in convert("integer", [1, "x"], is_multiple=True).message


def test_multifields() -> None:
    phone = {"typeId": "PHONE", "valueType": "WORK", "value": "+49"}
    assert convert("crm_multifield", [phone], is_multiple=True) == [phone]
    assert convert("crm_multifield", [phone | {"value": 49}]) == [phone | {"value": "49"}]
    assert convert("crm_multifield", [{"typeId": "LINK", "valueType": "USER", "value": "x"}])
    for value, advice in (
        ("+49", "not a list"),
        ([phone | {"typeId": "FAX"}], "typeId 'FAX'; there are PHONE, EMAIL"),
        ([phone | {"valueType": "work"}], "valueType 'work'; PHONE has FAX"),
        ([phone | {"valueType": ["WORK"]}], "valueType"),
        ([phone, {"typeId": "PHONE", "value": "1"}], "element 2 that is not of the form"),
        ([phone | {"id": 5}], "not of the form"),
        (["+49"], "not of the form"),
        ([phone | {"value": b"x"}], "element 1 whose value cannot be sent"),
    ):
        assert advice in convert("crm_multifield", value).message


def test_fields_without_a_type_do_not_crash() -> None:
    converter = Converter({"title": FieldType("title", "string")})
    assert converter.convert({"title": "x", "other": 5, "day": dt.date(2020, 1, 1)}) == {
        "title": "x",
        "other": 5,
        "day": "2020-01-01",
    }
    problem = converter.convert({"other": b"x"})
    assert isinstance(problem, RowProblem)
    assert problem.message.startswith("field other: bytes b'x'")


@pytest.mark.parametrize(
    ("facts", "demanded"),
    [
        ({}, True),
        ({"settings": {"DEFAULT_VALUE": ""}}, True),
        ({"settings": {"DEFAULT_VALUE": {"TYPE": "NONE", "VALUE": ""}}}, True),
        ({"settings": {"DEFAULT_VALUE": {"TYPE": "NOW", "VALUE": ""}}}, False),
        ({"settings": {"DEFAULT_VALUE": "a default"}}, False),
        ({"is_required": False}, False),
        ({"is_dynamic": False}, False),
        ({"is_read_only": True}, False),
    ],
)
def test_a_value_that_the_portal_requires_may_not_be_missing(facts: dict[str, Any], demanded: bool) -> None:
    field = FieldType("f", "integer", **{"is_required": True, "is_dynamic": True} | facts)
    converter = Converter({"f": field}, names=["f"])
    assert isinstance(converter.convert({}), RowProblem) is demanded
    assert converter.convert({"f": 0}) == {"f": 0}
    assert Converter({"f": field}).convert({}) == {}, "the entity does not fill it: that is told of the spec"


def test_masked_values_are_not_told() -> None:
    problem = Converter({"comments": FieldType("comments", "text")}, mask=["comments"]).convert({"comments": b"secret"})
    assert isinstance(problem, RowProblem)
    assert "secret" not in problem.message


def test_long_values_are_shortened_in_messages() -> None:
    assert len(convert("integer", "x" * 10**6).message) < 200
    assert "…" in convert("integer", "x" * 10**6).message


@given(st.text())
def test_text_survives_byte_for_byte(text: str) -> None:
    sent = convert("string", text)
    assert isinstance(sent, RowProblem) == (
        "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)
    )
    if not isinstance(sent, RowProblem):
        assert sent == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25, places=4))
def test_decimals_lose_nothing(value: Decimal) -> None:
    sent = convert("double", value)
    assert Decimal(repr(sent) if isinstance(sent, float) else sent) == value


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_integers_lose_nothing(value: int) -> None:
    assert convert("integer", value) == convert("integer", str(value)) == value


@given(st.datetimes(timezones=st.timezones()))
def test_moments_stay_the_same_moment(value: dt.datetime) -> None:
    sent = convert("datetime", value)
    if not isinstance(sent, RowProblem):
        assert dt.datetime.fromisoformat(sent) == value.astimezone(dt.UTC).replace(microsecond=0)
