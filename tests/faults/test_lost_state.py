"""The state is lost, or an old copy of it comes back: what the portal has is adopted, and nothing is made twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import make_url

from syncer.execute.failpoints import VARIABLE, Failpoint
from tests.execute.dead_runs import late_work
from tests.faults.shop import COMPANY, LIMITS, Shop
from tests.plan.project import DEALS
from tests.postgres import Postgres


@dataclass
class Fragile:
    """A shop, and the ways its state may go."""

    shop: Shop
    copy: Callable[[], object]
    restore: Callable[[], object]
    lose: Callable[[], object]

    def apply(self) -> dict[str, int]:
        code, out, errors = self.shop.run("apply", "--format", "json", "--wait", "60")
        assert code == 0, errors
        summary: dict[str, int] = json.loads(out)["summary"]
        return {name: count for name, count in summary.items() if count}


@pytest.fixture(params=["sqlite", "postgresql"])
def fragile(request: pytest.FixtureRequest, shop: Shop) -> Fragile:
    return a_file(shop) if request.param == "sqlite" else a_database(shop, request.getfixturevalue("postgres"))


def a_file(shop: Shop) -> Fragile:
    folder, kept = shop.state_file.parent, shop.folder / "kept"  # a killed run leaves a log beside the file

    def restore() -> None:
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)

    return Fragile(shop, lambda: shutil.copytree(folder, kept), restore, lambda: shutil.rmtree(folder))


def a_database(shop: Shop, postgres: Postgres) -> Fragile:
    shop.state_url = postgres.fresh_database()

    def copy() -> None:
        name = make_url(shop.state_url).database
        with psycopg.connect(host=str(postgres.folder), user="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE kept_{name} TEMPLATE {name}".encode())

    def restore() -> None:
        shop.state_url = postgres.url(f"kept_{make_url(shop.state_url).database}")

    def lose() -> None:
        shop.state_url = postgres.fresh_database()

    return Fragile(shop, copy, restore, lose)


def test_a_lost_state_is_made_again_from_the_portal(fragile: Fragile) -> None:
    assert fragile.apply() == {"created": 24}
    fragile.lose()
    assert fragile.apply() == {"adopted": 24}
    assert fragile.apply() == {"unchanged": 24}
    assert fragile.shop.made() == fragile.shop.wanted()


def test_an_old_copy_learns_what_it_missed(fragile: Fragile) -> None:
    shop = fragile.shop
    shop.customers(*shop.keys[:4])
    shop.purchases((f"P{shop.keys[0]}", shop.keys[0]))
    assert fragile.apply() == {"created": 5}
    fragile.copy()
    shop.sell_all()
    assert fragile.apply() == {"created": 19, "unchanged": 5}
    fragile.restore()
    assert fragile.apply() == {"adopted": 19, "unchanged": 5}
    assert fragile.apply() == {"unchanged": 24}
    assert shop.made() == shop.wanted()


@pytest.mark.parametrize("how", ["lost", "an old copy"])
def test_a_portal_that_works_on_for_a_run_that_the_state_forgot(shop: Shop, how: str) -> None:
    """What it has made already gives it away: the rest is waited for, and looked up once more."""
    fragile = a_file(shop)
    shop.customers(shop.keys[0])
    shop.purchases()
    fragile.apply()
    fragile.copy()
    shop.sell_all()
    shop.slow(0.5)
    shop.limits = LIMITS | {"settle_seconds": 6}
    shop.spec(DEALS)
    with shop.applying() as run:
        while len(shop.items(COMPANY)) < 3:  # eleven are under way
            assert run.poll() is None
        run.kill()
        run.wait()
        (fragile.lose if how == "lost" else fragile.restore)()
    assert 3 <= len(shop.items(COMPANY)) < 12
    summary = fragile.apply()
    assert summary["adopted"] == 11 + (how == "lost")
    assert shop.made() == shop.wanted()


def test_a_source_that_shows_new_rows_alone_does_not_hide_that_the_state_was_lost(shop: Shop) -> None:
    fragile = a_file(shop)
    shop.customers(shop.keys[0])
    shop.purchases()
    fragile.apply()
    fragile.lose()
    shop.customers(*shop.keys[1:3])
    shop.limits = LIMITS | {"settle_seconds": 6}
    shop.spec(DEALS)
    with late_work(shop, shop.keys[1], after=5):
        fragile.apply()
    assert shop.made() == (set(shop.keys[:3]), {})


def test_intents_of_an_old_copy_are_settled(fragile: Fragile) -> None:
    """The copy was made while a run was at work: what it says was about to be sent has long been made."""
    shop = fragile.shop
    shop.run("apply", **{VARIABLE: f"{Failpoint.INTENDED}:1"})
    fragile.copy()
    fragile.apply()
    fragile.restore()
    assert sum(shop.left_open().values()) == 11
    assert fragile.apply() == {"adopted": 12, "unchanged": 12}
    assert shop.made() == shop.wanted()
