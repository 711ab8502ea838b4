"""`${NAME}` and `${NAME:-default}`: where they are read, and what a missing one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncer.log import redact
from syncer.spec import SqlSource
from tests.spec.files import SPEC, WEBHOOK, entity, findings, load, only, places

TEXT = SPEC.replace("{sandbox: state/portal.db}", "{webhook: '${HOOK}', limits: {burst: '${BURST:-7}'}}")


def test_names_and_defaults(tmp_path: Path) -> None:
    text = "state: postgresql://u:${PW}@${HOST:-db}/${DB:-syncer}\n" + TEXT.replace("USD", '"${CODE}-${X:-}"')
    spec = load(tmp_path, text, {"HOOK": WEBHOOK, "PW": "hunter22", "CODE": "007", "HOST": ""})
    assert spec.portal.webhook is not None
    assert spec.portal.webhook.reveal() == WEBHOOK
    assert spec.portal.limits.burst == 7
    assert spec.state.reveal() == "postgresql://u:hunter22@db/syncer"
    assert spec.vars == {"currency": "007-"}


def test_numbers_of_limits_are_typed_and_nothing_else(tmp_path: Path) -> None:
    spec = load(tmp_path, TEXT.replace("USD", "'${N}'"), {"HOOK": WEBHOOK, "BURST": "9", "N": "12"})
    assert spec.portal.limits.burst == 9
    assert spec.vars == {"currency": "12"}


def test_all_names_that_are_not_set_are_told_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("USD", "'${A}${B}'").replace("sqlite:///data/erp.db", "${URL}")
    found = findings(tmp_path, text, {})
    assert [each.code for each in found] == ["SYN106"] * 4
    assert [each.message.partition(" ")[0] for each in found] == ["${HOOK}", "${A}", "${B}", "${URL}"]


def test_an_empty_portal_secret_counts_as_not_set(tmp_path: Path) -> None:
    found = only(findings(tmp_path, TEXT, {"HOOK": ""}))
    assert (found.code, found.message) == ("SYN106", "${HOOK} is empty in the environment")


@pytest.mark.parametrize("wrong", ["${", "${}", "${1A}", "${A B}", "${A-b}", "${A:-${B}}"])
def test_what_is_no_placeholder(tmp_path: Path, wrong: str) -> None:
    found = findings(tmp_path, SPEC.replace("USD", f"'{wrong}'"), {"A": "", "B": ""})
    assert places(found) == [("SYN107", 5, 18)]


def test_without_an_environment_they_stay_and_their_form_is_checked(tmp_path: Path) -> None:
    spec = load(tmp_path, "state: ${STATE}\n" + TEXT.replace("sqlite:///data/erp.db", "${URL:-sqlite:///x.db}"))
    assert (spec.portal.webhook, spec.portal.name, spec.portal.limits.burst) == (None, None, 50)
    assert spec.state.reveal() == "${STATE}"
    assert redact("${STATE} ${HOOK}") == "${STATE} ${HOOK}"
    assert only(findings(tmp_path, SPEC.replace("USD", "'${'"))).code == "SYN107"


def test_elsewhere_they_are_text(tmp_path: Path) -> None:
    text = entity("x: ${HOME} ${").replace("FROM Customers", "FROM ${TABLE}")
    companies = load(tmp_path, text, {}).entities["companies"]
    assert companies.fields["x"] == "${HOME} ${"
    assert companies.query == "SELECT * FROM ${TABLE}"


def test_a_value_of_the_environment_is_never_yaml(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC.replace("USD", "'${X}'"), {"X": "{a: [1]} # ${HOOK}"})
    assert spec.vars == {"currency": "{a: [1]} # ${HOOK}"}


def test_what_came_from_the_environment_is_redacted_and_shown_as_written(tmp_path: Path) -> None:
    text = SPEC.replace("sqlite:///data/erp.db", "${ERP_URL}")
    source = load(tmp_path, text, {"ERP_URL": "oracle://secret-host/x"}).sources["erp"]
    assert isinstance(source, SqlSource)
    assert str(source.url) == repr(source.url) == "${ERP_URL}"
    assert redact("cannot connect to oracle://secret-host/x") == "cannot connect to ***"
