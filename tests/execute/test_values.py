"""What a source holds arrives in the portal as it is."""

from __future__ import annotations

import pytest

from tests.plan.project import COMPANIES, Project, entity

TEXTS = {
    "result reference": "$result[x][id] and $result[0]",
    "query string": "a=1&b=2?c#d;e",
    "percent": "100% %41 %00 %",
    "plus": "1+1 =2",
    "blanks": "  two  blanks around  ",
    "newlines": "one\ntwo\r\nthree\rfour\ttab",
    "quotes": "O'Brien said \"no\" \\ `x` ''",
    "brackets": "fields[title]=x[0][]",
    "markup": "<script>alert(1)</script> {{ row.id }} {% if %} ${HOME}",
    "json": '{"a": [1, null]}',
    "emoji": "👩‍👩‍👧‍👦 🇩🇪 ☃",
    "scripts": "Ünïcödé Кириллица 漢字 العربية e\u0301 \u00e9",
    "separators": "a\u2028b\u2029c\u00a0d\u200be\ufefff",
    "numbers": "00123",
    "words": "null",
    "long": "0123456789abcdef" * 4096,
}


def test_texts_arrive_byte_for_byte(project: Project) -> None:
    project.portal.control("POST", "fields", {"entityTypeId": 4, "name": "UF_CRM_TEXT", "type": "string"})
    project.table("customer", "id, name", list(TEXTS.items()))
    fields = {"title": "{{ row.id }}", "ufCrmText": "{{ row.name }}"}
    project.spec({"companies": entity("company", "customer", fields=fields)})
    assert project.apply().summary == {"created": len(TEXTS)}
    stored = {key: item["ufCrmText"] for key, item in project.items(4).items()}
    assert stored == TEXTS


def test_values_of_every_kind_arrive(project: Project) -> None:
    row = (1, 1.5, 12345678901234, 0, "2020-12-31", "true", None, "")
    project.table("customer", "id, price, big, opened, day, word, absent, void", [row])
    fields = {
        "title": "{{ row.word }}",
        "opportunity": "{{ row.price }}",
        "isManualOpportunity": True,
        "opened": "{{ row.opened }}",
        "begindate": "{{ row.day }}",
        "comments": "{{ row.absent }}",
        "sourceDescription": "{{ row.big }}",
    }
    project.spec({"deals": entity("deal", "customer", fields=fields)})
    assert project.apply().summary == {"created": 1}
    deal = project.items(2)["1"]
    assert deal["title"] == "true"
    assert float(deal["opportunity"]) == 1.5
    assert (deal["isManualOpportunity"], deal["opened"]) == ("Y", "N")
    assert deal["begindate"].startswith("2020-12-31")
    assert not deal["comments"]
    assert deal["sourceDescription"] == "12345678901234"


def test_phones_and_addresses_arrive_in_their_lists(project: Project) -> None:
    project.table(
        "customer", "id, name, phone, web", [(1, "x", "+49 30 1", "https://x.example/?a=1&b=2"), (2, "y", "", None)]
    )
    fields = {
        "title": "{{ row.name }}",
        "fm": [
            {"typeId": "PHONE", "valueType": "WORK", "value": "{{ row.phone or none }}"},
            {"typeId": "WEB", "valueType": "WORK", "value": "{{ row.web }}"},
        ],
    }
    project.spec({"companies": entity("company", "customer", fields=fields)})
    project.apply()
    kept = {key: [(each["typeId"], each["value"]) for each in item["fm"]] for key, item in project.items(4).items()}
    assert kept == {"1": [("PHONE", "+49 30 1"), ("WEB", "https://x.example/?a=1&b=2")], "2": []}


@pytest.mark.parametrize("count", [49, 50, 51, 260])
def test_any_number_of_rows_arrives_once(project: Project, count: int) -> None:
    project.customers(*range(count))
    project.spec(COMPANIES)
    assert project.apply().summary == {"created": count}
    assert set(project.items(4)) == {str(number) for number in range(count)}


def test_a_row_of_very_many_values_goes_alone_and_arrives(project: Project) -> None:
    project.customers("A", "B")
    phones = [{"typeId": "PHONE", "valueType": "WORK", "value": f"+49 30 {number}"} for number in range(400)]
    fields = {"title": "{{ row.name }}", "fm": phones}
    project.spec({"companies": entity("company", "customer", fields=fields)})
    assert project.apply().summary == {"created": 2}
    assert [len(item["fm"]) for item in project.items(4).values()] == [400, 400]
