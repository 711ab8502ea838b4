"""A shop whose customers and purchases go to a portal, by the `syncer` command as a user types it."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from syncer.cli.main import main
from syncer.model.change import EntityName
from syncer.store import Intent, NewRun, State
from tests.forks import SYNCER, Popen
from tests.plan.project import Project, entity

REMARK = {"title": "{{ row.name }}", "comments": "{{ row.remark }}"}
COMPANIES = {"companies": entity("company", "customer", fields=REMARK)}
DEALS = COMPANIES | {
    "deals": entity(
        "deal", "purchase", fields={"title": "{{ row.name }}", "companyId": "{{ ref('companies', row.customer) }}"}
    )
}
TWO_KINDS = COMPANIES | {"leads": entity("lead", "prospect")}


@dataclass(frozen=True)
class Told:
    """What a command said."""

    code: int
    out: str
    errors: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def summary(self) -> dict[str, int]:
        """The counts of a plan or a run that are not zero."""
        return {name: count for name, count in self.document["summary"].items() if count}

    def of(self, entity: str) -> dict[str, int]:
        """One entity's counts that are not zero."""
        (found,) = (each for each in self.document["entities"] if each["entity"] == entity)
        return {name: count for name, count in found.items() if isinstance(count, int) and count and name[0] != "e"}

    @property
    def actions(self) -> dict[str, str]:
        """entity/originId → what the plan does with it, with the reason of what is blocked."""
        return {
            f"{row['entity']}/{row['originId']}": " ".join(filter(None, (row["action"], row.get("reason"))))
            for row in self.document["changes"]
        }

    def message(self, entity: str, key: str) -> str:
        """Why the plan blocks a row."""
        rows = self.document["changes"]
        (found,) = (row["message"] for row in rows if (row["entity"], row["originId"]) == (entity, key))
        return str(found)

    def listed(self, name: str, what: str) -> dict[str, Any]:
        """entity/originId → one cell of the rows of a run's `failures`, `not_sent`, `ambiguous` or `unknown`."""
        return {f"{row['entity']}/{row['originId']}": row[what] for row in self.document[name]}

    @property
    def events(self) -> list[dict[str, Any]]:
        """The log, as `--log-format json` writes it."""
        return [json.loads(line) for line in self.errors.splitlines() if line.startswith("{")]

    def event(self, name: str) -> dict[str, Any]:
        """The one log line of this event."""
        (found,) = (each for each in self.events if each["event"] == name)
        return found


class Shop(Project):
    """A project whose commands are run in this process; `installed` runs the console script instead."""

    @property
    def specs(self) -> str:
        return str(self.folder / "specs")

    def customers(self, *keys: object) -> None:
        """Customers with a remark, which the portal may insist on."""
        self.table("customer", "id, name, remark", [(key, f"Customer {key}", "yes") for key in keys])

    def remark(self, key: object, text: str | None) -> None:
        """Changes the remark of one customer in the source."""
        self.source("UPDATE customer SET remark = ? WHERE id = ?", text, key)

    def source(self, sql: str, *values: object) -> None:
        """Changes the source database."""
        with closing(sqlite3.connect(self.folder / "data" / "erp.db")) as database, database:
            database.execute(sql, values)

    def insist(self, on: bool = True) -> None:
        """The portal refuses companies without a remark, or takes them again."""
        self.switch(required_at={"4": {"None": ["comments"]}} if on else {})

    def syncer(self, *arguments: str) -> Told:
        """`syncer ARGUMENTS`."""
        out, errors = io.StringIO(), io.StringIO()
        before = sys.argv
        sys.argv = ["syncer", *arguments]
        try:
            with redirect_stdout(out), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
                main()
        finally:
            sys.argv = before
        return Told(int(ended.value.code or 0), out.getvalue(), errors.getvalue())

    def planned(self, *arguments: str) -> Told:
        """`syncer plan SPECS`."""
        return self.syncer("plan", self.specs, "--format", "json", "--log-format", "json", *arguments)

    def applied(self, *arguments: str) -> Told:
        """`syncer apply SPECS`."""
        return self.syncer("apply", self.specs, "--format", "json", "--log-format", "json", *arguments)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The console script, running on its own; dead when the block is left."""
        process = Popen(
            [SYNCER, *arguments],
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

    def installed(self, *arguments: str) -> Told:
        """`syncer ARGUMENTS`, the console script."""
        with self.started(*arguments) as process:
            out, errors = process.communicate(timeout=120)
            return Told(process.returncode, out, errors)

    def lose_state(self) -> None:
        """The state's file is lost."""
        self.state_file.unlink()

    def lose(self, *keys: str) -> None:
        """The state is an old copy, from before these were created."""
        with sa.create_engine(self.state_url).begin() as connection:
            gone = sa.text("DELETE FROM item WHERE origin_id = :key")
            connection.execute(gone, [{"key": key} for key in keys])

    @contextmanager
    def another_run(self, command: str = "apply") -> Iterator[str]:
        """Another run holds the lease meanwhile; its id."""
        with State.open(self.state_url, mode="write") as state:
            hold = state.lease.acquire(NewRun("other-run", command, user="ann", host="ci", pid=7), 30)
            try:
                yield hold.run_id
            finally:
                if (holder := state.lease.holder()) is not None and holder.run_id == hold.run_id:
                    state.lease.finish(hold, "done", {})

    def item(self, kind: int, key: str) -> int:
        """The id of the portal's one item of a key."""
        return int(self.items(kind)[key]["id"])

    def make(self, key: str, *, kind: int = 4, originator: str = "erp") -> int:
        """Somebody makes an item of an identity in the portal; its id."""
        fields = {"title": f"Somebody's {key}", "originatorId": originator, "originId": key}
        return int(self.portal.call("crm.item.add", entityTypeId=kind, fields=fields)["result"]["item"]["id"])

    def remove(self, kind: int, item_id: int) -> None:
        """Somebody deletes an item in the portal."""
        self.portal.call("crm.item.delete", entityTypeId=kind, id=item_id)

    def runs(self) -> list[Mapping[str, Any]]:
        """The history, newest first."""
        runs: list[Mapping[str, Any]] = self.syncer("runs", "list", "--format", "json").document
        return runs

    def outcomes(self) -> int:
        """How many lines the history of items has."""
        with sa.create_engine(self.state_url).begin() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM outcome")).scalar_one())

    def died_sending(self, *keys: str) -> None:
        """A run committed that it sends these customers, and was killed."""
        with State.open(self.state_url, mode="write") as state:
            portal_id = state.portals.id("acme")
            owner = state.owners.find(portal_id, EntityName("shop", "companies"))
            assert owner is not None
            hold = state.lease.acquire(NewRun(f"died-{time.monotonic_ns()}", "apply"), 30)
            state.ledger(portal_id, owner.scope).intend(hold, owner.id, [Intent(key, "hash") for key in keys])
            state.lease.renew(hold, 0)
