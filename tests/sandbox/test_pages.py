"""The pages of a sandbox in a real browser and by plain HTTP: nothing of an item's text runs in them."""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.browser import Opens, Window, browser, open_window, window  # noqa: F401  # fixtures
from tests.sandbox_process import RunningSandbox

SCRIPT = "<script>alert('title')</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
TEMPLATE = "{{ 7 * 7 }}{% raw %}"
HOSTILE = (SCRIPT, IMAGE, TEMPLATE)
LEADS = 120


def add(portal: RunningSandbox, entity_type_id: int, **fields: Any) -> int:
    number: int = portal.call("crm.item.add", entityTypeId=entity_type_id, fields=fields)["result"]["item"]["id"]
    return number


@pytest.fixture(scope="module")
def ids(shared: RunningSandbox) -> dict[str, int]:
    """A portal with something of everything to look at; ids by name."""
    titles = {f"l{n}": f"crm.item.add?entityTypeId=1&fields[title]=Lead%20x{n}" for n in range(LEADS)}
    for at in range(0, LEADS, 50):
        shared.call("batch", cmd=dict(list(titles.items())[at : at + 50]))
    phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "+49 30 1234"}]
    company = add(shared, 4, title="Größe & Söhne", fm=phone, originatorId="erp", originId="C-7")
    contacts = [add(shared, 3, name="Ada", lastName="Lovelace"), add(shared, 3, lastName=IMAGE, comments=SCRIPT)]
    deal = add(
        shared, 2, title="Big deal", stageId="PREPARATION", companyId=company, contactIds=contacts,
        comments="first\nsecond 100%", originatorId="erp", originId="D-1",
    )  # fmt: skip
    for text in HOSTILE:
        add(shared, 2, title=text, originId=text, sourceDescription=text)
    content = base64.b64encode(b"hello").decode()
    file = {"ufCrm44_1721812898903": [f"{SCRIPT}.txt", content], "ufCrm44_1721812814433": 80}
    purchase = add(shared, 1302, title="Purchase", parentId2=deal, xmlId="erp:P-1", **file)
    shared.call("crm.item.batchImport", entityTypeId=4, data=[{"title": "Imported"}, {"currencyId": "XXX"}])
    shared.call("batch", cmd={"a": "no.such", "b": "crm.item.get?entityTypeId=2&id=999", "c": f"{SCRIPT}?x=1"})
    shared.control("POST", "fields", {"entityTypeId": 7, "name": "UF_CRM_ODD", "type": "string", "title": SCRIPT})
    shared.control("PATCH", "settings", {"moved_to": "", "ignored_filters": [SCRIPT]})
    shared.control("POST", "faults", {"kind": "status", "method": "nobody", "code": IMAGE, "skip": 3})
    return {"company": company, "ada": contacts[0], "odd": contacts[1], "deal": deal, "purchase": purchase}


def asked(
    portal: RunningSandbox, path: str, *, method: str = "GET", host: str = ""
) -> tuple[int, http.client.HTTPMessage, str]:
    """Status, headers and text of a page."""
    parts = urlsplit(portal.root)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, path, headers={"Host": host or parts.netloc})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def titles(window: Window) -> list[str]:  # noqa: F811
    return window.page.locator("#items td.title").all_inner_texts()


def field(window: Window, name: str) -> str:  # noqa: F811
    """As it is seen: only with the page's styles does a text keep its line breaks."""
    window.page.wait_for_load_state()
    return window.page.locator(f"#field-{name} td").inner_text()


def quiet(window: Window) -> bool:  # noqa: F811
    """The page asked no stranger for anything, ran nothing of an item, and broke none of its own rules."""
    return (window.asked, window.dialogs, window.complaints) == ([], [], [])


@pytest.fixture
def looking(shared: RunningSandbox, ids: dict[str, int], window: Window) -> Iterator[Window]:  # noqa: F811
    """A window with the overview in it; whatever is looked at, it stays quiet."""
    window.page.goto(shared.root)
    yield window
    assert quiet(window)


def test_an_item_is_searched_opened_and_its_links_followed(looking: Window, ids: dict[str, int]) -> None:
    page = looking.page
    assert page.locator("#types tr", has_text="Lead").first.locator("td").last.inner_text() == str(LEADS)
    page.click("#types a:text-is('Company')")
    page.fill("input[name=search]", "SÖHNE größe")
    page.click("button")
    assert (titles(looking), page.locator("#found").inner_text()) == (["Größe & Söhne"], "1 found")
    assert page.input_value("input[name=search]") == "SÖHNE größe"
    page.click("#items td.title a")
    assert page.locator("h1").inner_text() == "Größe & Söhne"
    assert "PHONE WORK +49 30 1234" in field(looking, "fm").replace("\xa0", " ")
    origin = page.locator("#origin").inner_text()
    assert "erp" in origin
    assert "C-7" in origin
    assert re.search(r"request \d+, crm\.item\.add, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", origin), origin
    page.click("#origin a")
    assert "crm.item.add" in page.locator("#requests tr:target").inner_text()

    page.click("header nav a:text-is('Overview')")
    page.click("#types a:text-is('Equipment Purchase')")
    page.click("#items td.title a")
    assert "List item #2" in field(looking, "ufCrm44_1721812814433")
    page.click("#field-parentId2 a")
    assert page.locator("h1").inner_text() == "Big deal"
    assert "Document preparation" in field(looking, "stageId")
    assert "Alexandra Meyer" in field(looking, "createdBy")
    assert field(looking, "comments") == "first\nsecond 100%"
    page.click("#field-companyId a")
    assert page.locator("h1").inner_text() == "Größe & Söhne"
    page.go_back()
    assert page.locator("#field-contactIds a").all_inner_texts()[0] == f"Contact {ids['ada']} · Ada Lovelace"
    page.locator("#field-contactIds a").last.click()
    assert page.locator("h1").inner_text() == IMAGE


def test_nothing_of_an_item_runs(looking: Window, shared: RunningSandbox, ids: dict[str, int]) -> None:
    page = looking.page
    page.goto(f"{shared.root}items/2")
    assert set(HOSTILE) < set(titles(looking))
    for text in HOSTILE:
        page.goto(f"{shared.root}items/2?search={quote(text)}")
        assert titles(looking) == [text]
        page.click("#items td.title a")
        assert page.locator("h1").inner_text() == text
        assert field(looking, "sourceDescription") == text
        assert page.locator("script, img").count() == 0
    for path in ("", "requests", f"items/3/{ids['odd']}", f"items/1302/{ids['purchase']}", "items/7"):
        page.goto(shared.root + path)
        assert page.locator("script, img").count() == 0


def test_a_table_is_paged_and_sorted(looking: Window) -> None:
    page = looking.page
    page.click("#types a:text-is('Lead')")
    assert (len(titles(looking)), titles(looking)[0]) == (50, f"Lead x{LEADS - 1}")
    page.click("thead a:text-is('ID')")
    assert titles(looking)[0] == "Lead x0"
    for _ in range(2):
        page.click("a[rel=next]")
    assert (len(titles(looking)), page.locator("a[rel=next]").count()) == (LEADS - 100, 0)
    assert "Page 3 of 3" in page.locator(".paging").inner_text()
    page.click("thead a:text-is('Title')")
    assert titles(looking)[:3] == ["Lead x0", "Lead x1", "Lead x10"]
    assert page.locator("th[aria-sort=ascending]").inner_text() == "Title"
    page.fill("input[name=search]", "lead X11")
    page.press("input[name=search]", "Enter")
    assert titles(looking) == ["Lead x11", *(f"Lead x11{n}" for n in range(10))]
    page.click("thead a:text-is('Title')")
    assert (titles(looking)[0], page.locator("#found").inner_text()) == ("Lead x119", "11 found")


def test_requests_are_listed_with_what_they_cost_and_answered(looking: Window) -> None:
    page = looking.page
    page.click("header nav a:text-is('Requests')")
    rows = page.locator("#requests tbody tr")
    failed, imported = rows.nth(0).inner_text(), rows.nth(1).inner_text()
    assert "1 × crm.item.get" in failed
    assert "2 × ERROR_METHOD_NOT_FOUND" in failed
    assert "1 × NOT_FOUND" in failed
    assert "1 × CRM_FIELD_ERROR_VALUE_NOT_VALID" in imported
    assert "50 × crm.item.add" in rows.last.inner_text()
    assert re.search(r"\d\.\d{3}", imported)


@pytest.mark.parametrize("path", ["", "requests", "items/2", "items/2/{deal}"])
def test_pages_fit_a_telephone_and_follow_its_colours(
    shared: RunningSandbox,
    ids: dict[str, int],
    open_window: Opens,  # noqa: F811
    path: str,
) -> None:
    seen = set()
    for scheme, width in (("dark", 390), ("light", 1280)):
        page = open_window(scheme=scheme, width=width).page
        page.goto(shared.root + path.format(**ids))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        seen.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


def test_every_text_is_escaped(shared: RunningSandbox, ids: dict[str, int]) -> None:
    for path in ("/", "/requests", "/items/2", f"/items/3/{ids['odd']}", f"/items/2?search={quote(SCRIPT)}"):
        status, headers, text = asked(shared, path)
        assert status == 200
        assert SCRIPT not in text
        assert IMAGE not in text
        assert "<script" not in text
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "script-src" not in headers["Content-Security-Policy"]
    listed = asked(shared, "/items/2")[2]
    for each in HOSTILE:
        assert escape(each).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in listed
    assert escape(SCRIPT).replace("&#x27;", "&#39;") in asked(shared, f"/items/1302/{ids['purchase']}")[2]
    assert IMAGE not in asked(shared, f"/items/2/{quote(IMAGE)}")[2]


def test_a_foreign_host_sees_nothing(shared: RunningSandbox, ids: dict[str, int]) -> None:
    for path in ("/", "/requests", "/items/2", f"/items/2/{ids['deal']}", "/page.css"):
        for host in ("attacker.example.com", "127.0.0.1.attacker.example.com:80", "localhost.example.com"):
            status, _, text = asked(shared, path, host=host)
            assert (status, text) == (403, "This page is for this machine alone.\n")
        assert asked(shared, path, host="localhost:1")[0] == 200


def test_pages_change_nothing_and_count_for_nothing(shared: RunningSandbox, ids: dict[str, int]) -> None:
    before = shared.control("GET", ""), shared.control("GET", "log")
    for path in ("/", "/requests?page=99", "/items/2?sort=stage&way=up&page=0", f"/items/2/{ids['deal']}"):
        assert asked(shared, path)[0] == 200
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert asked(shared, path, method=method)[0] == 405
    for path in ("/items/2/0", "/items/2/99999999999999999999", "/items/2/x", "/items/6", "/items/x", "/items/2/9999"):
        assert asked(shared, path)[0] == 404
    for column in ("id", "title", "stage", "originatorId", "originId", "created", "nobody"):
        assert "Big deal" in asked(shared, f"/items/2?sort={column}")[2]
    assert "No item has all these words" in asked(shared, "/items/2?search=comments")[2]  # a field's name, no value
    assert "second 100%" in asked(shared, f"/items/2/{ids['deal']}")[2]
    assert (shared.control("GET", ""), shared.control("GET", "log")) == before


def test_the_page_is_printed_and_tells_what_it_does_not_know(tmp_path: Path) -> None:
    portal = RunningSandbox(tmp_path / "a portal #1?.db")
    with portal:
        number = add(portal, 4, title="T")
        assert portal.control("GET", "log")["entries"][0]["calls"] == {"crm.item.add": 1}
        assert "crm.item.add" in asked(portal, f"/items/4/{number}")[2]
    assert [each.name for each in tmp_path.iterdir()] == ["a portal #1?.db"]
    with portal:
        assert "a request that is not in the log" in asked(portal, f"/items/4/{number}")[2]
        portal.control("DELETE", "")
        assert asked(portal, f"/items/4/{number}")[0] == 404
        assert portal.page == portal.root
