"""specs/types fills every field that the documentation calls settable, and each arrives as it was sent."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.plan.project import Project
from tests.sandbox_process import RunningSandbox
from tests.types.specs import BACKFILL, MAIN, NUMBERS, TYPES, Created, bring, created, kind_of, same, settable, written

STAMPS = {"originatorId", "originId", "xmlId"}
"""Fields that an identity is stamped in, which `fields` may not set."""
RECKONED = {"taxValue"}
"""What the portal reckons itself, from products: 99.9 came back as 0 in the sample of crm-item-add.md."""

of_each_spec = pytest.mark.parametrize("spec", MAIN)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        yield running


@pytest.fixture(scope="module")
def run(portal: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Created:
    """All specs of a folder in one run, by a user who is no administrator of the CRM."""
    project = Project(tmp_path_factory.mktemp("types"), portal)
    bring(project, *TYPES.glob("*.yaml"))
    project.switch(admin=False)
    return created(project)


@pytest.fixture(scope="module")
def catalogs(portal: RunningSandbox) -> Mapping[str, Mapping[str, Any]]:
    """Type → what crm.item.fields says of its fields."""
    return {
        kind: portal.call("crm.item.fields", entityTypeId=number)["result"]["fields"]
        for kind, number in NUMBERS.items()
    }


@of_each_spec
def test_a_spec_names_every_settable_field(spec: str, catalogs: Mapping[str, Mapping[str, Any]]) -> None:
    """Those of the documentation, and the portal's custom fields and links to other types."""
    entity = written(TYPES / f"{spec}.yaml")["entities"][MAIN[spec]]
    upper = {facts["upperName"]: name for name, facts in catalogs[kind_of(spec)].items() if facts["isDynamic"]}
    filled = (
        {upper.get(name, name) for name in entity["fields"]} | STAMPS | {*filter(None, [entity.get("origin_field")])}
    )
    documented = settable()[kind_of(spec)]
    wanted = {name for name, facts in documented.items() if "import" not in facts}
    assert wanted - filled == set()
    own = {name for name, facts in catalogs[kind_of(spec)].items() if facts["isDynamic"] or name.startswith("parentId")}
    assert own - filled == set()
    assert filled - STAMPS <= documented.keys() | own


@of_each_spec
def test_every_value_is_read_back_as_it_was_sent(
    spec: str, run: Created, catalogs: Mapping[str, Mapping[str, Any]]
) -> None:
    assert run.applied.summary == {"created": 82}
    rows = [(sent, stored) for _, sent, stored in run.of(name_of(spec), MAIN[spec])]
    assert len(rows[0][0]) == len(written(TYPES / f"{spec}.yaml")["entities"][MAIN[spec]]["fields"])
    for sent, stored in rows:
        assert wrongly_stored(catalogs[kind_of(spec)], sent, stored) == {}
    for name, facts in settable()[kind_of(spec)].items():
        if name in rows[0][0] and "default" in facts:
            assert any(sent.get(name, facts["default"]) != facts["default"] for sent, _ in rows), (
                f"{name} proves nothing"
            )


def name_of(spec: str) -> str:
    return f"types-{spec.replace('_', '-')}"


def wrongly_stored(catalog: Mapping[str, Any], sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: (value, stored.get(name))
        for name, value in sent.items()
        if name not in RECKONED and not same(catalog[name]["type"], name, value, stored.get(name))
    }


def test_the_run_tells_what_the_portal_reckoned_itself(run: Created) -> None:
    told = {(each["spec"], each["field"], each["kind"]) for each in run.applied.document["stored_otherwise"]}
    with_tax = {spec for spec in MAIN if "taxValue" in settable()[kind_of(spec)]}
    assert told == {(name_of(spec), "taxValue", "changed") for spec in with_tax}


@of_each_spec
def test_an_item_that_is_sent_a_name_alone_gets_the_documented_defaults(spec: str, run: Created) -> None:
    number = NUMBERS[kind_of(spec)]
    _, (_, sent, stored), *_ = run.of(name_of(spec), MAIN[spec])
    assert len(sent) == 1
    own = [item["id"] for item in run.stored.values() if item.get("isMyCompany") == "Y"]
    day = stored["createdTime"][:10]
    rules = {
        "first": None,
        "base currency": "USD",
        "caller": 1,
        "today": day,
        "in 7 days": (dt.date.fromisoformat(day) + dt.timedelta(days=7)).isoformat(),
        "first own company": min(own),
    }
    unlike: dict[str, Any] = {}
    for name, facts in settable()[kind_of(spec)].items():
        if name in sent or name in STAMPS or name in RECKONED or not {"default", "rule"} & facts.keys():
            continue
        wanted = facts["default"] if "default" in facts else rules[facts["rule"]]
        found = stored[name][:10] if facts["type"] == "date" and stored[name] else stored[name]
        if facts.get("rule") == "first":
            fine = bool(found)
        else:
            fine = found == wanted or (wanted is None and found in ([], 0 if number == 1 else None))
        if not fine:
            unlike[name] = (wanted, found)
    assert unlike == {}


def test_imports_take_the_same_fields(portal: RunningSandbox, tmp_path: Path, catalogs: Mapping[str, Any]) -> None:
    portal.control("DELETE", "")
    project = Project(tmp_path, portal)
    bring(project, *TYPES.glob("*.yaml"), write="import")
    run = created(project)
    assert run.applied.summary == {"created": 82}
    for spec in MAIN:
        for _, sent, stored in run.of(name_of(spec), MAIN[spec]):
            assert wrongly_stored(catalogs[kind_of(spec)], sent, stored) == {}


def test_an_import_keeps_times_and_people(portal: RunningSandbox, tmp_path: Path, catalogs: Mapping[str, Any]) -> None:
    portal.control("DELETE", "")
    project = Project(tmp_path, portal)
    bring(project, BACKFILL)
    entities = written(BACKFILL)["entities"]
    run = created(project)
    assert (run.applied.summary, run.applied.document["stored_otherwise"]) == ({"created": 14}, [])
    kinds = dict(zip(entities, NUMBERS, strict=True))
    for entity, kind in kinds.items():
        wanted = {name for name, facts in settable()[kind].items() if "import" in facts}
        rows = list(run.of("backfill", entity))
        assert [wanted - sent.keys() for _, sent, _ in rows] == [set(), set()]
        for _, sent, stored in rows:
            assert wrongly_stored(catalogs[kind], sent, stored) == {}


def test_the_documentation_names_the_fields() -> None:
    page = (ROOT / "docs" / "types.md").read_text(encoding="utf-8")
    sections = [part.partition("\n## ")[0] for part in page.partition("\n## Fields\n")[2].split("\n### ")[1:]]
    found = [set(re.findall(r"`([a-zA-Z]+)`", part)) for part in sections]
    assert found == [set(fields) for fields in settable().values()]
