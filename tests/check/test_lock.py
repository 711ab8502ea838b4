"""The portal lock file: written by a command, read without a network, compared with the portal by every plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncer.check.changes import differences
from syncer.check.lock import Lock, read_lock, text_of
from syncer.errors import Finding, Span
from syncer.mapping.directories import Entry, Pipelines
from syncer.model.field import FieldType
from syncer.model.identity import COMPANY, DEAL
from tests.commands.installed import QUICK, Desk, Done
from tests.sandbox_process import RunningSandbox

FIELDS = {
    "title": "{{ row.name }}",
    "categoryId": "{{ category('Wholesale') }}",
    "stageId": "{{ stage('Won', category='Wholesale') }}",
    "assignedById": "{{ user('Maria.Lopez@example.com') }}",
    "currencyId": "{{ currency('Euro') }}",
    "typeId": "SALE",
}
SPAN = Span("specs/shop.yaml", 5, 9)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        yield running


class Shop(Desk):
    """A desk whose spec names a lock file and a portal that runs beside it."""

    def written(self, fields: dict[str, Any], *, name: str = "acme", kind: Any = "deal") -> None:
        portal = {"webhook": "${WEBHOOK}", "name": name, "lock": "state/acme.lock.yaml", "limits": QUICK}
        entity = {"type": kind, "source": "erp", "query": "SELECT * FROM purchase", "originId": "{{ row.id }}"}
        self.spec({"deals": entity | {"fields": fields}}, portal=portal)

    @property
    def lock(self) -> Path:
        return self.folder / "state" / "acme.lock.yaml"

    def codes(self, done: Done) -> list[tuple[str, str]]:
        return [(each["severity"], each["code"]) for each in done.json["findings"]]

    def edit(self, before: str, after: str) -> None:
        text = self.lock.read_text()
        assert before in text
        self.lock.write_text(text.replace(before, after, 1))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.written(FIELDS)
    return shop


def test_with_the_lock_file_a_check_is_exact_without_network_and_secrets(shop: Shop, process: RunningSandbox) -> None:
    assert shop.codes(shop.run("validate", "specs", "--format", "json")) == [("error", "SYN501")]
    before = process.control("GET", "log")["requests"]
    wrote = shop.run("portal", "lock", "specs", WEBHOOK=process.url)
    assert wrote.code == 0, wrote.errors
    assert "state/acme.lock.yaml is written: 1 type of the portal acme" in wrote.out
    assert process.control("GET", "log")["requests"] - before <= 6, "few requests"
    text = shop.lock.read_text()
    assert process.url.split("/")[-2] not in text, "no secret"
    assert [line for line in text.splitlines() if "@" in line] == ['  "maria.lopez@example.com": 3'], "nobody else"
    assert [each.name for each in shop.lock.parent.iterdir()] == ["acme.lock.yaml"], "nothing is left beside it"
    again = shop.run("portal", "lock", "specs", WEBHOOK=process.url)
    assert (again.code, again.out) == (0, "state/acme.lock.yaml is up to date.\n")
    assert shop.run("validate", "specs").out == "1 spec checked: no problems.\n"

    mistakes = {
        "stageId": "{{ stage('Lots', category='Wholesale') }}",
        "currencyId": "{{ currency('Yen') }}",
        "assignedById": "{{ user('john.smith@example.com') }}",
        "sourceId": "{{ status('SOURCE', 'CALL') }}",
        "observers": ["{{ user('MARIA.LOPEZ@example.com') }}"],
        "titel": "x",
        "additionalInfo": "{{ status('SURCE', 'CALL') }}",
        "typeId": "SALES",
    }
    shop.written(FIELDS | mistakes)
    done = shop.run("validate", "specs", "--format", "json")
    assert [code for _, code in shop.codes(done)] == [
        "SYN309", "SYN502", "SYN313", "SYN308", "SYN502", "SYN301", "SYN308"
    ]  # fmt: skip
    assert "syncer portal lock" in done.json["findings"][1]["hint"]
    shop.written({"title": "x"}, kind="company")
    assert shop.codes(shop.run("validate", "specs", "--format", "json")) == [("error", "SYN502")]


def test_a_plan_tells_what_the_portal_has_changed(shop: Shop, process: RunningSandbox) -> None:
    assert shop.run("portal", "lock", "specs", WEBHOOK=process.url).code == 0
    digest = shop.run("plan", "specs", "--format", "json", WEBHOOK=process.url)
    assert digest.errors.count("SYN503") == 0
    assert "state/acme.lock.yaml" in digest.json["specs"][0]["files"]

    shop.edit('"C9:WON": "Won"', '"C9:WON": "Gewonnen"')
    shop.edit('      title: {type: "string"', '      title: {type: "integer"')
    shop.edit("      taxValue:", '      goneField: {type: "string"}\n      taxValue:')
    shop.edit('  EUR: "Euro"', '  EUR: "Euro"\n  XYZ: "Extra"')
    shop.edit('"maria.lopez@example.com": 3', '"maria.lopez@example.com": 5')
    changed = shop.run("plan", "specs", "--format", "json", WEBHOOK=process.url)
    assert changed.code == 0
    assert changed.json["digest"] != digest.json["digest"], "a plan holds for the lock file it was made with"
    for text in (
        "DEAL_STAGE_9: Gewonnen (C9:WON) is named Won now",
        "deal: the field title is of type string, was integer",
        "currencies: Extra (XYZ) is gone",
        "the user maria.lopez@example.com is number 3, was number 5",
        "one change of what these specs do not use",
    ):
        assert f"since the lock file was written: {text}" in changed.errors
    assert changed.errors.count("specs/shop.yaml:6:9: warning SYN503") == 5
    wrote = shop.run("portal", "lock", "specs", WEBHOOK=process.url)
    assert "Gewonnen (C9:WON) is named Won now" in wrote.out
    assert shop.run("plan", "specs", WEBHOOK=process.url).errors.count("SYN503") == 0

    shop.written(FIELDS, name="test")
    other = shop.run("validate", "--online", "specs", "--format", "json", WEBHOOK=process.url)
    assert (other.code, shop.codes(other)) == (0, [("warning", "SYN503")]), "names fit another portal as well"
    shop.lock.write_text("version: 1\nportal: [a]\n")
    shop.run("plan", "specs", WEBHOOK=process.url).failed(1, "state/acme.lock.yaml:2:9: error SYN501")


def test_a_spec_without_a_lock_file_has_nothing_to_write(shop: Shop, process: RunningSandbox) -> None:
    portal = {"webhook": "${WEBHOOK}", "name": "acme", "limits": QUICK}
    shop.spec(portal=portal)
    shop.run("portal", "lock", "specs", WEBHOOK=process.url).failed(64, "names no lock file")


def test_stages_and_users_are_listed(shop: Shop, process: RunningSandbox) -> None:
    spec = ("--spec", "specs/shop.yaml")
    told = shop.run("portal", "stages", "deal", *spec, WEBHOOK=process.url).out.splitlines()
    assert {"General (0, the default)", "Wholesale (9)"} <= set(told)
    assert any(line.split() == ["C9:WON", "Won"] for line in told)
    leads = shop.run("portal", "stages", "lead", "--format", "json", *spec, WEBHOOK=process.url).json
    assert "NEW" in [each["code"] for each in leads[0]["stages"]]
    assert shop.run("portal", "stages", "Delivery", *spec, WEBHOOK=process.url).out == "no stages\n"
    process.control("POST", "types", {"entityTypeId": 1188, "title": "Visits", "isStagesEnabled": "Y"})
    told = shop.run("portal", "stages", "Visits", *spec, WEBHOOK=process.url).out.splitlines()
    assert [line.split()[1] for line in told] == ["Start", "Approval", "Success", "Failure"], "its pipelines are off"
    told = shop.run("portal", "stages", "--spec", "specs", WEBHOOK=process.url).out.splitlines()
    assert told[0] == "deal", "without a type: of those of the spec that have stages"
    assert "    C9:WON                 Won" in told
    everywhere = shop.run("portal", "stages", "--format", "json", WEBHOOK=process.url).json
    assert {each["type"] for each in everywhere} == {"deal"}
    users = shop.run("portal", "users", "--format", "json", *spec, WEBHOOK=process.url).json
    assert {"id": 3, "email": "maria.lopez@example.com"} in users


ODD = [
    'say "no"',
    "two\nlines",
    "yes",
    "0123",
    "1e5",
    "\u2028",
    "ünïcödé 🎉",
    "#",
    "{a: b}",
    "'",
    "\\",
    " pad ",
    "\x00\x7f",
]


def test_any_name_goes_to_the_file_and_back(tmp_path: Path) -> None:
    entries = [Entry(f"C{place}", name) for place, name in enumerate(ODD)]
    field = FieldType("ufCrm_1", "enumeration", ODD[0], "UF_CRM_1", True, is_dynamic=True, items=((7, ODD[1]),))
    bounded = FieldType("n", "integer", settings={"MIN_VALUE": -3, "MAX_VALUE": "12", "DEFAULT_VALUE": "x"})
    lock = Lock(
        portal=ODD[0],
        types={COMPANY: {"ufCrm_1": field, "n": bounded}, DEAL: {}},
        titles=dict.fromkeys(ODD, DEAL),
        pipelines={DEAL: Pipelines([Entry("0", ODD[2]), Entry("9", ODD[5])], 9), COMPANY: Pipelines([], None)},
        directories=dict.fromkeys(ODD, entries),
        known=ODD,
        currencies=[Entry(name, name) for name in ODD],
        users=dict.fromkeys(ODD),
    )
    file = tmp_path / "a.lock.yaml"
    file.write_text(text_of(lock), "utf-8")
    found = read_lock(file, "a.lock.yaml", SPAN, "")
    assert isinstance(found, Lock), found
    assert text_of(found) == text_of(lock)
    assert found.titles == lock.titles
    assert {each.name for each in found.directories["#"]} == set(ODD)
    assert found.types[COMPANY]["ufCrm_1"] == field
    assert found.types[COMPANY]["n"].settings == {"MIN_VALUE": -3, "MAX_VALUE": 12, "DEFAULT_VALUE": True}
    assert differences(lock, found, ()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "version: 1",
        "version: 2\nportal: a",
        "version: 1\nportal: a\ntypes: {x: {fields: {}}}",
        "a: [",
        "\x00",
    ],
)
def test_a_file_that_is_no_lock_file_is_one_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(text)
    found = read_lock(tmp_path / "a", "a", SPAN, "")
    assert isinstance(found, Finding)
    assert found.code == "SYN501"
    assert isinstance(read_lock(tmp_path, "a", SPAN, ""), Finding)


def test_what_may_bite_is_told_apart_from_what_is_merely_new() -> None:
    before = Lock(
        "acme",
        {DEAL: {"a": FieldType("a", "string", "A"), "b": FieldType("b", "enumeration", items=((1, "x"), (2, "y")))}},
        titles={"Repair": DEAL},
        pipelines={DEAL: Pipelines([Entry("0", "General")], 0)},
        directories={"SOURCE": [Entry("CALL", "Call")]},  # the specs use it no more
    )
    after = replace(
        before,
        types={
            DEAL: {
                "b": FieldType("b", "enumeration", is_multiple=True, items=((1, "z"), (3, "y"))),
                "c": FieldType("c", "string", is_dynamic=True, is_required=True),
            }
        },
        titles={"Repair": COMPANY},
        pipelines={DEAL: Pipelines([Entry("0", "General"), Entry("9", "General")], 9)},
        directories={},
    )
    told = {each.text: each.used for each in differences(before, after, {(DEAL, "a"), (DEAL, "stageId")})}
    assert told == {
        "the smart process 'Repair' is number 4, was 2": True,
        "deal: the field a is gone": True,
        "deal: the field b is of several values now": False,
        "deal: the field b has its option x (1) named z now": False,
        "deal: the field b lost its option y (2)": False,
        "deal: the field b has a new option y (3)": False,
        "deal: the field c is new, and required": True,
        "the pipelines of deal: General (9) is new": True,
        "the pipelines of deal: the default one is 9, was 0": True,
    }
    assert json.dumps(told)
