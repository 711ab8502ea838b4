"""The state is lost, or an old copy comes back: what the portal has is adopted, what it lacks is waited for."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.mending.shop import COMPANIES, DEALS, Shop
from tests.plan.project import QUICK, entity


def settle(shop: Shop, seconds: float) -> None:
    """Absence counts after so many seconds. Before the spec is written."""
    shop.limits = QUICK | {"settle_seconds": seconds}


def half_known(shop: Shop) -> None:
    """The state has A; the portal has A and B; the source has C too."""
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    assert shop.applied().summary == {"created": 2}
    shop.lose("B")
    shop.customers("A", "B", "C")


def elapsed(shop: Shop, *arguments: str) -> tuple[dict[str, int], float]:
    """An apply's counts and the seconds it took."""
    start = time.monotonic()
    applied = shop.applied(*arguments)
    assert applied.code == 0, applied.errors
    return applied.summary, time.monotonic() - start


def test_everything_is_adopted_when_the_state_is_lost(either_shop: Shop) -> None:
    shop = either_shop
    settle(shop, 60)
    shop.customers("A", "B")
    shop.purchases(("1", "A"), ("2", "B"))
    shop.spec(DEALS)
    shop.applied()
    shop.lose("A", "B", "1", "2")
    assert set(shop.planned().actions.values()) == {"adopt"}
    before = shop.calls()
    applied = shop.applied()
    assert (applied.code, applied.summary) == (0, {"adopted": 4})
    assert not [each for each in applied.events if each["event"] == "state.incomplete"]
    assert shop.calls() == before
    assert shop.planned().summary == {"unchanged": 4}


def test_what_an_old_copy_does_not_know_is_waited_for(either_shop: Shop) -> None:
    shop = either_shop
    settle(shop, 0.8)
    half_known(shop)
    start = time.monotonic()
    applied = shop.applied()
    assert time.monotonic() - start > 0.8
    assert (applied.code, applied.summary) == (0, {"created": 1, "adopted": 1, "unchanged": 1})
    warning = applied.event("state.incomplete")
    assert (warning["level"], warning["adopted"], warning["missing"]) == ("warning", 1, 1)
    assert "items that people deleted in the portal will come back" in warning["detail"]
    assert set(shop.items(4)) == {"A", "B", "C"}


def test_an_old_copy_that_knows_of_no_more_than_failures_is_waited_for_too(shop: Shop) -> None:
    """What it has as refused is there: a later state knew how, and this one does not know what else that one sent."""
    settle(shop, 0.8)
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    shop.fault("command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_REQUIRED", skip=1)
    assert shop.applied().summary == {"created": 1, "failed": 1}
    shop.make("B")
    shop.customers("A", "B", "C")
    applied = shop.applied()
    assert (applied.code, applied.summary) == (0, {"created": 1, "adopted": 1, "unchanged": 1})
    assert applied.event("state.incomplete")["missing"] == 1


def test_items_that_people_deleted_come_back(shop: Shop) -> None:
    settle(shop, 0.1)
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    shop.applied()
    shop.remove(4, shop.item(4, "B"))
    assert shop.planned().summary == {"unchanged": 2}
    shop.lose_state()
    planned = shop.planned()
    warning = planned.event("plan.incomplete_state")
    assert (warning["adopted"], warning["missing"], warning["level"]) == (1, 1, "warning")
    assert "items that people deleted in the portal since would come back" in warning["detail"]
    applied = shop.applied()
    assert applied.summary == {"created": 1, "adopted": 1}
    assert applied.event("plan.incomplete_state")


@contextmanager
def waiting(shop: Shop) -> Iterator[subprocess.Popen[str]]:
    """An apply that has just begun to wait."""
    with shop.started("apply", shop.specs, "--log-format", "json") as process:
        assert process.stderr is not None
        assert any("state.incomplete" in line for line in process.stderr)
        yield process


def test_what_appears_while_waiting_is_adopted(shop: Shop) -> None:
    """As when another run's batch, sent before the state was lost, is still worked on."""
    settle(shop, 1.0)
    shop.purchases()
    half_known(shop)
    shop.purchases(("1", "C"))
    shop.spec(DEALS)
    with waiting(shop) as process:
        late = shop.make("C")
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "2 adopted" in out
    assert shop.item(4, "C") == late
    assert shop.items(2)["1"]["companyId"] == late


def test_twins_that_appear_while_waiting_are_told(shop: Shop) -> None:
    settle(shop, 1.0)
    half_known(shop)
    with waiting(shop) as process:
        ids = sorted((shop.make("C"), shop.make("C")))
        process.communicate(timeout=120)
    assert process.returncode == 7
    plan = shop.planned()
    assert plan.actions == {"companies/C": "blocked ambiguous"}
    assert all(str(each) in plan.message("companies", "C") for each in ids)


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_wait_goes_on_in_the_next_run(
    shop: Shop, ended_by: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCER_LEASE_SECONDS", "1")
    settle(shop, 3.0)
    half_known(shop)
    start = time.monotonic()
    with waiting(shop) as process:
        process.send_signal(ended_by)
        process.communicate(timeout=120)
    assert process.returncode == (130 if ended_by is signal.SIGINT else -signal.SIGKILL)
    assert "C" not in shop.items(4)
    applied = shop.applied("--wait", "60")
    assert time.monotonic() - start >= 3.0
    assert applied.summary == {"created": 1, "unchanged": 2}
    assert applied.event("state.incomplete")["missing"] == 1


def test_nothing_is_waited_for_on_a_first_run(shop: Shop) -> None:
    settle(shop, 60)
    shop.customers("A", "B")
    shop.spec(COMPANIES)
    summary, seconds = elapsed(shop)
    assert summary == {"created": 2}
    assert seconds < 20


def test_nothing_is_waited_for_when_nothing_is_adopted(shop: Shop) -> None:
    settle(shop, 60)
    shop.customers("A")
    shop.spec(COMPANIES)
    shop.applied()
    shop.customers("A", "B")
    summary, seconds = elapsed(shop)
    assert summary == {"created": 1, "unchanged": 1}
    assert seconds < 20


def test_rows_that_are_not_looked_up_are_not_waited_for(shop: Shop) -> None:
    """An entity with `trust_state` has no part in it: neither its rows nor those of others wait for it."""
    settle(shop, 60)
    trusting = {"leads": entity("lead", "prospect", trust_state=True)}
    shop.customers("A")
    shop.table("prospect", "id, name", [("L", "Lead")])
    shop.spec(COMPANIES | trusting)
    shop.make("A")
    summary, seconds = elapsed(shop)
    assert summary == {"created": 1, "adopted": 1}
    assert seconds < 20


def test_owners_come_back_in_the_order_of_the_spec(shop: Shop) -> None:
    """Customers and suppliers are companies of one originatorId; both have a number 2."""
    settle(shop, 0.1)
    shop.spec({"customers": entity("company", "customer"), "suppliers": entity("company", "supplier")})
    shop.customers("1", "2")
    shop.table("supplier", "id, name", [("2", "Also 2"), ("3", "Supplier 3")])
    first = shop.applied()
    assert first.of("customers") == {"created": 2}
    assert first.of("suppliers") == {"created": 1, "blocked": 1}
    before = {key: str(known.owner) for key, known in shop.known().items()}
    shop.lose_state()
    again = shop.applied()
    assert again.of("customers") == {"adopted": 2}
    assert again.of("suppliers") == {"adopted": 1, "blocked": 1}
    assert {key: str(known.owner) for key, known in shop.known().items()} == before
    assert before == {"1": "shop/customers", "2": "shop/customers", "3": "shop/suppliers"}


def test_a_state_rebuilt_from_the_portal_is_waited_for_too(shop: Shop) -> None:
    """What was on its way when the state was lost may still come, however the rest was found again."""
    settle(shop, 0.8)
    half_known(shop)
    shop.lose_state()
    start = time.monotonic()
    shop.syncer("state", "adopt", "--spec", shop.specs)
    applied = shop.applied()
    assert time.monotonic() - start > 0.8
    assert applied.summary == {"created": 1, "unchanged": 2}
    assert applied.event("state.incomplete")["missing"] == 1


def test_twins_that_people_mended_are_no_sign_of_a_lost_state(shop: Shop) -> None:
    settle(shop, 60)
    shop.customers("A")
    shop.spec(COMPANIES)
    shop.applied()
    twin = shop.make("A")
    shop.syncer("state", "adopt", "--spec", shop.specs)
    shop.remove(4, twin)
    shop.customers("A", "B")
    summary, seconds = elapsed(shop)
    assert summary == {"created": 1, "adopted": 1}
    assert seconds < 20
