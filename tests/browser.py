"""A real browser for tests of HTML pages: Debian's chromium, headless, driven by playwright.

A `Window` reaches nothing but loopback: what a page asks of any other host is refused and noted in `asked`. What the
page complains of (errors of scripts, refusals of its Content-Security-Policy) is noted in `complaints`, and what it
says by `alert` and the like in `dialogs`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Route, sync_playwright

from tests.conftest import needs

SECONDS = 60.0
"""How long a test waits for something to be seen: a machine may be slow."""

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ALONE = ("file", "data", "about", "blob")
"""Schemes that reach no other machine."""


class Window:
    """A page of a browser with nothing in it yet, and what it did that a test may want to know."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        """Requests beyond loopback, all refused."""
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        page.set_default_timeout(SECONDS * 1000)
        page.context.route("**/*", self._route)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dialog)

    def _route(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ALONE or parts.hostname in ("127.0.0.1", "localhost", "::1"):
            route.continue_()
        else:
            self.asked.append(route.request.url)
            route.abort()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


Opens = Callable[..., Window]
"""`open_window(scheme="dark", width=390)` → a `Window`; see `open_window`."""


def chromium() -> str:
    """Debian's chromium; empty when it is not installed."""
    return shutil.which("chromium") or ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module: playwright's event loop must not outlive it, or other tests could run none."""
    needs("Debian's chromium (apt-get install chromium)", bool(chromium()))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS, timeout=SECONDS * 1000)
        yield started
        started.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Opens]:
    """Opens windows, each with a profile of its own: light or dark, and of any size."""
    with ExitStack() as leaving:

        def opened(
            *, scheme: Literal["light", "dark"] = "light", width: int = 1280, height: int = 900, script: bool = True
        ) -> Window:
            context = browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": height}, java_script_enabled=script
            )
            leaving.callback(context.close)
            return Window(context.new_page())

        yield opened


@pytest.fixture
def window(open_window: Opens) -> Window:
    """One window of the usual size."""
    return open_window()
