"""`syncer state list|show|forget|release|unlock|upgrade`: with their errors, under the lease, told by the history."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from syncer.store.schema import migrate
from syncer.store.tables import HEAD, VERSION_TABLE
from tests.mending.shop import COMPANIES, DEALS, Shop, Told
from tests.plan.project import QUICK
from tests.postgres import Postgres
from tests.store.test_schema import raw

MENDING = (
    ("forget", "companies", "A"),
    ("release", "companies", "A"),
    ("move", "shop/companies", "shop/firms"),
)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    return with_items(shop)


def with_items(shop: Shop) -> Shop:
    """Customers A and B are created; purchase 1 of A as well."""
    shop.customers("A", "B")
    shop.purchases(("1", "A"))
    shop.spec(DEALS)
    assert shop.applied().summary == {"created": 3}
    return shop


def listed(shop: Shop, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop.syncer("state", "list", "--format", "json", *arguments).document
    return rows


# -- looking -------------------------------------------------------------------------------------------------------


def test_everything_the_state_knows_is_listed(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    lines = shop.syncer("state", "list").out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["shop/companies", "A", "created"],
        ["shop/companies", "B", "created"],
        ["shop/deals", "1", "created"],
    ]
    rows = listed(shop)
    assert [(each["entity"], each["originId"], each["entityTypeId"]) for each in rows] == [
        ("companies", "A", 4),
        ("companies", "B", 4),
        ("deals", "1", 2),
    ]
    assert rows[0]["id"] == shop.item(4, "A")
    assert {each["portal"] for each in rows} == {"acme"}
    exported = shop.syncer("state", "list", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in exported] == rows


def test_the_list_can_be_narrowed(stocked: Shop) -> None:
    assert [each["originId"] for each in listed(stocked, "--entity", "companies")] == ["A", "B"]
    assert [each["originId"] for each in listed(stocked, "--entity", "shop/deals")] == ["1"]
    assert listed(stocked, "--entity", "other/deals") == []
    assert len(listed(stocked, "--status", "created")) == 3
    assert listed(stocked, "--status", "failed") == []
    assert stocked.syncer("state", "list", "--status", "lost").code == 64


def test_one_identity_is_shown_whole(stocked: Shop) -> None:
    (told,) = stocked.syncer("state", "show", "companies", "A").document
    assert told["id"] == stocked.item(4, "A")
    assert (told["spec"], told["entity"], told["originatorId"], told["status"]) == (
        "shop",
        "companies",
        "erp",
        "created",
    )
    assert told["run_id"] == stocked.runs()[0]["id"]
    missing = stocked.syncer("state", "show", "companies", "Z")
    assert (missing.code, missing.out) == (64, "")
    assert "no companies 'Z'" in missing.errors


def test_looking_writes_nothing_and_needs_no_lease(stocked: Shop) -> None:
    before = stocked.state_file.read_bytes()
    with stocked.another_run():
        assert len(listed(stocked)) == 3
        assert stocked.syncer("state", "show", "companies", "A").code == 0
        assert stocked.runs()[0]["id"] == "other-run"
    stocked.state_file.write_bytes(before)
    stocked.syncer("state", "list")
    assert stocked.state_file.read_bytes() == before


def test_a_state_that_is_not_there_has_nothing_to_list(shop: Shop) -> None:
    shop.lose_state()
    assert listed(shop) == []
    assert shop.syncer("state", "show", "companies", "A").code == 64
    assert shop.runs() == []
    assert not shop.state_file.exists()


def test_the_state_may_be_named_in_three_ways(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = stocked.syncer("state", "list").out
    monkeypatch.delenv("SYNCER_STATE")
    assert stocked.syncer("state", "list", "--state", stocked.state_url).out == expected
    assert stocked.syncer("state", "list", "--spec", stocked.specs).out == expected
    monkeypatch.chdir(stocked.folder)
    assert stocked.syncer("state", "list").out == expected


# -- forgetting ----------------------------------------------------------------------------------------------------


def test_what_is_forgotten_is_asked_for_again(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    item = shop.item(4, "A")
    told = shop.syncer("state", "forget", "companies", "A")
    assert told.code == 0
    assert shop.planned().actions == {"companies/A": "adopt"}
    assert shop.applied().summary == {"adopted": 1, "unchanged": 2}
    assert shop.known()["A"].item_id == item


def test_what_was_deleted_and_is_forgotten_is_created_again(stocked: Shop) -> None:
    stocked.remove(4, stocked.item(4, "B"))
    assert stocked.planned().summary == {"unchanged": 3}
    stocked.syncer("state", "forget", "companies", "B")
    assert stocked.applied().summary == {"created": 1, "unchanged": 2}


def test_an_open_outcome_that_is_forgotten_is_waited_for_all_the_same(shop: Shop) -> None:
    """Its request may be on its way: forgetting it does not prove that it will not arrive."""
    shop.limits = QUICK | {"settle_seconds": 1.0}
    with_items(shop)
    shop.customers("A", "B", "C")
    shop.died_sending("C")
    start = time.monotonic()
    assert shop.syncer("state", "forget", "companies", "C").code == 0
    assert shop.planned().actions == {"companies/C": "create"}
    assert shop.applied().summary == {"created": 1, "unchanged": 3}
    assert time.monotonic() - start >= 1.0


# -- errors --------------------------------------------------------------------------------------------------------


def test_what_the_state_does_not_know_cannot_be_mended(stocked: Shop) -> None:
    before = stocked.runs()
    for command, entity, key, said in (
        ("forget", "companies", "Z", "no companies 'Z'"),
        ("forget", "firms", "A", "no firms 'A'"),
        ("forget", "other/companies", "A", "no other/companies 'A'"),
        ("release", "companies", "A", "no failed companies 'A'"),
        ("release", "companies", "Z", "no failed companies 'Z'"),
    ):
        told = stocked.syncer("state", command, entity, key)
        assert (told.code, told.out) == (64, "")
        assert said in told.errors
    assert len(listed(stocked)) == 3
    assert stocked.runs() == before  # nothing was begun


@pytest.mark.parametrize("arguments", [("forget",), ("forget", "companies"), ("release", "companies"), ("move", "a/b")])
def test_what_is_meant_must_be_said(shop: Shop, arguments: tuple[str, ...]) -> None:
    assert shop.syncer("state", *arguments).code == 64


@pytest.mark.parametrize("arguments", [*MENDING, ("unlock",), ("upgrade",)])
def test_a_state_that_is_not_there_is_not_made(shop: Shop, arguments: tuple[str, ...]) -> None:
    shop.lose_state()
    told = shop.syncer("state", *arguments)
    assert (told.code, told.out) == (64, "")
    assert "there is no state" in told.errors
    assert str(shop.state_file) in told.errors
    assert list(shop.state_file.parent.iterdir()) == []


def test_an_empty_database_is_no_state(shop: Shop, postgres: Postgres) -> None:
    url = postgres.fresh_database()
    for arguments in (*MENDING, ("unlock",)):
        told = shop.syncer("state", *arguments, "--state", url)
        assert told.code == 64
        assert "there is no state" in told.errors
    with raw(url) as database:
        assert sa.inspect(database.connection).get_table_names() == []
    assert shop.syncer("state", "upgrade", "--state", url).out == f"The state is at version {HEAD}; it was at none.\n"


def test_another_database_is_not_touched(shop: Shop) -> None:
    shop.customers("A")
    erp = f"sqlite:///{shop.folder}/data/erp.db"
    for arguments in (*MENDING, ("unlock",), ("upgrade",), ("list",)):
        told = shop.syncer("state", *arguments, "--state", erp)
        assert told.code == 1
        assert "not a state of syncer" in told.errors


def test_one_name_in_two_specs_must_be_told_apart(stocked: Shop) -> None:
    stocked.spec(COMPANIES, name="store", originatorId="second")
    assert stocked.applied().summary == {"created": 2, "unchanged": 3}
    told = stocked.syncer("state", "forget", "companies", "A")
    assert told.code == 64
    assert "SPEC/ENTITY" in told.errors
    assert stocked.syncer("state", "forget", "store/companies", "A").code == 0
    assert [(each["spec"], each["originId"]) for each in listed(stocked, "--entity", "companies")] == [
        ("shop", "A"),
        ("shop", "B"),
        ("store", "B"),
    ]


def test_one_name_in_two_portals_must_be_told_apart(stocked: Shop) -> None:
    path = stocked.folder / "specs" / "shop.yaml"
    path.write_text(path.read_text().replace("name: acme", "name: newport"))
    stocked.applied("--allow", "new-portal")
    told = stocked.syncer("state", "forget", "companies", "A")
    assert told.code == 64
    assert "--portal" in told.errors
    assert "acme" in told.errors
    assert "newport" in told.errors
    assert stocked.syncer("state", "forget", "companies", "A", "--portal", "newport").code == 0
    assert [each["portal"] for each in listed(stocked, "--entity", "companies")] == ["acme", "acme", "newport"]
    assert stocked.syncer("state", "release", "companies", "B", "--portal", "nowhere").code == 64


# -- under the lease -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", MENDING)
def test_a_state_in_use_is_not_mended(either_shop: Shop, arguments: tuple[str, ...]) -> None:
    shop = with_items(either_shop)
    if arguments[0] == "release":
        shop.remark("B", None)
        shop.insist()
        shop.source("UPDATE customer SET id = 'C' WHERE id = 'B'")
        shop.applied()
        arguments = ("release", "companies", "C")
    before = listed(shop)
    with shop.another_run():
        told = shop.syncer("state", *arguments)
        assert told.code == 5
        assert "other-run" in told.errors
        assert "ann on ci" in told.errors
    assert listed(shop) == before
    assert shop.syncer("state", *arguments).code == 0


def test_a_dead_holder_is_told_and_its_lease_taken(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    assert shop.syncer("state", "unlock").out == "Nobody holds the state.\n"
    with shop.another_run():
        told = shop.syncer("state", "unlock")
        assert (told.code, told.out) == (0, "Taken from run other-run of ann@ci, pid 7.\n")
        assert shop.syncer("state", "unlock").out == "Nobody holds the state.\n"
    (run,) = (each for each in shop.runs() if each["id"] == "other-run")
    assert run["status"] == "lost"
    assert shop.applied().summary == {"unchanged": 3}


def test_an_older_state_is_upgraded_once_nobody_uses_it(either_shop: Shop) -> None:
    shop = either_shop
    with older_state_in_use(shop):
        told = shop.syncer("state", "upgrade")
        assert told.code == 5
        assert "ann on ci" in told.errors
        assert version(shop) == "0001"
    assert shop.syncer("state", "upgrade").out == f"The state is at version {HEAD}; it was at 0001.\n"
    assert version(shop) == HEAD


@contextmanager
def older_state_in_use(shop: Shop) -> Iterator[None]:
    """A state as an older program made it, whose run is under way."""
    shop.state_file.unlink(missing_ok=True)
    with raw(shop.state_url) as database:
        migrate(database, to="0001")
        database.write(
            sa.text("""INSERT INTO run (number, id, command, specs, "user", host, pid, started, status)
                       VALUES (1, 'other-run', 'apply', '[]', 'ann', 'ci', 7, 0, 'running')""")
        )
        soon = {"soon": time.time() + 60}
        database.write(sa.text("INSERT INTO lease (id, fence, run, since, expires) VALUES (1, 1, 1, 0, :soon)"), soon)
        yield
        database.write(sa.text("UPDATE lease SET run = NULL, since = NULL, expires = NULL"))


def version(shop: Shop) -> str:
    with raw(shop.state_url) as database:
        return str(database.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")))


def test_an_upgrade_of_what_is_new_changes_nothing(either_shop: Shop) -> None:
    shop = with_items(either_shop)
    assert shop.syncer("state", "upgrade").out == f"The state is at version {HEAD}; it was at {HEAD}.\n"


# -- the history ---------------------------------------------------------------------------------------------------


def test_what_was_mended_is_in_the_history(either_shop: Shop) -> None:
    shop = either_shop
    shop.customers("A", "B")
    shop.remark("B", None)
    shop.insist()
    shop.spec(COMPANIES)
    for _ in range(3):
        shop.applied()
    commands = ("forget companies A", "release companies B", "move shop/companies shop/firms")
    for command in commands:
        assert shop.syncer("state", *command.split()).code == 0
    newest = shop.runs()[:3]
    assert [(each["command"], each["status"]) for each in reversed(newest)] == [
        (f"state {command}", "done") for command in commands
    ]
    text = shop.syncer("runs", "list").out.splitlines()
    assert [command in line for command, line in zip(reversed(commands), text, strict=False)] == [True] * 3

    moved, released, forgotten = (shop.syncer("runs", "show", str(each["id"])).document for each in newest)
    assert moved["attention"] == released["attention"] == forgotten["attention"] == []
    assert moved["mended"] == []
    assert [(each["originId"], each["outcome"]) for each in released["mended"]] == [("B", "released")]
    assert [(each["originId"], each["outcome"]) for each in forgotten["mended"]] == [("A", "forgotten")]
    assert forgotten["mended"][0]["entityTypeId"] == 4


def test_an_apply_tells_what_failed_in_it(stocked: Shop) -> None:
    stocked.customers("A", "B", "C")
    stocked.remark("C", None)
    stocked.insist()
    stocked.applied()
    run = stocked.runs()[0]
    assert (run["command"], run["status"]) == ("apply", "incomplete")
    shown = stocked.syncer("runs", "show", str(run["id"])).document
    assert [(each["entity"], each["originId"], each["code"]) for each in shown["attention"]] == [
        ("shop/companies", "C", "CRM_FIELD_ERROR_REQUIRED")
    ]
    assert stocked.syncer("runs", "show", "nothing").code == 64


def test_keys_of_any_form_can_be_named(shop: Shop) -> None:
    keys = ["a b", "it's", 'say "x"', "-1", "ключ", "50%_", "a/b"]
    shop.customers(*keys)
    shop.spec(COMPANIES)
    shop.applied()
    for key in keys:
        (told,) = shop.syncer("state", "show", "companies", "--", key).document
        assert told["originId"] == key
        assert shop.syncer("state", "forget", "companies", "--", key).code == 0
    assert listed(shop) == []


def test_the_installed_command_does_it_too(stocked: Shop) -> None:
    told: Told = stocked.installed("state", "forget", "companies", "A")
    assert (told.code, told.errors) == (0, "")
    assert "Forgotten: companies A." in told.out
    told = stocked.installed("apply", stocked.specs)
    assert told.code == 0
    assert "1 adopted" in told.out
