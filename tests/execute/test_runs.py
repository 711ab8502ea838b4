"""Whole runs, one after the other, beside each other, cut short: one item of each identity, and nothing missing."""

from __future__ import annotations

import json
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncer.model.identity import DEAL
from syncer.store import State, Status
from tests.plan.project import COMPANIES, DEALS, QUICK, Project, entity
from tests.postgres import Postgres


@pytest.fixture
def shop(project: Project) -> Project:
    """Forty companies with a deal each."""
    keys = [f"{number:02}" for number in range(40)]
    project.customers(*keys)
    project.purchases(*((f"P{key}", key) for key in keys))
    project.spec(DEALS)
    return project


def complete(shop: Project) -> bool:
    """Every row has its one item, and every deal its company."""
    companies, deals = shop.items(4), shop.items(2)
    parents = {key: item["companyId"] for key, item in deals.items()}
    return len(companies) == 40 and parents == {f"P{key}": item["id"] for key, item in companies.items()}


def test_a_second_run_creates_nothing_and_asks_nothing(shop: Project) -> None:
    assert shop.apply().summary == {"created": 80}
    shop.portal.control("DELETE", "log")
    again = shop.apply()
    assert (again.summary, again.exit_code) == ({"unchanged": 80}, 0)
    assert again.document["requests"] == 0
    assert shop.portal.control("GET", "log")["requests"] == 0
    assert complete(shop)


def test_a_run_tells_what_it_did(shop: Project) -> None:
    shop.purchases(("P1", "00"), ("P2", "nobody"))
    applied = shop.apply()
    document = applied.document
    assert document["summary"] == {
        "created": 41,
        "adopted": 0,
        "unchanged": 0,
        "failed": 0,
        "blocked": 1,
        "unknown": 0,
        "filtered": 0,
        "not_sent": 0,
    }
    assert [(each["entity"], each["created"], each["blocked"]) for each in document["entities"]] == [
        ("companies", 40, 0),
        ("deals", 1, 1),
    ]
    assert document["requests"] == shop.portal.control("GET", "log")["requests"]
    assert document["refused"] == 0
    with State.open(shop.state_url, mode="read") as state:
        run = state.runs.find(document["run"])
        assert run is not None
        assert (run.command, run.status) == ("apply", "done")
        assert run.summary == document["summary"]


def test_a_lost_state_is_made_again_by_adopting_all(shop: Project) -> None:
    shop.apply()
    shop.state_file.unlink()
    assert shop.plan().summary == {"adopt": 80}
    applied = shop.apply()
    assert (applied.summary, applied.exit_code, shop.calls()) == ({"adopted": 80}, 0, 80)
    assert shop.apply().summary == {"unchanged": 80}
    assert complete(shop)


def test_an_old_copy_of_the_state_does_no_harm(shop: Project) -> None:
    shop.apply(only=["companies"])
    copy = shop.state_file.read_bytes()
    shop.customers(*(f"{number:02}" for number in range(40)), "new")
    shop.apply()
    shop.state_file.write_bytes(copy)
    applied = shop.apply()
    assert (applied.summary, applied.exit_code) == ({"adopted": 41, "unchanged": 40}, 0)
    shop.portal.call("crm.item.delete", entityTypeId=4, id=shop.items(4)["new"]["id"])
    assert complete(shop)


def test_a_state_on_a_server_serves_as_well(shop: Project, postgres: Postgres) -> None:
    shop.state_url = postgres.fresh_database()
    shop.fault("drop", at="after", method="batch", skip=4, commands=7)
    shop.fault("drop", at="before", method="batch", skip=8)
    applied = shop.apply()
    assert (applied.summary, applied.exit_code) == ({"created": 80}, 0)
    assert shop.apply().summary == {"unchanged": 80}
    assert complete(shop)


@pytest.mark.parametrize("kind", ["company", "invoice"])
def test_a_user_who_cannot_read_is_found_out_at_the_first_item(project: Project, kind: str) -> None:
    number = {"company": 4, "invoice": 31}[kind]
    project.customers(*range(30))
    project.spec({"things": entity(kind, "customer")})
    project.switch(hidden=[number])
    applied = project.apply()
    assert len(project.portal.items(number)) == 1
    assert applied.exit_code in (3, 7)
    assert "the right to read" in str(applied.result.error)
    assert applied.summary["not_sent"] == 29
    project.switch(hidden=[])
    assert project.apply().summary == {"created": 29, "unchanged": 1}
    assert len(project.portal.items(number)) == 30


def test_who_cannot_read_is_found_out_even_after_many_refused_rows(project: Project) -> None:
    """The proof waits for a row that is created, and sends few until then."""
    project.customers(*(f"{number:03}" for number in range(200)))
    project.spec(COMPANIES)
    project.switch(hidden=[4])
    project.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", times=40)
    applied = project.apply()
    assert "the right to read" in str(applied.result.error)
    assert len(project.portal.items(4)) <= 32
    assert applied.summary["failed"] == 40


def test_a_type_is_proved_once(shop: Project) -> None:
    shop.apply()
    shop.portal.control("DELETE", "log")
    shop.customers(*range(50, 70))
    shop.apply()
    commands = [entry["commands"] for entry in shop.portal.control("GET", "log")["entries"]]
    assert commands[1:] == [20, 1], "a look-up, one batch, a sweep"


def test_twins_that_appear_during_a_run_are_told(project: Project) -> None:
    """By the look at the end; here somebody else uses our originator."""
    project.customers("A", "B")
    project.spec(COMPANIES)
    project.fault("delay", at="after", method="batch", skip=4, seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(project.apply)
        while len(project.portal.items(4)) < 2:
            assert not run.done()
        project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B"})
        applied = run.result()
    assert applied.exit_code == 7
    assert applied.listed("ambiguous") == {"B": [2, 3]}
    assert project.known()["B"].status is Status.AMBIGUOUS


def test_twins_that_the_portal_held_before_are_shown_with_their_ids(project: Project) -> None:
    project.customers("A", "B")
    project.spec(COMPANIES)
    for _ in range(2):
        project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B"})
    code, out, _ = project.run("apply")
    assert code == 7
    assert "! B  blocked (ambiguous): the portal holds several items of this identity: 1, 2; delete or re-key" in out


def test_an_item_that_vanishes_during_a_run_is_told(project: Project) -> None:
    project.customers("A", "B")
    project.spec(COMPANIES)
    project.fault("delay", at="after", method="batch", skip=4, seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(project.apply)
        while len(project.portal.items(4)) < 2:
            assert not run.done()
        project.portal.call("crm.item.delete", entityTypeId=4, id=2)
        applied = run.result()
    assert (applied.exit_code, applied.result.not_found) == (7, 1)


def test_a_signal_ends_a_run_cleanly_and_the_next_one_goes_on(shop: Project) -> None:
    shop.limits = QUICK | {"in_flight": 1}
    shop.spec(DEALS)
    shop.fault("delay", at="after", method="batch", skip=4, seconds=0.7)
    with shop.command("apply", "--format", "json") as process:
        while len(shop.portal.items(4)) < 2:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "finished first" in errors
    told = json.loads(out)
    assert told["summary"]["created"] == len(shop.portal.items(4))
    assert told["summary"]["not_sent"] == 80 - told["summary"]["created"]
    assert {row["reason"] for row in told["not_sent"]} == {"stopped"}
    assert {each.status for each in shop.known().values()} == {Status.CREATED}
    with State.open(shop.state_url, mode="read") as state:
        assert state.lease.holder() is None
        assert state.runs.newest()[0].status == "stopped"
    assert shop.apply().summary == {"created": told["summary"]["not_sent"], "unchanged": told["summary"]["created"]}
    assert complete(shop)


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_is_completed_by_the_next(shop: Project, seed: int) -> None:
    """At any moment, with a portal that works on."""
    chance = random.Random(seed)
    shop.switch(cost={"crm.item.add": 0.004}, sleep=True)
    for _ in range(2):
        with shop.command("apply", SYNCER_LEASE_SECONDS="1") as process:
            while len(shop.portal.items(4)) < chance.choice([1, 2, 20]):
                if process.poll() is not None:
                    break
            time.sleep(chance.random() * 0.4)
            process.kill()
    code, _, errors = shop.run("apply", "--wait", "120", SYNCER_LEASE_SECONDS="1")
    assert code == 0, errors
    assert complete(shop)
    assert {each.status for each in shop.known(entity_type_id=DEAL).values()} == {Status.CREATED}
