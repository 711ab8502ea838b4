"""The tests that the page of proofs names are there."""

from __future__ import annotations

import ast
import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(\S+\.py)::(\w+)`")


def test_every_test_that_is_named_is_there() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named if name not in _tests(file)]
    assert not missing, "docs/proof.md names tests that are gone or have another name"


def test_every_promise_names_a_test() -> None:
    promises = [line for line in PAGE.splitlines() if line.startswith("| ") and line != "| promise | proved by |"]
    assert [line for line in promises if not NAMED.search(line)] == []


def _tests(file: str) -> set[str]:
    path = ROOT / "tests" / file
    if not path.is_file():
        return set()
    return {each.name for each in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(each, ast.FunctionDef)}
