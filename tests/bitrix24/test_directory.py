"""Names, smart processes, fields and rights, on the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from syncer.bitrix24.auth import Webhook
from syncer.bitrix24.catalog import FieldTypes, from_json, read_fields, to_json
from syncer.bitrix24.directory import PortalShelf, read_all
from syncer.bitrix24.encode import Command
from syncer.bitrix24.portal import Portal
from syncer.bitrix24.rights import describe
from syncer.bitrix24.types import spa_types
from syncer.errors import PortalError, PortalRefused
from syncer.log import Secret
from syncer.mapping.directories import Directories, Entry, chosen
from syncer.mapping.names import NameNotFound, Names
from syncer.model.field import FieldType, spelling
from syncer.model.identity import COMPANY, CONTACT, DEAL, INVOICE, LEAD, QUOTE, EntityTypeId
from tests.bitrix24 import odd_server as odd
from tests.bitrix24.conftest import Switch
from tests.bitrix24.odd_server import CODE, OddServer
from tests.bitrix24.settings import TestLimits
from tests.sandbox_process import RunningSandbox

SPA = EntityTypeId(1302)
TYPES = [LEAD, DEAL, CONTACT, COMPANY, QUOTE, INVOICE, SPA]


@pytest.fixture
def catalogs(portal: Portal) -> dict[EntityTypeId, FieldTypes]:
    return read_fields(portal, TYPES)


@pytest.fixture
def names(portal: Portal, catalogs: dict[EntityTypeId, FieldTypes]) -> Names:
    return Directories(PortalShelf(portal), catalogs)


def test_the_fields_of_all_types_are_one_request(portal: Portal, sandbox: RunningSandbox) -> None:
    fields = read_fields(portal, TYPES)
    assert portal.spent.requests == 1
    assert list(fields) == TYPES
    deal = fields[DEAL]
    assert deal["stageId"].status_type == "DEAL_STAGE"
    assert deal["contactIds"].is_multiple
    assert deal["id"].is_read_only
    custom = deal["ufCrm_64A29A1CD5CC2"]
    assert custom.is_dynamic
    assert custom.type == "enumeration"
    assert all(isinstance(number, int) and text for number, text in custom.items)
    told = sandbox.call("crm.item.fields", entityTypeId=2)["result"]["fields"]
    assert list(deal) == list(told)
    for name, each in told.items():
        assert (deal[name].type, deal[name].title) == (each["type"], each["title"])
        assert deal[name].is_required is each["isRequired"]


def test_fields_go_to_the_state_and_back(catalogs: dict[EntityTypeId, FieldTypes]) -> None:
    for fields in catalogs.values():
        assert from_json(json.loads(json.dumps(to_json(fields)))) == fields


def test_a_custom_field_is_known_by_both_spellings(catalogs: dict[EntityTypeId, FieldTypes]) -> None:
    for fields in catalogs.values():
        for each in fields.values():
            assert spelling(each.name, fields) is each
            if each.is_dynamic:
                assert spelling(each.upper_name, fields) is each
    assert spelling("UF_CRM_NOT_THERE", catalogs[DEAL]) is None
    assert spelling("STAGE_ID", catalogs[DEAL]) is None


def test_a_type_that_is_not_there_is_named(portal: Portal) -> None:
    with pytest.raises(PortalRefused, match="entityTypeId 1444"):
        read_fields(portal, [DEAL, EntityTypeId(1444)])


def test_odd_fields_are_read_as_far_as_they_go() -> None:
    told: dict[str, Any] = {"a": {"type": "enumeration", "items": {"0": {"ID": "7", "VALUE": "x"}}}, "b": None}
    answer = {"k0": {"fields": {**told, "c": {"isRequired": "Y", "settings": []}}}, "k1": {"fields": []}, "k2": []}
    with OddServer(odd.batch(answer)) as server, Portal(server.webhook, TestLimits()) as portal:
        fields = read_fields(portal, [LEAD, DEAL, CONTACT])
    assert list(fields[LEAD]) == ["a", "c"]
    assert fields[LEAD]["a"].items == ((7, "x"),)
    assert fields[LEAD]["c"].is_required
    assert fields[DEAL] == fields[CONTACT] == {}


@pytest.mark.parametrize("name", ["Manufacturing", " manufacturing ", "MANUFACTURING"])
def test_a_status_by_name_or_code(names: Names, name: str) -> None:
    assert names.status("INDUSTRY", name) == "MANUFACTURING"


@pytest.mark.parametrize(
    ("entity_type_id", "name", "category", "code"),
    [
        (DEAL, "Won", None, "WON"),
        (DEAL, "won", "General", "WON"),
        (DEAL, "Won", "Wholesale", "C9:WON"),
        (DEAL, "C9:WON", None, "C9:WON"),
        (DEAL, "C9:WON", 9, "C9:WON"),
        (DEAL, "Won", "9", "C9:WON"),
        (LEAD, "NEW", None, "NEW"),
        (QUOTE, "DRAFT", None, "DRAFT"),
        (INVOICE, "DT31_5:N", None, "DT31_5:N"),
        (SPA, "DT1302_64:NEW", None, "DT1302_64:NEW"),
        (SPA, "DT1302_62:NEW", "General", "DT1302_62:NEW"),
    ],
)
def test_a_stage_by_name_or_code(
    names: Names, entity_type_id: EntityTypeId, name: str, category: str | int | None, code: str
) -> None:
    assert names.stage(entity_type_id, name, category) == code


@pytest.mark.parametrize(
    ("entity_type_id", "name", "category", "told"),
    [
        (DEAL, "Gewonnen", None, "no stage of DEAL_STAGE"),
        (DEAL, "Wonn", None, "nearest: 'Won' \\(WON\\)"),
        (DEAL, "Won", "Retail", "no pipeline"),
        (DEAL, "C9:WON", "General", "no stage of DEAL_STAGE"),
        (LEAD, "NEW", "General", "no pipelines"),
        (COMPANY, "NEW", None, "no stages"),
    ],
)
def test_a_stage_that_is_not_there(
    names: Names, entity_type_id: EntityTypeId, name: str, category: str | None, told: str
) -> None:
    with pytest.raises(NameNotFound, match=told):
        names.stage(entity_type_id, name, category)


def test_without_pipelines_the_stages_are_those_that_the_field_names() -> None:
    stages = [{"STATUS_ID": "DT1302_52:NEW", "NAME": "Start"}]
    catalogs = {SPA: {"stageId": FieldType("stageId", "crm_status", status_type="DYNAMIC_1302_STAGE_52")}}
    replies = [odd.refuses("ENTITY_TYPE_NOT_SUPPORTED"), odd.says({"result": stages, "total": 1})]
    with OddServer(*replies) as server, Portal(server.webhook, TestLimits()) as portal:
        assert Directories(PortalShelf(portal), catalogs).stage(SPA, "start", None) == "DT1302_52:NEW"
    assert server.requests[1].json()["filter"] == {"ENTITY_ID": "DYNAMIC_1302_STAGE_52"}


def test_pipelines_that_may_not_be_read_are_told() -> None:
    with (
        OddServer(odd.refuses("ACCESS_DENIED")) as server,
        Portal(server.webhook, TestLimits()) as portal,
        pytest.raises(PortalRefused, match="may not read items of this type"),
    ):
        Directories(PortalShelf(portal), {}).category(DEAL, "General")


def test_other_names(names: Names, catalogs: dict[EntityTypeId, FieldTypes]) -> None:
    assert names.category(DEAL, "wholesale") == 9
    assert names.category(DEAL, "0") == 0
    assert names.user("Maria.Lopez@example.com ") == 3
    assert names.user("3") == 3
    assert names.user("left.already@example.com") == 7
    assert names.currency("Euro") == names.currency("eur") == "EUR"
    number, label = catalogs[DEAL]["ufCrm_64A29A1CD5CC2"].items[0]
    for field in ("ufCrm_64A29A1CD5CC2", "UF_CRM_64A29A1CD5CC2"):
        assert names.enum(DEAL, field, label.upper()) == names.enum(DEAL, field, str(number)) == number


@pytest.mark.parametrize("name", ["", "  ", "nobody@example.com"])
def test_a_user_that_is_not_there(names: Names, name: str) -> None:
    with pytest.raises(NameNotFound, match="no user is named"):
        names.user(name)


def test_a_field_that_is_no_enumeration(names: Names) -> None:
    with pytest.raises(NameNotFound, match="it is of type string"):
        names.enum(DEAL, "title", "x")
    with pytest.raises(NameNotFound, match="no such field"):
        names.enum(DEAL, "ufCrm_0", "x")


def test_a_directory_is_read_once(names: Names, portal: Portal) -> None:
    before = portal.spent.requests
    for _ in range(3):
        names.status("INDUSTRY", "IT")
        names.stage(DEAL, "Won", "Wholesale")
        names.user("john.smith@example.com")
        names.currency("USD")
    assert portal.spent.requests - before == 5  # a directory, pipelines, stages, users, currencies


def test_of_two_things_of_one_name_the_exact_one_wins_or_both_are_told() -> None:
    entries = [Entry("1", "Won"), Entry("2", "WON"), Entry("3", "Lost"), Entry("4", "Lost"), Entry("Lost", "x")]
    assert chosen("WON", entries, "stage").code == "2"
    with pytest.raises(NameNotFound, match=r"more than one stage is named 'won': 1 \(Won\), 2 \(WON\)"):
        chosen("won", entries, "stage")
    with pytest.raises(NameNotFound, match=r"3 \(Lost\), 4 \(Lost\)"):
        chosen("Lost", entries, "stage")
    assert chosen("3", entries, "stage").code == "3"


def test_users_without_e_mails_name_the_scope(names: Names, switch: Switch) -> None:
    switch(scopes=["crm", "user_brief"])
    with pytest.raises(PortalRefused, match="user_basic"):
        names.user("admin@example.com")


def test_settings_that_may_not_be_read_are_told(names: Names, switch: Switch) -> None:
    switch(denied=["settings"])
    with pytest.raises(PortalRefused, match="CRM settings"):
        names.currency("EUR")
    with pytest.raises(PortalRefused, match="CRM settings"):
        names.status("INDUSTRY", "IT")


def test_of_two_users_with_one_e_mail_the_active_one_is_meant() -> None:
    users = [
        {"ID": "1", "EMAIL": "a@x", "ACTIVE": False},
        {"ID": "2", "EMAIL": "A@x", "ACTIVE": True},
        {"ID": "3", "EMAIL": "gone@x", "ACTIVE": False},
    ]
    with OddServer(odd.says({"result": users, "total": 3})) as server, Portal(server.webhook, TestLimits()) as portal:
        names = Directories(PortalShelf(portal), {})
        assert names.user("a@x") == 2
        assert names.user("gone@x") == 3


def page(start: int, count: int, total: int | None) -> odd.Reply:
    rows = [{"ID": str(number)} for number in range(start, min(start + 50, count))]
    return odd.says({"result": rows, **({} if total is None else {"total": total})})


def replies(count: int) -> Iterator[odd.Reply]:
    yield page(0, count, count)
    batch = {
        f"k{n}": [{"ID": str(i)} for i in range(s, min(s + 50, count))] for n, s in enumerate(range(50, count, 50))
    }
    yield odd.batch(batch)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (2550, 2)])
def test_a_long_list_with_a_total_is_read_in_batches(count: int, requests: int) -> None:
    with OddServer(*replies(count)) as server, Portal(server.webhook, TestLimits()) as portal:
        rows = read_all(portal, Command("user.get", {}))
        assert len(server.requests) == requests
    assert [row["ID"] for row in rows] == [str(number) for number in range(count)]


@pytest.mark.parametrize("total", [None, 0])
@pytest.mark.parametrize(("count", "requests"), [(49, 1), (50, 2), (120, 3)])
def test_a_long_list_without_a_total_is_read_to_its_end(total: int | None, count: int, requests: int) -> None:
    pages = [page(start, count, total) for start in range(0, count + 50, 50)]
    with OddServer(*pages) as server, Portal(server.webhook, TestLimits()) as portal:
        assert len(read_all(portal, Command("crm.currency.list", {}))) == count
        assert len(server.requests) == requests


@pytest.mark.parametrize("admin", [True, False])
def test_a_smart_process_by_title(portal: Portal, switch: Switch, admin: bool) -> None:
    switch(admin=admin)
    assert spa_types(portal, ["Equipment Purchase", "delivery"]) == {"Equipment Purchase": 1302, "delivery": 1220}


def test_a_smart_process_that_is_not_there(portal: Portal) -> None:
    with pytest.raises(PortalError, match=r"nearest: 'Delivery' \(1220\)"):
        spa_types(portal, ["Delivry"])


def test_two_smart_processes_of_one_title() -> None:
    types = [{"entityTypeId": 1030, "title": "Same"}, {"entityTypeId": 1032, "title": "Same"}]
    reply = odd.says({"result": {"types": types}, "total": 2})
    with (
        OddServer(reply) as server,
        Portal(server.webhook, TestLimits()) as portal,
        pytest.raises(PortalError, match=r"1030 \(Same\), 1032 \(Same\)"),
    ):
        spa_types(portal, ["Same"])


def test_no_titles_ask_nothing(portal: Portal) -> None:
    assert spa_types(portal, []) == {}
    assert portal.spent.requests == 0


def test_who_calls_and_what_it_may(portal: Portal) -> None:
    rights = describe(portal)
    assert (rights.user_id, rights.name, rights.is_admin) == (1, "Alexandra Meyer", True)
    assert "crm" in rights.scopes
    assert portal.spent.requests == 1


def test_a_webhook_without_crm_is_told(portal: Portal, switch: Switch) -> None:
    switch(scopes=["user"])
    with pytest.raises(PortalRefused, match="lacks the scope crm"):
        describe(portal)


def test_a_wrong_webhook_is_told(sandbox: RunningSandbox) -> None:
    webhook = Webhook(Secret(f"{sandbox.root}rest/1/{CODE}/"))
    with Portal(webhook, TestLimits()) as portal, pytest.raises(PortalRefused, match="does not know this webhook"):
        describe(portal)


def test_many_directories_are_foreseen_in_two_requests(
    portal: Portal, catalogs: dict[EntityTypeId, FieldTypes]
) -> None:
    shelf = PortalShelf(portal)
    before = portal.spent.requests
    shelf.foresee(types=[LEAD, DEAL, SPA], directories=["INDUSTRY", "SOURCE", "DEAL_STAGE_9", "NOWHERE"])
    assert portal.spent.requests - before == 2
    names = Directories(shelf, catalogs)
    assert names.stage(DEAL, "Won", "Wholesale") == "C9:WON"
    assert names.status("INDUSTRY", "IT") == "IT"
    assert shelf.pipelines(LEAD).entries == []
    assert portal.spent.requests - before == 2
    assert names.found == {
        ("category", DEAL): {"9": "Wholesale"},
        ("stage", DEAL): {"C9:WON": "Won"},
        ("status", "INDUSTRY"): {"IT": "Information technology"},
    }


def test_a_directory_that_may_not_be_read_is_told_when_it_is_asked_for(portal: Portal, switch: Switch) -> None:
    switch(denied=["settings"])
    shelf = PortalShelf(portal)
    shelf.foresee(directories=["INDUSTRY", "SOURCE"])
    with pytest.raises(PortalRefused, match="CRM settings"):
        shelf.statuses("SOURCE")


def test_a_directory_that_is_not_there_is_told_with_the_nearest(names: Names) -> None:
    with pytest.raises(NameNotFound, match="no directory 'INDUSTY'; nearest: INDUSTRY"):
        names.status("INDUSTY", "IT")
