"""What a run leaves in the state when it dies, and a portal that works on after its client is gone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from syncer.model.change import EntityName
from syncer.model.identity import COMPANY, EntityTypeId, Scope
from syncer.store import Intent, NewRun, State, Trouble
from tests.plan.project import Project


def died_sending(
    project: Project,
    keys: Sequence[str],
    *,
    kind: EntityTypeId = COMPANY,
    entity: str = "companies",
    failed_before: str = "",
    sent_in: float = 0.0,
) -> None:
    """A run committed that it sends these, and was killed.

    `failed_before`: the code of their earlier failure. `sent_in`: the clock was ahead by so many seconds then.
    """
    with State.open(project.state_url, mode="write") as state:
        portal_id = state.portals.id("acme")
        scope = Scope(kind, "erp")
        owner = state.owners.put(portal_id, EntityName("shop", entity), scope, "")
        hold = state.lease.acquire(NewRun(f"died-{time.monotonic_ns()}", "apply"), 30)
        ledger = state.ledger(portal_id, scope)
        intents = [Intent(key, "hash") for key in keys]
        if failed_before:
            ledger.intend(hold, owner, intents)
            ledger.failed(hold, [Trouble(key, failed_before, "why it failed") for key in keys])
        ledger.intend(hold, owner, intents)
        state.lease.renew(hold, 0.05)
    time.sleep(0.05)
    with sqlite3.connect(project.state_file) as database:
        database.execute("UPDATE item SET intended_at = intended_at + ? WHERE status = 'intended'", (sent_in,))
    database.close()


@contextmanager
def late_work(project: Project, key: str, *, after: float, when_struck: int = 0) -> Iterator[None]:
    """The portal finishes what it was sent for this company: `after` seconds from now, or from the fault that
    strikes as the `when_struck`th.
    """

    def work() -> None:
        until = time.monotonic() + 120
        while when_struck and _struck(project) < when_struck:
            assert time.monotonic() < until, "the fault did not strike"
            time.sleep(0.01)
        time.sleep(after)
        fields = {"title": f"Customer {key}", "originatorId": "erp", "originId": key}
        project.portal.call("crm.item.add", entityTypeId=4, fields=fields)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _struck(project: Project) -> int:
    return sum(bool(entry["fault"]) for entry in project.portal.control("GET", "log")["entries"])
