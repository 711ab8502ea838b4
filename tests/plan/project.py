"""A project on disk with a real source, a real state and a real portal; planned and applied as the commands do."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import yaml

from syncer.cli.plan import planned
from syncer.cli.session import Session, open_session
from syncer.execute.run import Run
from syncer.model.run import RunResult
from syncer.plan.guards import check_guards
from syncer.plan.plan import Plan
from syncer.plan.workspace import Workspace
from syncer.report.plan_json import plan_json
from syncer.report.run_json import run_json
from syncer.spec import Spec, load_specs
from syncer.store import Known, State
from tests.forks import Popen, run
from tests.sandbox_process import RunningSandbox

QUICK = {"burst": 1000, "requests_per_second": 1000, "request_seconds": 5, "settle_seconds": 0.3}
"""Limits of a portal that is asked nothing of, and never works on for long."""

Rows = Sequence[Sequence[Any]]


def entity(kind: str | int, table: str, key: str = "id", **more: Any) -> dict[str, Any]:
    """An entity that takes a table's `key` for its originId and, unless told otherwise, its name for the title."""
    return {
        "type": kind,
        "source": "erp",
        "query": f"SELECT * FROM {table}",
        "originId": f"{{{{ row.{key} }}}}",
        "fields": {"title": "{{ row.name }}"},
    } | more


COMPANIES = {"companies": entity("company", "customer")}
DEALS = COMPANIES | {
    "deals": entity(
        "deal",
        "purchase",
        fields={"title": "{{ row.name }}", "companyId": "{{ ref('companies', row.customer) }}"},
    )
}


@dataclass
class Planned:
    """A plan as `--format json` tells it."""

    document: dict[str, Any]

    @property
    def summary(self) -> dict[str, int]:
        """The counts that are not zero."""
        return {name: count for name, count in self.document["summary"].items() if count}

    @property
    def changes(self) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = self.document["changes"]
        return changes

    @property
    def digest(self) -> str:
        return str(self.document["digest"])

    def rows(self, entity: str) -> int:
        """Rows that the counts of an entity account for."""
        (found,) = (each for each in self.document["entities"] if each["entity"] == entity)
        return sum(count for name, count in found.items() if name not in ("spec", "entity", "entityTypeId"))

    def actions(self) -> dict[str | None, str]:
        """originId → action, with the reason of what is blocked."""
        return {
            each["originId"]: f"blocked {each['reason']}" if each["action"] == "blocked" else each["action"]
            for each in self.changes
        }

    def message(self, key: str | None) -> str:
        """Why the row is blocked."""
        (found,) = {each["message"] for each in self.changes if each["originId"] == key}
        return str(found)


@dataclass
class Applied:
    """A run as `--format json` tells it, with its exit code and its error."""

    document: dict[str, Any]
    result: RunResult
    planned: Planned

    @property
    def summary(self) -> dict[str, int]:
        """The counts that are not zero."""
        return {name: count for name, count in self.document["summary"].items() if count}

    @property
    def exit_code(self) -> int:
        return self.result.exit_code

    def listed(self, name: str) -> dict[str, Any]:
        """originId → what `failures`, `unknown`, `ambiguous` or `not_sent` say of it."""
        kept = {"failures": "code", "unknown": "message", "ambiguous": "ids", "not_sent": "reason"}[name]
        return {row["originId"]: row[kept] for row in self.document[name]}


@dataclass
class Project:
    """A folder with `specs/`, `data/erp.db` and `state/`, and a running portal."""

    folder: Path
    portal: RunningSandbox
    state_url: str = ""
    webhook: str = ""  # where commands find the portal, when not at the portal itself
    limits: Mapping[str, Any] = field(default_factory=lambda: QUICK)

    def __post_init__(self) -> None:
        for name in ("specs", "data", "state"):
            (self.folder / name).mkdir()
        self.state_url = self.state_url or f"sqlite:///{self.state_file}"

    @property
    def state_file(self) -> Path:
        return self.folder / "state" / "syncer.db"

    @property
    def environment(self) -> dict[str, str]:
        return {"WEBHOOK": self.webhook or self.portal.url, "STATE": self.state_url}

    # -- what there is -----------------------------------------------------------------------------------------

    def table(self, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Makes the table anew with these rows."""
        with sqlite3.connect(self.folder / "data" / "erp.db") as database:
            database.execute(f"DROP TABLE IF EXISTS {name}")
            database.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" * len(columns.split(",")))
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        database.close()

    def change(self, statement: str) -> None:
        """Runs a statement in the source."""
        with sqlite3.connect(self.folder / "data" / "erp.db") as database:
            database.execute(statement)
        database.close()

    def customers(self, *keys: object) -> None:
        """The table of customers: one of each key, named after it."""
        self.table("customer", "id, name", [(key, f"Customer {key}") for key in keys])

    def purchases(self, *rows: tuple[object, object]) -> None:
        """The table of purchases: (key, customer's key)."""
        self.table("purchase", "id, name, customer", [(key, f"Purchase {key}", customer) for key, customer in rows])

    def spec(self, entities: Mapping[str, Any], *, name: str = "shop", **more: Any) -> Path:
        """Writes a spec; `more` are further keys of it."""
        written = {
            "version": 1,
            "name": name,
            "portal": {"webhook": "${WEBHOOK}", "name": "acme", "limits": dict(self.limits)},
            "state": "${STATE}",
            "originatorId": "erp",
            "sources": {"erp": {"url": "sqlite:///data/erp.db"}},
        } | more
        path = self.folder / "specs" / f"{name}.yaml"
        path.write_text(yaml.safe_dump(written | {"entities": dict(entities)}, sort_keys=False, allow_unicode=True))
        return path

    def load(self) -> tuple[Spec, ...]:
        return load_specs([self.folder / "specs"], self.environment)

    def items(self, entity_type_id: int, originator: str = "erp") -> dict[str, dict[str, Any]]:
        """originId → item. Two items of one identity fail the test."""
        found: dict[str, dict[str, Any]] = {}
        for item in self.portal.items(entity_type_id):
            if item["originatorId"] == originator:
                assert item["originId"] not in found, f"two items of {item['originId']!r}"
                found[item["originId"]] = item
        return found

    def fault(self, kind: str, **more: Any) -> None:
        """Something that will happen to a request, see sandbox/faults.py."""
        self.portal.control("POST", "faults", {"kind": kind, **more})

    def switch(self, **settings: Any) -> None:
        """Changes the portal's switches, see sandbox/options.py."""
        self.portal.control("PATCH", "settings", settings)

    def calls(self, method: str = "crm.item.add") -> int:
        """How often a method ran in the portal."""
        return int(self.portal.control("GET", "log")["calls"].get(method, 0))

    def known(self, *, entity_type_id: int = 4) -> dict[str, Known]:
        """originId → what the state knows of the items of a type."""
        with State.open(self.state_url, mode="read") as state:
            items = state.items(state.portals.id("acme"))
            return {
                each.origin_id: each for each in items if each.scope and each.scope.entity_type_id == entity_type_id
            }

    def age_catalogs(self, seconds: float) -> None:
        """What the state keeps of the portal's fields was asked for so much earlier."""
        with sqlite3.connect(self.state_file) as database:
            database.execute("UPDATE catalog SET fetched_at = fetched_at - ?", (seconds,))
        database.close()

    # -- what is done ------------------------------------------------------------------------------------------

    def plan(self, *, only: Sequence[str] = (), allow: Mapping[str, float] | None = None) -> Planned:
        """`syncer plan`, with its guards when `allow` is given."""
        with open_session(self.load(), mode="read") as session, Workspace() as workspace:
            plan = planned(session, *session.targets(only), workspace)
            if allow is not None:
                check_guards(plan, allow)
            return _told(plan)

    def apply(
        self,
        *,
        only: Sequence[str] = (),
        stop: Event | None = None,
        before: Callable[[], object] = lambda: None,
        workspace: Callable[[], Workspace] = Workspace,
    ) -> Applied:
        """`syncer apply`, without its guards. `before` happens between planning and sending."""
        with open_session(self.load(), mode="write", stop=stop) as session, workspace() as planning:
            with _run(session) as run:
                targets, names = session.targets(only)
                run.settle_earlier(targets)
                plan = planned(session, targets, names, planning, keep=run.keeper.keep)
                before()
                result = run.execute(plan, targets, progress=lambda *_: None)
            return Applied(json.loads(run_json(plan, result)), result, _told(plan))

    @contextmanager
    def command(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """The installed command on the specs, running; it is dead afterwards."""
        process = Popen(
            [sys.executable, "-m", "syncer.cli.main", *arguments, str(self.folder / "specs")],
            env=os.environ | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def run_alone(self, *arguments: str, cwd: Path | None = None, **environment: str) -> tuple[int, str, str]:
        """The installed command on no specs, in the project's folder: exit code, stdout, stderr."""
        done = run(
            [sys.executable, "-m", "syncer.cli.main", *arguments],
            cwd=cwd or self.folder,
            env=os.environ | self.environment | environment,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """The installed command on the specs: exit code, stdout, stderr."""
        with self.command(*arguments, **environment) as process:
            out, errors = process.communicate(timeout=120)
            return process.returncode, out, errors


def _run(session: Session) -> Run:
    state, portal, stop = session.state, session.portal, session.stop
    return Run(state, portal, session.portal_id, session.portal_name, session.specs, patience=0.0, stop=stop)


def _told(plan: Plan) -> Planned:
    return Planned(json.loads("".join(plan_json(plan))))
