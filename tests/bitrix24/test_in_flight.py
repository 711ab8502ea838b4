"""Requests at once, against a portal of so many workers: simulated, and the real sandbox's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from heapq import heappop, heappush

import pytest

from syncer.bitrix24.answer import CommandAnswer
from syncer.bitrix24.encode import Command
from syncer.bitrix24.in_flight import InFlight
from syncer.bitrix24.portal import Portal
from tests.bitrix24.conftest import webhook_of
from tests.bitrix24.settings import TestLimits
from tests.sandbox_process import RunningSandbox

ITEMS, SECONDS = 50, 0.1
ROUND = 200


@dataclass
class Workers:
    """Requests are worked on by so many at a time; others stand in line, which their own `duration` does not show."""

    many: int
    now: float = 0.0
    free_at: list[float] = field(default_factory=list)
    flying: list[tuple[float, float]] = field(default_factory=list)

    def send(self, seconds: float) -> None:
        begun = self.now
        if len(self.free_at) >= self.many:
            begun = max(self.now, heappop(self.free_at))
        heappush(self.free_at, begun + seconds)
        heappush(self.flying, (begun + seconds, self.now))

    def answer(self) -> float:
        """Waits for the next answer; gives the seconds it took."""
        self.now, left = heappop(self.flying)
        return self.now - left

    def serve(self, limit: InFlight, answers: int, seconds: Callable[[], float] = lambda: SECONDS) -> int:
        """Keeps as many requests on their way as the limit says; the limit afterwards."""
        work = ITEMS * seconds()
        for _ in range(answers):
            while len(self.flying) < limit.limit(work):
                limit.leaves()
                self.send(work)
            took = self.answer()
            limit.lands()
            limit.learn("deal", ITEMS, work, took)
        return limit.limit()


def test_a_number_is_kept() -> None:
    limit = InFlight(3, most=48)
    assert Workers(1).serve(limit, ROUND) == 3
    limit.lost()
    assert (limit.limit(), limit.learned) == (3, None)


@pytest.mark.parametrize(("seconds", "first"), [(15.0, 4), (5.0, 4), (2.5, 6), (1.0, 15), (0.01, 16)])
def test_the_first_requests_ask_together_for_no_more_than_a_long_one(seconds: float, first: int) -> None:
    assert InFlight("auto", most=48).limit(seconds) == first


def test_it_doubles_while_answers_take_no_longer_up_to_what_the_bucket_allows() -> None:
    limit, portal = InFlight("auto", most=48), Workers(1000)
    assert [portal.serve(limit, answers) for answers in (4, 8, 16, 32)] == [8, 16, 32, 48]
    assert portal.serve(limit, ROUND) == 48
    assert limit.most == 48


@pytest.mark.parametrize("workers", [1, 2, 5, 12, 30])
def test_it_finds_how_many_the_portal_works_on(workers: int) -> None:
    limit, portal = InFlight("auto", most=48), Workers(workers)
    found = portal.serve(limit, 10 * ROUND)
    assert workers <= found <= 2 * workers
    began = portal.now
    portal.serve(limit, ROUND)
    assert ROUND * ITEMS * SECONDS / workers >= 0.9 * (portal.now - began), "no worker is idle"


def test_it_falls_when_the_portal_has_less_to_give_and_grows_again_with_it() -> None:
    limit, portal = InFlight("auto", most=48), Workers(24)
    assert portal.serve(limit, 10 * ROUND) >= 24
    portal.many, portal.free_at = 3, sorted(portal.free_at)[-3:]
    assert portal.serve(limit, 10 * ROUND) <= 6
    portal.many = 24
    assert portal.serve(limit, 10 * ROUND) >= 20


def test_items_that_take_longer_for_everybody_are_the_new_measure_in_the_end() -> None:
    limit, portal = InFlight("auto", most=16), Workers(1000)
    portal.serve(limit, ROUND)
    assert portal.serve(limit, 30, lambda: 5 * SECONDS) <= 8
    assert portal.serve(limit, 10 * ROUND, lambda: 5 * SECONDS) == 16


def test_what_is_not_used_does_not_grow() -> None:
    limit = InFlight("auto", most=48)
    for _ in range(ROUND):
        limit.leaves()
        limit.lands()
        limit.learn("deal", ITEMS, 5.0, 5.0)
    assert limit.limit() == 4


def test_a_kind_is_compared_with_its_own() -> None:
    limit = InFlight("auto", most=16)
    for number in range(100):
        busy = limit.limit()
        for _ in range(busy):
            limit.leaves()
        kind, seconds = ("contact", 0.5) if number % 2 else ("deal", 10.0)
        limit.learn(kind, ITEMS, seconds, seconds)
        for _ in range(busy):
            limit.lands()
    assert limit.limit() == 16


def test_a_lost_answer_halves_it_and_the_next_run_starts_from_what_was_found() -> None:
    limit = InFlight("auto", most=48)
    assert limit.learned is None
    Workers(1000).serve(limit, ROUND)
    limit.lost()
    assert limit.limit() == 24
    assert limit.learned == pytest.approx(24)
    assert InFlight("auto", most=48, learned=2.0).limit(0.5) == 2
    assert InFlight("auto", most=48, learned=24.0).limit(15.0) == 16


def test_a_real_portal_of_two_workers_is_not_asked_by_many(sandbox: RunningSandbox) -> None:
    sandbox.control("PATCH", "settings", {"workers": 2, "cost": {"crm.item.add": 0.1}, "sleep": True})
    add = Command("crm.item.add", {"entityTypeId": 4, "fields": {"title": "Worked on"}})
    with Portal(webhook_of(sandbox), TestLimits(in_flight="auto")) as portal:
        flying: set[Future[dict[int, CommandAnswer]]] = set()
        left = 50
        while left or flying:
            while left and len(flying) < portal.in_flight.limit(0.3):
                flying.add(portal.submit(dict.fromkeys(range(3), add), kind="company"))
                left -= 1
            _, flying = wait(flying, return_when=FIRST_COMPLETED)
        assert portal.in_flight.limit() <= 8
