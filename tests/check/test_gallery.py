"""Sixty mistakes of sixty kinds and more: one call finds each at its line, by its code; mended, nothing is found."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.check.gallery import BROKEN, RIGHTS, SPECS, Mistake, right, whole, wrong
from tests.commands.installed import syncer
from tests.sandbox_process import RunningSandbox

FIELDS = (
    {"entityTypeId": 1, "name": "UF_CRM_1800000000001", "type": "integer"},
    {"entityTypeId": 1220, "name": "UF_CRM_47_TAX", "type": "string", "required": True},
)
GOLDEN = Path(__file__).with_name("gallery.txt")
TWINS = [{"id": number, "name": "Twin", "sort": number, "default": number == 301} for number in (301, 302)]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        for field in FIELDS:
            running.control("POST", "fields", field)
        twins = {"entityTypeId": 1040, "title": "Twins", "isCategoriesEnabled": "Y", "categories": TWINS}
        running.control("POST", "types", twins)
        yield running


def found(folder: Path, portal: RunningSandbox) -> list[Mistake]:
    """What one call of `validate` tells of the specs and of a file that is named beside them."""
    done = syncer("validate", "--online", "--format", "json", "specs", "other.yaml", cwd=folder, WEBHOOK=portal.url)
    assert "Traceback" not in done.errors, done.errors
    told = done.json["findings"] if done.out else pytest.fail(done.errors)
    assert all(each["message"] and each["column"] >= 1 for each in told)
    return [Mistake(Path(each["file"]).stem, each["line"], each["code"]) for each in told]


def as_it_was_looked_at(folder: Path, portal: RunningSandbox) -> None:
    """What people read, to the letter: words and columns. `REFRESH_GOLDEN=1` writes it anew."""
    done = syncer("validate", "--online", "specs", "other.yaml", cwd=folder, WEBHOOK=portal.url)
    text = done.out.replace(f"{folder}/", "")
    if os.environ.get("REFRESH_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_sixty_mistakes_are_found_in_one_call_and_mended_none(tmp_path: Path, portal: RunningSandbox) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    expected = [Mistake("other", 1, "SYN001")]
    for name, marked in SPECS.items():
        text, mistakes = wrong(name, marked)
        (specs / f"{name}.yaml").write_text(text)
        expected += mistakes
    for name, (content, code, line) in BROKEN.items():
        (specs / f"{name}.yaml").write_bytes(content)
        expected.append(Mistake(name, line, code))
    assert len(expected) >= 60
    as_it_was_looked_at(tmp_path, portal)
    told = found(tmp_path, portal)
    assert (Counter(expected) - Counter(told), Counter(told) - Counter(expected)) == (Counter(), Counter())

    for name, marked in SPECS.items():
        (specs / f"{name}.yaml").write_text(right(name, marked))
    for name in BROKEN:
        (specs / f"{name}.yaml").write_text(whole(name))
    (tmp_path / "other.yaml").write_text(whole("other"))
    assert found(tmp_path, portal) == []


def test_rights_that_the_webhook_lacks_are_told_at_what_needs_them(tmp_path: Path, portal: RunningSandbox) -> None:
    text, _ = wrong("rights", RIGHTS)
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "rights.yaml").write_text(text)
    (tmp_path / "other.yaml").write_text(whole("other"))
    assert found(tmp_path, portal) == []
    portal.control("PATCH", "settings", {"denied": ["read:1302", "settings"], "scopes": ["crm"]})
    try:
        assert found(tmp_path, portal) == [Mistake("rights", line, "SYN318") for line in (15, 16, 17, 19)]
    finally:
        portal.control("PATCH", "settings", {"denied": [], "scopes": ["crm", "user", "user_basic"]})
