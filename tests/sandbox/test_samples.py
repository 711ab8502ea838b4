"""The documentation's own requests and answers; each file of samples/ names its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request

import pytest

from tests.sandbox_process import RunningSandbox

ANY = "…"  # a value that the sample leaves open
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))


def matches(found: Any, expected: Any, path: str = "") -> list[str]:
    """Where `found` differs: maps may have more keys, lists may not have more elements."""
    if expected == ANY:
        return []
    if isinstance(expected, dict) and isinstance(found, dict):
        wrong = [f"{path}.{key} is missing" for key in expected if key not in found]
        return wrong + [
            each
            for key in expected.keys() & found.keys()
            for each in matches(found[key], expected[key], f"{path}.{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        pairs = enumerate(zip(found, expected, strict=True))
        return [each for n, (a, b) in pairs for each in matches(a, b, f"{path}.{n}")]
    same = found == expected and isinstance(found, bool) == isinstance(expected, bool)
    return [] if same else [f"{path}: {found!r} instead of {expected!r}"]


def at(answer: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    return answer


def prepare(portal: RunningSandbox, sample: dict[str, Any]) -> dict[str, str]:
    """What the sample wants to be there; the application's tokens, for its query."""
    for each in sample.get("types", ()):
        portal.control("POST", "types", each)
    for step in sample.get("before", ()):
        if "next_ids" in step:
            portal.control("POST", "next-ids", step["next_ids"])
        else:
            assert "result" in portal.call(step["method"], **step["params"])
    portal.control("POST", "faults", sample.get("faults", []))
    portal.control("PATCH", "settings", sample.get("settings", {}))
    tokens: dict[str, str] = portal.control("POST", "tokens", sample["tokens"]) if "tokens" in sample else {}
    return tokens


def ask(portal: RunningSandbox, sample: dict[str, Any], tokens: dict[str, str]) -> tuple[int, Any]:
    if "query" not in sample:
        return portal.status_of(sample["method"], **sample["params"])
    if "path" in sample:  # as an application, whose tokens stand in the query
        query = urlencode({name: value.format(**tokens) for name, value in sample["query"].items()})
        return portal.open(Request(f"{portal.root}{sample['path']}?{query}"))
    return portal.open(Request(f"{portal.url}{sample['method']}?{sample['query']}"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_portal_answers_as_documented(portal: RunningSandbox, path: Path) -> None:
    sample = json.loads(path.read_text("utf-8"))
    status, answer = ask(portal, sample, prepare(portal, sample))
    assert status == sample["status"], answer
    assert matches(answer, sample.get("answer", {})) == []
    for place, wanted in sample.get("contains", {}).items():
        for each in wanted:
            assert any(not matches(found, each) for found in at(answer, place)), each
    for place, keys in sample.get("same_keys", {}).items():
        found = {key for key in at(answer, place) if not key.startswith(("ufCrm", "parentId")) or key in keys}
        assert found == set(keys)
