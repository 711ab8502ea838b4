"""Planted secrets never show: not in what commands print, not in what they leave behind, not in `repr`."""

from __future__ import annotations

import copy
import json
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from syncer.bitrix24.auth import Webhook
from syncer.cli.session import open_session
from syncer.errors import SpecError
from syncer.spec import SqlSource, load_specs
from syncer.store import State
from tests.bitrix24.odd_server import closed_port
from tests.postgres import PASSWORD_ROLE, Postgres
from tests.sandbox_process import RunningSandbox
from tests.whole.planted import STATE, WRONG, Planted, planted_passwords, with_password


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        yield running


@pytest.fixture
def planted(tmp_path: Path, portal: RunningSandbox, postgres: Postgres) -> Iterator[Planted]:
    """The state's role must give its password; the source's is not asked for it."""
    portal.control("DELETE", "")
    source, state = planted_passwords()
    database = postgres.fresh_database()
    place = make_url(database)
    with psycopg.connect(host=str(place.query["host"]), user="postgres", autocommit=True) as connection:
        role = sql.Identifier(PASSWORD_ROLE)
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(state)))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(place.database or ""), role))
        yield Planted(
            tmp_path,
            portal,
            with_password(postgres.url("postgres"), "postgres", source),
            with_password(database, PASSWORD_ROLE, state),
        )
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(place.database or "")))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_commands_that_work(planted: Planted) -> None:
    """In every format, and the PostgreSQL state they leave."""
    at_state = ("--state", planted.state_url)
    for arguments in (
        ("plan", "specs", "-v", "--log-format", "console"),
        ("plan", "specs", "--format", "json", "--log-format", "json", f"--state={planted.state_url}"),
        ("apply", "specs", "-v", "--log-format", "console"),
        ("apply", "specs", "--format", "json", "--log-format", "json", "-v", *at_state),
        ("state", "list", "--format", "json", *at_state),
        ("state", "forget", "companies", "1", *at_state),
        ("state", "adopt", "--spec", "specs", *at_state),
        ("state", "unlock", *at_state),
        ("runs", "list", *at_state),
        ("portal", "check", "--spec", "specs", "--format", "json"),
        ("portal", "fields", "company", "--spec", "specs"),
    ):
        done = planted.run(*arguments)
        assert done.code == 0, (arguments, done)
    planted.search_files()
    assert planted.search_server(planted.state_url) >= {"run", "item", "portal"}


def test_the_command_to_type_next(planted: Planted) -> None:
    """`plan` repeats its own command line, in the quotes of a shell."""
    password = f"it's {STATE}"
    url = planted.state_url.partition("://")[2].partition("@")[2]
    done = planted.run("plan", "specs", "--state", f"postgresql://postgres:{password}@{url}")
    assert "Next: syncer apply specs --state" in done.out


def test_a_state_in_a_file(planted: Planted) -> None:
    """Made by a run whose portal repeats the webhook in its errors, and one whose portal answers half."""
    refusal = {"kind": "command", "at": "before", "method": "crm.item.add", "code": "NO", "text": planted.portal.url}
    planted.portal.control("POST", "faults", refusal)
    first = planted.run("apply", "specs", "--format", "json", STATE="sqlite:///state.db")
    assert first.counts["failed"] == 1
    (run,) = planted.run(
        "runs", "list", "--format", "json", STATE="sqlite:///state.db", SYNCER_STATE="sqlite:///state.db"
    ).document
    assert planted.run("runs", "show", run["id"], "--state", "sqlite:///state.db").code == 0
    planted.portal.control("POST", "faults", {"kind": "cut"})
    planted.run("apply", "specs", "--debug", "-v", STATE="sqlite:///state.db")
    assert planted.folder / "state.db" in planted.search_files()


def test_an_application_whose_tokens_are_renewed(planted: Planted) -> None:
    """A portal and an OAuth server that repeat the tokens in what they refuse, and a run that works."""
    planted.use_application()
    reports = ("--report", "plan.html", "--report", "plan.md", "-o", "plan.jsonl")
    assert planted.run("plan", "specs", "-v", "--log-format", "console", *reports).code == 0
    expected: list[tuple[dict[str, Any], int]] = [
        ({"kind": "command", "method": "crm.item.add", "times": 0}, 3),
        ({"kind": "status", "method": "oauth.token", "status": 400}, 1),
        ({"kind": "status", "method": "batch", "status": 401}, 0),  # asked once more, and all is well
    ]
    for number, (fault, code) in enumerate(expected):
        planted.portal.control("DELETE", "tokens")
        told = f"{planted.kept()} {planted.application}"
        planted.portal.control("POST", "faults", fault | {"at": "before", "code": told, "text": told})
        form = ("--format", "json", "--log-format", "json") if number else ("--report", "run.html")
        done = planted.run("apply", "specs", "--debug", "-v", *form)
        assert done.code == code, done
        planted.portal.control("DELETE", "faults")
    assert len(planted.secrets) == 3 + 2 * 3  # a pair for each command whose renewal was not refused
    planted.search_files()
    assert planted.search_server(planted.state_url) >= {"run", "item", "token"}


Environment = dict[str, str]

FAILURES: dict[str, Callable[[Planted], Environment]] = {
    "wrong state password": lambda planted: {"STATE": with_password(planted.state_url, PASSWORD_ROLE, WRONG)},
    "wrong source password": lambda planted: {"ERP": with_password(planted.state_url, PASSWORD_ROLE, WRONG)},
    "state not encoded": lambda _planted: {"STATE": f"postgresql://shop:it@{WRONG}/x@127.0.0.1/shop"},
    "source not encoded": lambda _planted: {"ERP": f"postgresql://shop:it@{WRONG}/x@127.0.0.1/shop"},
    "no source server": lambda _planted: {"ERP": f"postgresql://shop:{WRONG}@127.0.0.1:{closed_port()}/shop"},
    "wrong code": lambda planted: {"WEBHOOK": planted.portal.url.replace(planted.code, WRONG)},
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_commands_that_fail(planted: Planted, failure: Callable[[Planted], Environment]) -> None:
    form = "json" if "STATE" in failure(planted) else "console"
    done = planted.run("apply", "specs", "--debug", "-v", "--log-format", form, **failure(planted))
    assert done.code == 1, done
    assert "Traceback" in done.err
    assert "failed in a way it should not" not in done.err
    planted.search_files()


REFUSED: dict[str, Environment] = {
    "state of another kind": {"STATE": f"mysql://shop:{WRONG}@127.0.0.1/shop"},
    "webhook by plain http": {"WEBHOOK": f"http://acme.example/rest/1/{WRONG}/"},
    "webhook with a method": {"WEBHOOK": f"https://acme.example/rest/1/{WRONG}/profile.json"},
    "webhook with a query": {"WEBHOOK": f"https://acme.example/rest/1/{WRONG}/?x={WRONG}"},
    "webhook without user": {"WEBHOOK": f"https://acme.example/rest/{WRONG}/"},
    "webhook without scheme": {"WEBHOOK": f"acme.example/rest/1/{WRONG}/"},
    "webhook with a bad port": {"WEBHOOK": f"https://acme.example:{WRONG}/rest/1/{WRONG}/"},
}


@pytest.mark.parametrize("environment", REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_value_is_not_repeated(planted: Planted, environment: Environment) -> None:
    """Not even before `redact`, which knows only what was taken for a secret."""
    with pytest.raises(SpecError) as refused:
        load_specs([planted.folder / "specs"], os.environ | planted.environment | environment)
    planted.search(f"{refused.value}{refused.value!r}", "error")


WRITTEN = {
    "webhook with a method": ("${WEBHOOK}", f"https://acme.example/rest/1/{WRONG}/profile"),
    "webhook under an unknown key": ("webhook: ${WEBHOOK}", f"webhok: https://acme.example/rest/1/{WRONG}/"),
    "state of another kind": ("${STATE}", f"oracle://shop:{WRONG}@127.0.0.1/shop"),
    "source under an unknown key": ('url: "${ERP}"', f"urll: postgresql://shop:{WRONG}@127.0.0.1/shop"),
    "source as text": ('{url: "${ERP}"}', f"postgresql://shop:{WRONG}@127.0.0.1/shop"),
    "default of a variable": ("${STATE}", f"${{UNSET:-oracle://shop:{WRONG}@127.0.0.1/shop}}"),
    "no YAML": ('"${ERP}"}', f"postgresql://shop:{WRONG}@127.0.0.1/shop"),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_secret_in_a_faulty_spec_is_not_repeated(planted: Planted, written: tuple[str, str]) -> None:
    file = planted.folder / "specs" / "shop.yaml"
    text = file.read_text(encoding="utf-8")
    assert written[0] in text
    file.write_text(text.replace(*written), encoding="utf-8")
    for environment in (None, os.environ | planted.environment):
        try:
            shown = repr(load_specs([planted.folder / "specs"], environment))  # offline, a default is not looked at
        except SpecError as refused:
            shown = f"{refused}{refused!r}"
        planted.search(shown, "error")


def test_a_secret_in_the_wrong_place_of_the_command_line(planted: Planted) -> None:
    for arguments in (
        ("plan", "specs", "--portal", planted.portal.url),
        ("plan", planted.portal.url),
        ("state", "list", planted.state_url),
        ("runs", "list", "--spec", planted.portal.url),
        (planted.portal.url,),
    ):
        assert planted.run(*arguments).code != 0, arguments


def test_objects_that_carry_secrets(planted: Planted) -> None:
    specs = load_specs([planted.folder / "specs"], os.environ | planted.environment)
    (spec,) = specs
    assert spec.portal.webhook is not None
    source = spec.sources["erp"]
    assert isinstance(source, SqlSource)
    State.open(spec.state, mode="write").close()
    with open_session(specs, mode="read") as session:
        carriers: list[object] = [spec, spec.portal, spec.portal.webhook, spec.state, source, source.url]
        carriers += [Webhook(spec.portal.webhook), session, session.portal, session.state, spec.document]
        for each in carriers:
            for shown in (repr(each), str(each), f"{each}", f"{each!r:>9}", "%s" % each, json.dumps(each, default=str)):  # noqa: UP031
                planted.search(shown, type(each).__name__)
    for secret in (spec.portal.webhook, spec.state, source.url):
        for serialise in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                serialise(secret)
