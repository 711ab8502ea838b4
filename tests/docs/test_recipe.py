"""The pipeline of the README, step by step: a portal behind a webhook, and the state in PostgreSQL."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from tests.docs.console import copy_project, environment
from tests.docs.pages import ROOT, blocks
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

SPEC = """
version: 1
name: shop
portal: {webhook: "${BITRIX24_WEBHOOK_URL}"}
originatorId: shop
sources:
  erp: {url: "${ERP_URL}"}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.customer_no }}"
    fields: {title: "{{ row.name }}"}
"""


def steps() -> dict[str, str]:
    """The steps of the workflow that call syncer, by the command."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    workflow = next(yaml.safe_load(each.text) for each in blocks(readme) if each.lines[0] == "name: crm")
    runs = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    return {run.split()[1]: run for run in runs if run.startswith("syncer ")}


class Pipeline:
    """A repository with one spec, and what its CI has in its environment."""

    def __init__(self, folder: Path, secrets: dict[str, str]) -> None:
        self.folder = folder
        self.secrets = secrets

    def run(self, command: str, **instead: str) -> subprocess.CompletedProcess[str]:
        own = {**environment(self.folder), "CI": "true", **self.secrets, **instead}
        return subprocess.run(
            shlex.split(command),
            cwd=self.folder / "own",
            env={key: value for key, value in own.items() if value},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def pipeline(tmp_path: Path, sandbox: RunningSandbox, postgres: Postgres) -> Pipeline:
    copy_project(tmp_path)
    erp = tmp_path / "erp.db"
    with sqlite3.connect(erp) as database:
        database.executescript((ROOT / "specs/quickstart/data/erp.sql").read_text(encoding="utf-8"))
    database.close()
    (tmp_path / "own" / "specs").mkdir(parents=True)
    (tmp_path / "own" / "specs" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    secrets = {
        "BITRIX24_WEBHOOK_URL": sandbox.url,
        "ERP_URL": f"sqlite:///{erp}",
        "SYNCER_STATE": postgres.fresh_database(),
    }
    return Pipeline(tmp_path, secrets)


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        yield running


def test_a_fork_validates_without_any_secret(pipeline: Pipeline) -> None:
    ended = pipeline.run(steps()["validate"], **dict.fromkeys(pipeline.secrets, ""))
    assert (ended.returncode, ended.stdout) == (0, "1 spec checked: no problems.\n")


def test_a_pull_request_plans_and_the_merge_applies_once(pipeline: Pipeline, sandbox: RunningSandbox) -> None:
    planned = pipeline.run(steps()["plan"])
    assert "Plan: 8 create." in planned.stdout
    assert not sandbox.items(4)
    applied = pipeline.run(steps()["apply"])
    assert (applied.returncode, len(sandbox.items(4))) == (0, 8), applied.stderr
    again = pipeline.run(steps()["apply"])
    assert "8 unchanged" in again.stdout
    assert len(sandbox.items(4)) == 8
    for ended in (planned, applied, again):
        assert sandbox.url.rstrip("/").rpartition("/")[2] not in ended.stdout + ended.stderr


def test_a_database_user_who_may_only_read_is_enough_for_a_plan(pipeline: Pipeline, postgres: Postgres) -> None:
    assert pipeline.run(steps()["apply"]).returncode == 0
    state = make_url(pipeline.secrets["SYNCER_STATE"])
    with psycopg.connect(host=str(postgres.folder), user="postgres", dbname=state.database) as connection:
        connection.execute("CREATE ROLE docs_reader LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO docs_reader")
    assert state.database is not None
    planned = pipeline.run(steps()["plan"], SYNCER_STATE=postgres.url(state.database, "docs_reader"))
    assert "8 unchanged" in planned.stdout, planned.stderr
