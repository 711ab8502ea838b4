"""Our filters: telephone numbers, dates and moments, money; and numbers that are none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncer.model.change import Reason, RowProblem
from tests.mapping.entity import render


def problem(template: str, **row: Any) -> str:
    made = render(template, **row)
    assert isinstance(made, RowProblem)
    assert made.reason is Reason.VALUE
    return made.message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("030 123456", "+4930123456"),
        ("+7 916 123-45-67", "+79161234567"),
        ("0049 30 123456", "+4930123456"),
        ("030 123456 ext. 12", "+4930123456 ext. 12"),
        ("030 123456 x12", "+4930123456 ext. 12"),
        ("030/123456-0 App. 7", None),
        ("0800 FLOWERS", None),
        ("Tel. 030 123456", None),
        ("030 123456 Fr", None),
        ("+49 (0)30 123456", "+4930123456"),
        ("no phone", None),
        ("00123", None),
        ("", None),
        (" ", None),
        (30123456, "+4930123456"),
    ],
)
def test_phone(value: Any, expected: str | None) -> None:
    assert render("{{ row.x|phone('DE') }}", x=value) == (value if expected is None else expected)


def test_phone_without_value_or_region() -> None:
    assert render("{{ row.x|phone('DE') }}", x=None) is None
    assert render("{{ row.x|phone }}", x="+49 30 123456") == "+4930123456"
    assert render("{{ row.x|phone }}", x="030 123456") == "030 123456"
    assert "'XX' is not a region" in problem("{{ row.x|phone('XX') }}", x="030 123456")


@pytest.mark.parametrize(
    "value",
    [
        dt.date(2016, 7, 4),
        dt.datetime(2016, 7, 4, 23, 59),
        dt.datetime(2016, 7, 4, 1, tzinfo=ZoneInfo("Asia/Tokyo")),
        "2016-07-04",
        "2016-07-04 00:00:00",
        "2016-07-04T10:00:00.123+02:00",
        "2016-07-04 10:00:00 +02:00",
        "2016-07-04T10:00Z",
    ],
)
def test_date(value: Any) -> None:
    assert render("{{ row.x|date }}", x=value) == dt.date(2016, 7, 4)
    assert render("on {{ row.x|date }}", x=value) == "on 2016-07-04"


@pytest.mark.parametrize("value", ["04.07.2016", "2016-13-01", "20160704", "2016-07-04 25:00", "", "now", 5, b"x"])
def test_what_is_no_date(value: Any) -> None:
    assert "not a date" in problem("{{ row.x|date }}", x=value) or "wants a date" in problem(
        "{{ row.x|date }}", x=value
    )


def test_datetime_gives_naive_values_the_zone() -> None:
    template = "{{ row.x|datetime('Europe/Berlin') }}"
    for value in (dt.datetime(2020, 7, 1, 12), "2020-07-01 12:00:00", "2020-07-01T10:00:00Z"):
        assert render(template, x=value).isoformat() == "2020-07-01T12:00:00+02:00"
    assert render(template, x=dt.date(2020, 1, 1)).isoformat() == "2020-01-01T00:00:00+01:00"
    assert render(template, x=None) is None
    aware = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert render("{{ row.x|datetime }}", x=aware) == aware
    assert "has no time zone" in problem("{{ row.x|datetime }}", x=dt.datetime(2020, 1, 1))
    assert "'Mars/Base' is not a time zone" in problem("{{ row.x|datetime('Mars/Base') }}", x="2020-01-01")


def test_times_that_clocks_skipped_or_had_twice_are_named() -> None:
    template = "{{ row.x|datetime('Europe/Berlin') }}"
    assert "2021-03-28 02:30:00 did not exist in Europe/Berlin" in problem(template, x="2021-03-28 02:30:00")
    assert "2021-10-31 02:30:00 was twice in Europe/Berlin" in problem(template, x="2021-10-31 02:30:00")
    assert render(template, x="2021-03-28 03:00:00").isoformat() == "2021-03-28T03:00:00+02:00"
    assert render(template, x="2021-10-31 03:00:00").isoformat() == "2021-10-31T03:00:00+01:00"
    assert render(template, x="2021-10-31T02:30:00+01:00").isoformat() == "2021-10-31T02:30:00+01:00"


def test_money() -> None:
    for value, expected in (
        (300, "300"),
        (Decimal("10.50"), "10.50"),
        (0.1, "0.1"),
        ("12.5", "12.5"),
        (1e22, "1" + "0" * 22),
    ):
        assert render("{{ row.x|money('USD') }}", x=value) == f"{expected}|USD"
    assert render("{{ row.x|money('USD') }}", x=None) is None
    for wrong in ("", "12,5", "abc", True, [1], "1|2"):
        assert "wants a number" in problem("{{ row.x|money('USD') }}", x=wrong)
    assert "not a number" in problem("{{ row.x|money('USD') }}", x=float("nan"))
    assert "wants a currency code" in problem("{{ row.x|money('dollars') }}", x=1)


def test_numbers_that_are_none_are_not_zero() -> None:
    assert render("{{ row.x|int }}", x="12") == 12
    assert render("{{ row.x|float }}", x="1.5") == 1.5
    assert render("{{ row.x|int }}", x=None) is None
    assert render("{{ row.x|int(0) }}", x="abc") == 0
    assert render("{{ row.x|float(default=0.0) }}", x=None) == 0.0
    assert "'12,5' is not a number" in problem("{{ row.x|float }}", x="12,5")
    assert "'' is not a number" in problem("{{ row.x|int }}", x="")
