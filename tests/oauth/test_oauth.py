"""Access as an application, by the installed command against a portal that plays the OAuth server too."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from tests.forks import SYNCER, Popen
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

KEY = "0123456789abcdef0123456789ABCDEF-planted"
ROWS = 120
SPEC = """\
version: 1
name: people
portal:
  oauth:
    domain: {domain}
    client_id: ${{CLIENT_ID}}
    client_secret: ${{CLIENT_SECRET}}
    refresh_token: ${{REFRESH_TOKEN}}
    server: http://{domain}
originatorId: erp
sources:
  erp: {{url: "sqlite:///erp.sqlite"}}
entities:
  companies:
    type: company
    source: erp
    query: SELECT id, title FROM company
    originId: "{{{{ row.id }}}}"
    fields: {{title: "{{{{ row.title }}}}"}}
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        yield running


class Project:
    """A folder with a spec, its rows, and an application's tokens."""

    def __init__(self, folder: Path, sandbox: RunningSandbox, originator: str) -> None:
        self.folder, self.sandbox, self.originator = folder, sandbox, originator
        domain = sandbox.root.removeprefix("http://").rstrip("/")
        text = SPEC.format(domain=domain).replace("originatorId: erp", f"originatorId: {originator}")
        (folder / "people.yaml").write_text(text)
        with sqlite3.connect(folder / "erp.sqlite") as rows:
            rows.execute("CREATE TABLE company (id INTEGER, title TEXT)")
            rows.executemany("INSERT INTO company VALUES (?, ?)", [(n, f"Company {n}") for n in range(ROWS)])
        pair = sandbox.control("POST", "tokens", {})
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "CI"},
            "SYNCER_SECRET_KEY": KEY,
            "CLIENT_ID": pair["client_id"],
            "CLIENT_SECRET": pair["client_secret"],
            "REFRESH_TOKEN": pair["refresh_token"],
        }
        self.said = ""

    def imports(self) -> None:
        """Rows are imported, one request after another."""
        file = self.folder / "people.yaml"
        text = file.read_text().replace("type: company", "type: company\n    write: import")
        file.write_text(text.replace("portal:", "portal:\n  limits: {in_flight: 1, request_seconds: 5}"))

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return Popen(
            [SYNCER, *words, "people.yaml"],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        return self.ended(self.start(*words, **environment))

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        said = process.communicate(timeout=240)[0]
        self.said += said
        return process.returncode, said

    def renewals(self) -> int:
        counters: Any = self.sandbox.control("GET", "")["counters"]
        return int(counters["calls"].get("oauth.token", 0))

    def made(self) -> list[str]:
        return [each["originId"] for each in self.sandbox.items(4) if each["originatorId"] == self.originator]


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path, sandbox, f"erp-{abs(hash(request.node.name))}")


def fault(project: Project, **values: Any) -> None:
    project.sandbox.control("POST", "faults", values)


def test_a_token_that_expires_amid_an_apply_is_renewed_and_no_secret_shows(project: Project) -> None:
    before = project.renewals()
    code, said = project.run("plan")
    assert (code, project.renewals() - before) == (0, 1), said  # the first token, kept although it was a plan
    assert project.run("plan")[0] == 0
    assert project.renewals() - before == 1
    project.sandbox.control("DELETE", "tokens")
    fault(project, kind="status", method="batch", status=401, code="expired_token", at="before", skip=3)
    code, said = project.run("apply", "-v", "--debug", "--report", "run.json")
    assert code == 0, said
    assert project.renewals() - before == 3
    assert sorted(project.made(), key=int) == [str(n) for n in range(ROWS)]
    planted = [KEY, *(project.environment[name] for name in ("CLIENT_SECRET", "REFRESH_TOKEN"))]
    kept = [each.read_bytes() for each in project.folder.rglob("*") if each.is_file()]
    for secret in planted:
        assert secret not in project.said
        assert not any(secret.encode() in each for each in kept)
    state = project.folder / "state" / "syncer.db"
    assert b"access" not in sqlite3.connect(state).execute("SELECT sealed FROM token").fetchone()[0].encode()


def test_a_plan_writes_renewed_tokens_and_nothing_else(project: Project) -> None:
    state = project.folder / "state" / "syncer.db"
    assert project.run("validate")[0] == 0
    assert not state.exists()
    assert project.run("plan")[0] == 0  # no token was known
    with sqlite3.connect(state) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        filled = {name for name in tables if database.execute(f'SELECT count(*) FROM "{name}"').fetchone() != (0,)}
    database.close()
    assert filled == {"token", "syncer_version"}
    before = {each: each.read_bytes() for each in state.parent.iterdir()}
    assert project.run("plan")[0] == 0
    assert {each: each.read_bytes() for each in state.parent.iterdir()} == before
    project.sandbox.control("DELETE", "tokens")
    assert project.run("plan")[0] == 0
    after = {each: each.read_bytes() for each in state.parent.iterdir()}
    assert (after.keys() == before.keys(), after == before) == (True, False)


def test_nothing_is_renewed_where_the_state_cannot_keep_it(project: Project, postgres: Postgres) -> None:
    owner = postgres.fresh_database()
    assert project.run("plan", SYNCER_STATE=owner)[0] == 0
    with psycopg.connect(host=str(postgres.folder), user="postgres", dbname=make_url(owner).database) as connection:
        connection.execute("DROP ROLE IF EXISTS oauth_reader")
        connection.execute("CREATE ROLE oauth_reader LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO oauth_reader")
    reader = owner.replace("postgres@", "oauth_reader@")
    assert reader != owner
    code, said = project.run("plan", SYNCER_STATE=reader)
    assert code == 0, said  # the token is good: reading is enough
    project.sandbox.control("DELETE", "tokens")
    before = project.renewals()
    code, said = project.run("plan", SYNCER_STATE=reader)
    assert (code, "the state cannot keep the new one" in " ".join(said.split())) == (1, True), said
    assert "Nothing was renewed" in said
    assert project.renewals() == before
    assert project.run("plan", SYNCER_STATE=owner)[0] == 0


def test_a_token_that_ends_amid_an_import_that_another_command_watches(project: Project) -> None:
    """The portal's own refusal, of a whole request and of commands amid a batch, while a plan comes by."""
    project.imports()
    assert project.run("plan")[0] == 0
    before = project.renewals()
    fault(project, kind="delay", method="batch", at="after", skip=2, times=3, seconds=0.7)
    fault(project, kind="command", method="crm.item.batchImport", code="expired_token", skip=2, times=2, at="before")
    applying = project.start("apply")
    while not project.made():
        assert applying.poll() is None, project.ended(applying)
        time.sleep(0.02)
    project.sandbox.control("DELETE", "tokens")
    planning = project.start("plan")
    assert project.ended(planning)[0] == 0, project.said
    assert project.ended(applying)[0] == 0, project.said
    assert sorted(project.made(), key=int) == [str(n) for n in range(ROWS)]
    assert 1 <= project.renewals() - before <= 3  # the token's end, and one for each batch that had refused commands


def test_two_processes_renew_once(project: Project) -> None:
    assert project.run("plan")[0] == 0
    project.sandbox.control("DELETE", "tokens")
    before = project.renewals()
    both = [project.start("plan"), project.start("plan")]
    assert [project.ended(each)[0] for each in both] == [0, 0], project.said
    assert project.renewals() - before == 1


def test_a_lost_answer_is_tried_again_and_both_refusals_are_told(project: Project) -> None:
    fault(project, kind="status", method="oauth.token", status=502, at="before")
    assert project.run("plan")[0] == 0, project.said  # it was not done: the old token is good
    project.sandbox.control("DELETE", "tokens")
    fault(project, kind="drop", method="oauth.token", at="after")
    code, said = project.run("plan")
    assert code == 1, said
    assert "the kept refresh token and the one in the spec" in said
    assert "The answer of a renewal was lost before" in " ".join(said.split())
    assert "Traceback" not in said
    fresh = project.sandbox.control("POST", "tokens", {})
    code, said = project.run("plan", REFRESH_TOKEN=fresh["refresh_token"])  # installed anew
    assert code == 0, said


def test_a_wrong_client_and_a_missing_or_another_key(project: Project) -> None:
    code, said = project.run("plan", CLIENT_SECRET="wrong-secret-planted")
    assert (code, "portal.oauth.client_secret" in said, "wrong-secret-planted" in said) == (1, True, False), said
    for key in ("", "short"):
        code, said = project.run("plan", SYNCER_SECRET_KEY=key)
        assert (code, "SYNCER_SECRET_KEY" in said) == (64, True), said
    assert project.run("validate", SYNCER_SECRET_KEY="")[0] == 0
    assert project.run("plan")[0] == 0
    code, said = project.run("plan", SYNCER_SECRET_KEY="another key, of more than 32 characters")
    assert (code, "another SYNCER_SECRET_KEY" in said) == (1, True), said
