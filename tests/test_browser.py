"""The browser of the other tests: it notes what a page asks of strangers, complains of and says."""

from __future__ import annotations

from tests.browser import Opens, browser, open_window, window  # noqa: F401  # fixtures

TELLTALE = """<!doctype html><meta charset="utf-8"><title>x</title>
<img src="http://example.com/a.png"><script>alert("hello"); undefinedName()</script><p>here</p>"""


def test_a_window_notes_what_a_page_does(open_window: Opens) -> None:  # noqa: F811
    window = open_window(scheme="dark")  # noqa: F811
    window.page.set_content(TELLTALE)
    assert window.page.inner_text("p") == "here"
    assert window.asked == ["http://example.com/a.png"]
    assert window.dialogs == ["hello"]
    assert any("undefinedName" in each for each in window.complaints)
    assert window.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
