"""Names beside ids: a plan shows what people wrote, and keeps the values that are sent."""

from __future__ import annotations

import json

from syncer.cli.plan import planned
from syncer.cli.session import open_session
from syncer.model.change import Create
from syncer.model.labels import Labels
from syncer.plan.workspace import Workspace
from syncer.report.plan_text import plan_text
from tests.plan.project import Project, entity

FIELDS = {
    "title": "{{ row.name }}",
    "categoryId": "{{ category('Wholesale') }}",
    "stageId": "{{ stage('Won', category='Wholesale') }}",
    "currencyId": "{{ currency('Euro') }}",
    "assignedById": "{{ user('maria.lopez@example.com') }}",
    "observers": ["{{ user('john.smith@example.com') }}", 3],
    "ufCrm_64A29A1CD5CC2": "{{ enum('ufCrm_64A29A1CD5CC2', row.channel) }}",
    "typeId": "SALE",
}


def test_names_stand_beside_ids_in_text_alone(project: Project) -> None:
    option = project.portal.call("crm.item.fields", entityTypeId=2)["result"]["fields"]["ufCrm_64A29A1CD5CC2"]["items"]
    project.table("purchase", "id, name, channel", [("P1", "One", option[0]["VALUE"])])
    project.spec({"deals": entity("deal", "purchase", fields=FIELDS)})
    with open_session(project.load(), mode="read") as session, Workspace() as workspace:
        plan = planned(session, *session.targets(()), workspace)
        (target,) = plan.targets
        told = "\n".join(plan_text(plan, next_command=None, width=120, paint=lambda text, _: text))
        (change,) = plan.changes(target)
        assert 'stageId              "Won (C9:WON)"' in told
        assert 'categoryId           "Wholesale (9)"' in told
        assert 'currencyId           "Euro (EUR)"' in told
        assert 'assignedById         "maria.lopez@example.com (3)"' in told
        assert f'"{option[0]["VALUE"]} ({option[0]["ID"]})"' in told
        assert 'typeId               "Sales (SALE)"' in told
        assert plan.label(target, "stageId", "C9:WON") == "Won"
        assert plan.label(target, "title", "C9:WON") is None
        assert plan.label(target, "observers", 3) == "maria.lopez@example.com"
        assert Labels.from_json(json.loads(json.dumps(plan.labels.to_json()))) == plan.labels
        assert isinstance(change, Create)
        assert (change.fields["stageId"], change.fields["assignedById"]) == ("C9:WON", 3), "values stay plain"


def test_labels_have_names_of_values_and_of_nothing_else() -> None:
    labels = Labels({0: {"stageId": {"WON": "Won", "1": "One"}}})
    assert labels.of(0, "stageId", "WON") == "Won"
    assert labels.of(0, "stageId", 1) == "One"
    assert [labels.of(0, "stageId", each) for each in (True, None, 1.0, ["WON"], {"a": "WON"})] == [None] * 5
    assert labels.of(1, "stageId", "WON") is None
