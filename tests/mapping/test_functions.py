"""References and names."""

from __future__ import annotations

import pytest

from syncer.mapping.functions import link_prefix
from syncer.model.change import Reason, Reference, RowProblem
from syncer.model.identity import COMPANY, CONTACT, DEAL, INVOICE, LEAD, QUOTE, EntityTypeId, ItemId
from tests.mapping.entity import Directory, entity, render


def test_references() -> None:
    assert render("{{ ref('companies', row.x) }}", x="ALFKI") == Reference("companies", "ALFKI")
    assert render("{{ ref('companies', row.x) }}", x=5.0) == Reference("companies", "5")
    assert render("{{ ref('companies', 'C' ~ row.x) }}", x=5) == Reference("companies", "C5")
    assert render("{{ ref('companies', row.x) }}", x=None) is None
    assert render("{{ ref('companies', row.x) if row.x else none }}", x="") is None
    assert render("{{ [ref('companies', 1), ref('deals', row.x)] }}", x=None) == [Reference("companies", "1")]


def test_links() -> None:
    reference = render("{{ link('companies', row.x) }}", x=3)
    assert reference == Reference("companies", "3", "CO")
    assert reference.value(ItemId(7)) == "CO_7"
    assert render("{{ link('tickets', row.x) }}", x=3).value(ItemId(6)) == "T80_6"
    assert render("{{ link('companies', row.x) }}", x=None) is None


@pytest.mark.parametrize(
    ("entity_type", "prefix"),
    [
        (LEAD, "L"),
        (DEAL, "D"),
        (CONTACT, "C"),
        (COMPANY, "CO"),
        (QUOTE, "Q"),
        (INVOICE, "SI"),
        (EntityTypeId(1302), "T516"),
    ],
)
def test_prefixes(entity_type: EntityTypeId, prefix: str) -> None:
    assert link_prefix(entity_type) == prefix


@pytest.mark.parametrize("value", ["", " ", 1.5, True, "a\nb", [1]])
def test_references_go_through_the_rules_of_keys(value: object) -> None:
    problem = render("{{ ref('companies', row.x) }}", x=value)
    assert isinstance(problem, RowProblem)
    assert problem.reason is Reason.VALUE
    assert "reference to 'companies'" in problem.message


def test_an_entity_that_does_not_exist() -> None:
    assert isinstance(render("{{ ref('companie', 1) }}"), RowProblem)


def test_names_are_asked_once() -> None:
    directory = Directory()
    mapping = entity(
        {
            "industry": "{{ status('INDUSTRY', row.name) }}",
            "stageId": "{{ stage('Won', category='General') }}",
            "other": "{{ stage(name='Won') }}",
            "categoryId": "{{ category('General') }}",
            "ufCrmColor": "{{ enum('ufCrmColor', 'Red') }}",
            "assignedById": "{{ user('a@b') }}",
            "currencyId": "{{ currency('US Dollar') }}",
            "missing": "{{ status('INDUSTRY', none) }}",
        },
        directory=directory,
    )
    rows = [(n, f"i{n % 2}") for n in range(100)]
    first, *_ = mapping.fields(rows)
    assert first == {
        "industry": "status:INDUSTRY:i0",
        "stageId": "stage:2:Won:General",
        "other": "stage:2:Won:None",
        "categoryId": 7,
        "ufCrmColor": 81,
        "assignedById": 5,
        "currencyId": "currency:US Dollar",
    }
    assert len(directory.asked) == len(set(directory.asked)) == 8


def test_a_name_that_is_not_found_blocks_the_row_as_value() -> None:
    directory = Directory()
    mapping = entity({"assignedById": "{{ user(row.name) }}"}, directory=directory)
    first, second, third = mapping.fields([(1, "nobody"), (2, "a@b"), (3, "nobody")])
    assert isinstance(first, RowProblem)
    assert first.reason is Reason.VALUE
    assert "it has 'Anne'" in first.message
    assert second == {"assignedById": 5}
    assert third == first
    assert len(directory.asked) == 2
