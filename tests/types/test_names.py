"""Custom fields in a spec by either spelling, with the rule's exceptions (api-reference/crm/universal/index.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncer.model.field import FieldType, as_spelt
from tests.plan.project import Project, entity
from tests.types.recorder import recorded

SPELT = {
    1302: {
        "UF_CRM_44_1721812760630": ("ufCrm44_1721812760630", "digits behind the number of the type"),
        "UF_CRM_44_REGION": ("ufCrm44Region", "letters"),
        "UF_CRM_44_AREA_51": ("ufCrm_44_AREA_51", "letters and digits: the prefix alone is replaced"),
    },
    1: {"UF_CRM_1720019876534": ("ufCrm_1720019876534", "digits without the number of a type")},
    2: {
        "UF_CRM_64A29A1CD5CC2": ("ufCrm_64A29A1CD5CC2", "an option, by its label"),
        "UF_CRM_MANAGER_NOTE": ("ufCrmManagerNote", "several words, on which the page is silent"),
    },
    31: {"UF_CRM_SMART_INVOICE_1651138836085": ("ufCrm_SMART_INVOICE_1651138836085", "")},
    7: {"UF_CRM_QUOTE_1743678900": ("ufCrm_QUOTE_1743678900", "a date")},
}
"""entityTypeId → UPPER name → name of crm.item.*, and why."""
VALUES = {
    "UF_CRM_64A29A1CD5CC2": ("{{ enum('UF_CRM_64A29A1CD5CC2', 'FOB') }}", 107),
    "UF_CRM_QUOTE_1743678900": ("2024-02-29", "2024-02-29T03:00:00+03:00"),
}
"""What a spec writes and what the portal shows, where it is not plain text."""


def fields(kind: int, camel: bool) -> dict[str, Any]:
    chosen = {(spelt[0] if camel else upper): VALUES.get(upper, (upper,))[0] for upper, spelt in SPELT[kind].items()}
    return {"title": "{{ row.name }}"} | chosen


def spec(project: Project, camel: bool) -> None:
    origin: dict[str, Any] = {"origin_field": "ufCrm_QUOTE_1743678817" if camel else "UF_CRM_QUOTE_1743678817"}
    kinds: dict[int, dict[str, Any]] = {
        kind: {"type": kind, "fields": fields(kind, camel)} | (origin if kind == 7 else {}) for kind in SPELT
    }
    project.spec({f"of{kind}": entity("", "customer", **more) for kind, more in kinds.items()})


@pytest.mark.parametrize("camel", [True, False], ids=["camelCase", "UPPER"])
def test_either_spelling_is_sent_as_the_portal_spells_it(project: Project, camel: bool) -> None:
    project.portal.control("POST", "fields", {"entityTypeId": 2, "name": "UF_CRM_MANAGER_NOTE", "type": "string"})
    project.customers("A")
    spec(project, camel)
    with recorded(project) as recording:
        applied = project.apply()
    assert (applied.summary, applied.document["stored_otherwise"]) == ({"created": 5}, [])
    for kind, spelt in SPELT.items():
        (item,) = project.portal.items(kind)
        for upper, (name, _) in spelt.items():
            assert item[name] == VALUES.get(upper, ("", upper))[1]
    assert project.portal.items(7)[0]["ufCrm_QUOTE_1743678817"] == "erp:A"
    sent = [params["fields"].keys() for _, params in recording.calls("crm.item.add")]
    assert len(sent) == 5
    assert not any(name.startswith("UF_CRM") for names in sent for name in names)
    assert not any("useOriginalUfNames" in params for _, params in recording.calls())  # rows would come back empty


def test_the_two_spellings_are_one_plan(project: Project) -> None:
    project.portal.control("POST", "fields", {"entityTypeId": 2, "name": "UF_CRM_MANAGER_NOTE", "type": "string"})
    project.customers("A")
    spec(project, True)
    first = project.plan()
    spec(project, False)
    second = project.plan()
    assert second.changes == first.changes
    assert project.apply().summary == {"created": 5}
    spec(project, True)  # nothing about the identities has changed
    assert project.plan(allow={}).summary == {"unchanged": 5}


def test_spellings_are_checked_with_a_lock_file_and_online(project: Project) -> None:
    project.customers("A")
    known = {"UF_CRM_44_REGION": "x", "UF_CRM_44_1721812814433": 81}
    connection = {"webhook": "${WEBHOOK}", "name": "acme", "lock": "state/acme.lock.yaml"}
    project.spec({"things": entity(1302, "customer", fields=known)}, portal=connection)
    assert project.run("portal", "lock")[0] == 0
    assert project.run("validate", WEBHOOK="")[:2] == (0, "1 spec checked: no problems.\n")
    wrong = known | {"UF_CRM_44_AREA_52": "y", "ufCrm44Region": "y"}
    project.spec({"things": entity(1302, "customer", fields=wrong)}, portal=connection)
    for how in ("validate", "validate --online"):
        code, out, _ = project.run(*how.split(), "--format", "json")
        found = {each["code"]: each for each in json.loads(out)["findings"]}
        assert (code, len(found)) == (1, 2)
        assert found["SYN301"]["hint"].startswith("did you mean `UF_CRM_44_AREA_51`")
        assert found["SYN316"]["message"] == "'UF_CRM_44_REGION' and 'ufCrm44Region' are one field"
    project.spec({"things": entity(1302, "customer", fields=wrong)})
    code, out, errors = project.run("plan")
    assert (code, "are one field" in errors) == (1, True)


def test_a_name_in_a_row_s_problem_leads_to_its_line(project: Project) -> None:
    project.customers("A")
    project.spec({"things": entity(1302, "customer", fields={"UF_CRM_44_REGION": "{{ row.name | datetime('UTC') }}"})})
    planned = project.plan()
    assert planned.actions() == {"A": "blocked value"}
    assert "shop.yaml:23" in planned.message("A")


def test_the_upper_form_that_the_portal_shows_for_a_taken_name_is_sent_as_it_is() -> None:
    """The result is taken by another field: the UPPER form is returned (index.md)."""
    taken = FieldType("ufCrm3Digit", "string", upper_name="UF_CRM_3_DIGIT", is_dynamic=True)
    other = FieldType("UF_CRM_3_DI_GIT", "string", upper_name="UF_CRM_3_DI_GIT", is_dynamic=True)
    catalog = {each.name: each for each in (taken, other)}
    assert as_spelt({"UF_CRM_3_DIGIT": 1, "UF_CRM_3_DI_GIT": 2}, catalog) == {"ufCrm3Digit": 1, "UF_CRM_3_DI_GIT": 2}
