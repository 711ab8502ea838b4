"""The state's server goes away under a run: what was sent is told as unknown, and the next run settles it."""

from __future__ import annotations

import json

import psycopg
from sqlalchemy import make_url

from syncer.execute.failpoints import Failpoint
from syncer.model.change import EntityName
from syncer.model.identity import COMPANY, EntityTypeId, Scope
from syncer.store import Intent, NewRun, State
from tests.faults.shop import Shop, frozen, go_on, stands_still
from tests.postgres import Postgres


def test_the_connection_to_the_state_is_lost_while_a_request_is_under_way(shop: Shop, postgres: Postgres) -> None:
    shop.state_url = postgres.fresh_database()
    with shop.applying("--format", "json", **frozen(Failpoint.SUBMITTED, 1)) as run:
        stands_still(run)
        with psycopg.connect(host=str(postgres.folder), user="postgres", autocommit=True) as connection:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(query, [make_url(shop.state_url).database])
        code, out, errors = go_on(run)
    summary = json.loads(out)["summary"]
    assert (code, summary["created"], summary["unknown"], summary["not_sent"]) == (7, 1, 11, 12), errors
    assert errors.count("error: ") == 1, errors
    assert shop.finish()[0] == 0
    assert shop.made() == shop.wanted()


def test_what_a_run_that_broke_off_had_sent_counts_from_its_end(either: Shop) -> None:
    with State.open(either.state_url, mode="write") as state:
        portal = state.portals.id("acme")
        scope = Scope(EntityTypeId(COMPANY), "erp")
        owner = state.owners.put(portal, EntityName("shop", "companies"), scope, "")
        ledger = state.ledger(portal, scope)
        for orderly in (True, False):
            hold = state.lease.acquire(NewRun(f"broken off {orderly}", "apply"), 30)
            ledger.intend(hold, owner, [Intent(f"key {orderly}", "hash")])
            ended = state.lease.renew(hold, 30) - 30
            state.lease.finish(hold, "failed", {}, orderly=orderly)
            state.lease.finish(state.lease.acquire(NewRun(f"next {orderly}", "apply"), 30), "done", {})
            intended = ledger.ids([f"key {orderly}"])[f"key {orderly}"].intended_at
            assert intended is not None
            assert (intended < ended) == orderly
