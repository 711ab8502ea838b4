"""HTML reports in a real browser: searched, filtered and sorted, offline; and nothing in a row's text runs."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from syncer.log import Secret
from syncer.report.html import ROWS, html
from syncer.report.report import Row, Stored
from tests.browser import Opens, Window, browser, open_window, window  # noqa: F401  # fixtures
from tests.plan.project import Project, entity
from tests.report.shown import report

SCRIPT = '"></script></td><script>alert("row")</script><img src="http://evil.example/x" onerror="alert(1)">'
STYLE = "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/a.css><svg onload=alert(2)>"
HOSTILE = st.text(alphabet="<>\"'&;=/!-scriptalonerh \n{}%#`", max_size=40)
ACTION, ENTITY, KEY = 0, 1, 2


def keys(window: Window) -> list[str]:  # noqa: F811
    return window.page.locator("#rows .key").all_inner_texts()


def found(window: Window) -> str:  # noqa: F811
    return window.page.locator("#found").inner_text()


def quiet(window: Window) -> bool:  # noqa: F811
    """The page asked nobody for anything, ran nothing of a row, and broke none of its own rules."""
    return (window.asked, window.dialogs, window.complaints) == ([], [], [])


def opened(window: Window, file: Path) -> Window:  # noqa: F811
    window.page.context.set_offline(True)
    window.page.goto(file.as_uri())
    window.page.wait_for_selector("#controls:not([hidden])")
    return window


def written(folder: Path, *sections: list[Row], **more: object) -> Path:
    file = folder / "report.html"
    file.write_text("".join(html(report(*sections, **more))), encoding="utf-8")  # type: ignore[arg-type]
    return file


def test_a_plan_is_searched_filtered_and_sorted(project: Project, tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    project.table("customer", "id, name, note", [("K10", SCRIPT, STYLE), ("K9", "Plain", SCRIPT), ("K2", "Zoë", "x")])
    project.purchases(("P1", "K9"), (SCRIPT, "K9"), ("P3", STYLE))
    fields = {"title": "{{ row.name }}", "comments": "{{ row.note }}"}
    companies = entity("company", "customer", fields=fields)
    deals = entity("deal", "purchase", fields={"title": "x", "companyId": "{{ ref('companies', row.customer) }}"})
    project.spec({"companies": companies, "deals": deals})
    code, out, errors = project.run("plan", "--report", str(tmp_path / "plan.html"), "--format", "html")
    assert code == 0, errors
    assert out == (tmp_path / "plan.html").read_text(encoding="utf-8")
    window = opened(open_window(), tmp_path / "plan.html")  # noqa: F811
    page = window.page
    assert (len(keys(window)), found(window)) == (6, "6 of 6 rows")
    assert SCRIPT in keys(window)
    assert page.locator("header").is_visible(), "no row's style reaches the page"
    page.fill("#search", "zoë K2")
    assert (keys(window), found(window)) == (["K2"], "1 of 6 rows")
    page.fill("#search", "<script>alert(")
    assert sorted(keys(window)) == sorted(["K10", "K9", SCRIPT])
    page.fill("#search", "nowhere")
    assert page.locator("#none").is_visible()
    page.fill("#search", "")
    page.select_option("#action", "blocked")
    assert keys(window) == ["P3"]
    page.select_option("#action", "")
    page.select_option("#entity", "shop/companies")
    assert sorted(keys(window)) == ["K10", "K2", "K9"]
    page.click("#rows thead th:nth-child(3) button")
    assert keys(window) == ["K2", "K9", "K10"]
    page.click("#rows thead th:nth-child(3) button")
    assert keys(window) == ["K10", "K9", "K2"]
    assert page.get_attribute("#rows thead th:nth-child(3)", "aria-sort") == "descending"
    assert not page.locator("#rows details[open]").count()
    page.click("#rows tbody tr:first-child summary")
    assert SCRIPT in page.locator("#rows details[open] dd").first.inner_text().replace('\\"', '"')
    page.click("#unfold")
    assert page.locator("#rows details[open]").count() == 3
    assert quiet(window)


def test_a_script_that_got_into_the_page_would_not_run(tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    file = written(tmp_path, [Row("create", "MARK")])
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("MARK", "<script>alert(1)</script><img src=x onerror=alert(2)>"), encoding="utf-8")
    window = opened(open_window(), file)  # noqa: F811
    assert window.dialogs == []
    assert any("Content Security Policy" in each for each in window.complaints)


def test_a_run_shows_what_to_look_at(tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    stored = [Stored("shop/e0", SCRIPT, "dropped", 1234, STYLE, SCRIPT, "nothing")]
    rows = [Row("failed", "F", f"BAD: {SCRIPT}"), Row("not_sent", "N", "parent"), Row("ambiguous", "A", "items 1, 2")]
    rows.append(Row("blocked", "7 rows (B1, B2, B3, …)", "missing_ref: " + "no such parent, " * 9, count=7))
    window = opened(open_window(scheme="dark", width=390), written(tmp_path, rows, stored=stored, warnings=[SCRIPT]))  # noqa: F811
    assert window.page.locator(".stored tbody td").all_inner_texts() == [
        "shop/e0",
        SCRIPT,
        "dropped",
        "1,234",
        STYLE,
        SCRIPT,
        "nothing",
    ]
    assert window.page.locator(".warning").inner_text() == SCRIPT
    assert found(window) == "10 of 10 rows", (
        "what one cause blocks is a line, and counts as the rows that it stands for"
    )
    cut = "[...document.querySelectorAll('.wide')].filter((each) => each.scrollWidth > each.clientWidth).length"
    assert window.page.evaluate(cut) == 0, "all of every table can be read"
    window.page.select_option("#action", "not_sent")
    assert keys(window) == ["N"]
    assert quiet(window)
    colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    dark = window.page.evaluate(colours)
    assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no scrolling to the side"
    window.page.emulate_media(color_scheme="light")
    light = window.page.evaluate(colours)
    assert _brightness(dark[0]) < 60 < 180 < _brightness(dark[1])
    assert _brightness(light[1]) < 60 < 180 < _brightness(light[0])


def test_what_a_run_stored_otherwise_is_in_its_reports(
    project: Project,
    tmp_path: Path,
    open_window: Opens,  # noqa: F811
) -> None:
    rows = [
        (SCRIPT, "A", "<b>bold</b>", 1),
        ("K2", "B", "<i>thin</i>", 2),
        ("K3", "C", "x", 3),
        ("K4", "D", "x", "1,5"),
    ]
    project.table("customer", "id, name, note, worth", rows)
    fields = {
        "title": "{{ row.name }}",
        "comments": "{{ row.note }}",
        "revenue": "{{ row.worth }}",
        "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "+49 (30) 123456"}],
    }
    project.spec({"companies": entity("company", "customer", fields=fields)}, mask=["fm"])
    project.switch(ignored={"4": ["fm"]})
    files = [tmp_path / "run.html", tmp_path / "run.md"]
    code, out, errors = project.run("apply", *(f"--report={each}" for each in files))
    assert code == 0, errors
    assert re.search(
        r'≠ comments  changed in 2 items, such as .+: sent "<(.)>(bold|thin)</\1>", stored "(bold|thin)"\n', out
    )
    assert re.search(r"≠ fm  dropped in 3 items, such as .+: sent \*\*\*, stored nothing\n", out)
    window = opened(open_window(), files[0])  # noqa: F811
    told = window.page.locator(".stored tbody tr")
    assert (told.count(), keys(window)) == (2, ["K4"])
    cells = [told.nth(place).locator("td").all_inner_texts() for place in (0, 1)]
    assert [each[:4] for each in cells] == [
        ["shop/companies", "comments", "changed", "2"],
        ["shop/companies", "fm", "dropped", "3"],
    ]
    assert {each[4] for each in cells} <= {SCRIPT, "K2", "K3"}
    assert cells[0][5:] in (['"<b>bold</b>"', '"bold"'], ['"<i>thin</i>"', '"thin"'])
    assert cells[1][5:] == ["***", "nothing"]
    assert quiet(window)
    told_too = files[1].read_text(encoding="utf-8")
    assert "| `shop/companies` | `comments` | changed | 2 | `" in told_too
    assert "| `shop/companies` | `fm` | dropped | 3 | `" in told_too


def _brightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_a_folded_row_is_brief_and_an_open_one_whole(tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    Secret("hush-hush")
    long = "word " * 18 + "hush-hush " + "word " * 100 + "end"
    window = opened(open_window(), written(tmp_path, [Row("create", "K", fields=[("a", long), ("b", "2")])]))  # noqa: F811
    folded = window.page.locator("#rows summary")
    assert len(folded.inner_text()) < 150
    assert "hush" not in window.page.content(), "a secret is hidden before the text is cut"
    window.page.fill("#search", "end")
    assert keys(window) == ["K"], "what is folded is found"
    folded.click()
    assert window.page.locator("#rows dd").first.inner_text().endswith("word end")
    assert quiet(window)


def test_very_many_rows_are_cut_and_the_page_stays_usable(tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    fields = [("title", '"Customer"'), ("comments", '"a text of some words, as they are"'), ("revenue", "12.5")] * 3
    many = [Row("create", f"K{number}", fields=fields) for number in range(ROWS + 5000)]
    few = [Row("blocked", f"W{number}", "value: no number") for number in range(7)]
    window = opened(open_window(), written(tmp_path, many, few))  # noqa: F811
    page = window.page
    assert "5,007 more create" in page.locator(".cut").inner_text()
    assert found(window) == "10,000 of 10,000 rows"
    assert (len(keys(window)), keys(window)[0]) == (500, "W0")
    page.click("#more")
    assert len(keys(window)) == 1000
    page.fill("#search", "k9992")
    assert keys(window) == ["K9992"]
    page.fill("#search", "")
    page.click("#rows thead th:nth-child(3) button")
    assert keys(window)[:3] == ["K0", "K1", "K2"]
    assert quiet(window)


def test_without_script_all_rows_are_there(tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    window = open_window(script=False)  # noqa: F811
    window.page.goto(written(tmp_path, [Row("create", f"K{number}") for number in range(700)]).as_uri())
    assert len(keys(window)) == 700
    assert not window.page.locator("#controls").is_visible()


@given(st.lists(HOSTILE, min_size=5, max_size=5))
@settings(max_examples=200, deadline=None)
def test_tags_of_a_page_do_not_depend_on_its_rows(words: list[str]) -> None:
    def tags(key: str, note: str, name: str, value: str, fact: str) -> list[str]:
        rows = [Row("create", key, fields=[(name, value)]), Row("blocked", key, note)]
        page = "".join(
            html(report(rows, warnings=[note], sentences=[fact], facts=[("Portal", fact)], command=fact or "c"))
        )
        return re.findall(r"<[^>]*>", page.partition("</style>")[2].partition("<script>")[0])

    assert tags(*words) == tags("a", "b", "c", "d", "e")
    assert str(escape(words[0])) in "".join(html(report([Row("create", words[0])])))


def test_a_secret_is_hidden_and_spoils_no_page(tmp_path: Path, open_window: Opens) -> None:  # noqa: F811
    Secret("p&ss<word"), Secret("details"), Secret("const")
    window = opened(open_window(), written(tmp_path, [Row("create", "p&ss<word", fields=[("a", "details")])]))  # noqa: F811
    assert keys(window) == ["***"]
    assert "p&amp;ss" not in window.page.content()
    assert quiet(window)
