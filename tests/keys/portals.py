"""Portals that keep keys in their own ways, and what must hold on each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from tests.plan.project import QUICK, Applied, Project, entity

TRIM, CUT, FOLD = {"key_trim": True}, {"key_cut": 12}, {"key_fold": True}
"""The originator `erp:` and eight more characters fit where a key is cut."""

WAYS: list[dict[str, Any]] = [
    {name: value for each in chosen for name, value in each.items()}
    for chosen in product(({}, TRIM), ({}, CUT), ({}, FOLD))
]
on_every_portal = pytest.mark.parametrize("ways", WAYS, ids=lambda ways: "+".join(ways) or "exact")

STAMPS = {4: "originId", 31: "xmlId"}
KINDS = {4: "company", 31: "invoice"}
of_both_stamps = pytest.mark.parametrize("kind", [4, 31], ids=["originId", "xmlId"])

KEYS = ("Val2 ", " lead", "both ", "A-000001-of-a-long-name", "B-000002-of-a-longer-name", "Ж-000003 длинное имя", "10")
"""Keys that no portal takes for one another, and that most keep otherwise than they were sent."""


def things(project: Project, kind: int, keys: Sequence[object] = KEYS, **more: Any) -> None:
    """A project of these rows, as items of a type."""
    project.customers(*keys)
    project.spec({"things": entity(KINDS[kind], "customer", **more)})


def texts(project: Project, kind: int) -> Counter[str]:
    """The stamped texts in the portal, with how often each is there."""
    return Counter(item[STAMPS[kind]] for item in project.portal.items(kind))


def stored(kind: int, key: str, ways: Mapping[str, Any]) -> str:
    """The text that a portal of these ways keeps of a key."""
    text = key if kind == 4 else f"erp:{key}"
    text = text.strip() if ways.get("key_trim") else text
    return text[: ways.get("key_cut") or None]


def titles(project: Project, kind: int) -> Counter[str]:
    """The items by title, which is the row's own, however the key is kept."""
    return Counter(item["title"] for item in project.portal.items(kind))


def complete(project: Project, kind: int, keys: Sequence[object] = KEYS) -> bool:
    """Whether each row has its item, and just one."""
    return titles(project, kind) == Counter(f"Customer {key}" for key in keys)


def told(applied: Applied) -> int:
    """The rows that the run accounts for."""
    return sum(applied.summary.values())


SLOW = QUICK | {"settle_seconds": 0.6}
