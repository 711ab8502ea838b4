"""A method's operating budget, told by answers, against the portal's own counting."""

from __future__ import annotations

import json
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.bitrix24.operating import Operating

BUDGET, WINDOW = 480.0, 600.0


class PortalBudget:
    """limits.md: ten slices, each gone a window after its first call; whole seconds are told."""

    def __init__(self) -> None:
        self.slices: deque[list[float]] = deque()

    def used(self, now: float) -> float:
        while self.slices and now - self.slices[0][0] >= WINDOW:
            self.slices.popleft()
        return sum(seconds for _, seconds in self.slices)

    def spend(self, now: float, seconds: float) -> None:
        self.used(now)
        if not self.slices or now - self.slices[-1][0] >= WINDOW / 10:
            self.slices.append([now, 0.0])
        self.slices[-1][1] += seconds

    def resets_in(self, now: float) -> float:
        return max(0, int((self.slices[0][0] if self.slices else now) + WINDOW) - now)


def call(known: Operating, portal: PortalBudget, now: float, seconds: float) -> bool:
    """One call that ends now; whether the portal takes it, as it asks before the call."""
    if portal.used(now) >= BUDGET:
        return False
    portal.spend(now, seconds)
    known.observe(now, portal.used(now), portal.resets_in(now), seconds)
    return True


@given(st.lists(st.tuples(st.floats(0.05, 20), st.floats(0, 90)), min_size=1, max_size=150))
def test_who_waits_and_spends_what_is_left_is_never_refused(calls: list[tuple[float, float]]) -> None:
    known, portal, now = Operating(), PortalBudget(), 1000.5
    for seconds, pause in calls:
        now += pause
        for _ in range(12):
            wait = known.wait(now, BUDGET)
            if wait <= 0:
                break
            now += wait
        left = known.left(now, BUDGET)
        now += seconds
        assert call(known, portal, now, seconds if left is None else min(seconds, max(left, 0.05)))


@given(
    st.lists(st.tuples(st.floats(0.05, 20), st.floats(0, 200), st.booleans()), min_size=1, max_size=80),
    st.floats(-1e6, 1e6),
    st.floats(-1e5, 0),
)
def test_who_forgets_nothing_from_run_to_run_is_never_refused(
    calls: list[tuple[float, float, bool]], apart: float, back: float
) -> None:
    """Each process has a clock of its own, and the one that tells how long ago it was may have been put back."""
    known, portal, now, offset = Operating(), PortalBudget(), 1000.5, 0.0
    for seconds, pause, new_run in calls:
        now += pause
        if new_run:
            kept = json.loads(json.dumps(known.kept(now - pause + offset)))
            offset += apart
            passed = pause if back > -1e4 else back
            known = Operating.recalled(kept, now + offset, passed) if kept else Operating()
        for _ in range(12):
            wait = known.wait(now + offset, BUDGET)
            if wait <= 0:
                break
            now += wait
        left = known.left(now + offset, BUDGET)
        now += seconds
        spent = seconds if left is None else min(seconds, max(left, 0.05))
        assert portal.used(now) < BUDGET
        portal.spend(now, spent)
        known.observe(now + offset, portal.used(now), portal.resets_in(now), spent)


def test_what_has_left_since_is_forgotten_and_what_is_no_memory_is_refused() -> None:
    known = Operating()
    known.observe(1000.0, 480.0, 590.0, 10.0)
    kept = known.kept(1005.0)
    assert kept is not None
    later = Operating.recalled(kept, 77.0, 100.0)
    assert later.left(77.0, BUDGET) == 0
    assert later.wait(77.0, BUDGET) == pytest.approx(1000 + 590 + 1 - 1105)
    assert Operating.recalled(kept, 77.0, 700.0).left(77.0, BUDGET) is None
    assert Operating().kept(5.0) is None
    for broken in ({"told": "x"}, {"told": 0.0}, {"blocked": True}, kept | {"slices": [[1]]}):
        with pytest.raises(ValueError, match="not a number"):
            Operating.recalled(broken, 0.0, 0.0)


def test_a_spent_budget_is_spent_again_as_soon_as_the_slice_leaves() -> None:
    known, portal, now = Operating(), PortalBudget(), 1000.0
    for _ in range(3):
        for _ in range(10):
            now += 1
            assert call(known, portal, now, 48.0)
        assert known.left(now, BUDGET) == 0
        wait = known.wait(now, BUDGET)
        assert WINDOW - 12 <= wait <= WINDOW + 2
        now += wait
        assert known.left(now, BUDGET) == pytest.approx(BUDGET), "it is known how much has left"


def test_what_was_spent_before_the_first_answer_leaves_nobody_knows_when() -> None:
    known = Operating()
    known.observe(1000.0, 480.0, 30.0, 2.0)
    assert known.wait(1000.0, BUDGET) == 31.0
    assert known.wait(1031.0, BUDGET) == 0
    assert known.left(1031.0, BUDGET) == 0, "one call has to ask"
    known.observe(1032.0, 200.0, 500.0, 1.0)
    assert known.left(1032.0, BUDGET) == 280


def test_an_answer_that_was_overtaken_is_not_believed() -> None:
    known = Operating()
    known.observe(1000.0, 10.0, 600.0, 10.0)
    known.observe(1005.0, 30.0, 595.0, 5.0)
    known.observe(1002.0, 20.0, 598.0, 5.0)
    assert known.left(1005.0, BUDGET) == 450


def test_a_refusal_means_that_others_spend_and_one_call_asks_after_the_wait() -> None:
    known = Operating()
    known.observe(1000.0, 100.0, 40.0, 100.0)
    assert known.exhausted(1010.0, BUDGET) == 31.0
    assert known.left(1041.0, BUDGET) == pytest.approx(100.0), "what we know to have left"
    known.observe(1042.0, 300.0, 500.0, 1.0)
    assert known.left(1042.0, BUDGET) == 180


def test_a_portal_that_tells_nothing_is_asked_again_ever_later_and_bounds_nothing() -> None:
    known, now, waits = Operating(), 1000.0, []
    for _ in range(5):
        waits.append(known.exhausted(now, BUDGET))
        now += known.wait(now, BUDGET)
        assert known.left(now, BUDGET) is None
    assert waits == [10, 20, 40, 60, 60]
