"""The leaky bucket as the portal keeps it, seen from our side of the network; operating budgets; sizes of
batches.
"""

from __future__ import annotations

from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.bitrix24.pace import Pace
from syncer.bitrix24.size import BatchSize
from syncer.bitrix24.transport import Time
from syncer.model.identity import DEAL
from tests.bitrix24.settings import TestLimits


class Clock:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Waiter(Event):
    """A stop that never comes; waiting for it moves the clock on."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timeout or 0.0
        return False


def started(clock: Clock, burst: int = 50, rate: float = 2.0, level: float = 0.0, share: float = 1.0) -> Pace:
    limits = TestLimits(burst=burst, requests_per_second=rate, operating_share=share)
    return Pace(limits, start_level=level, clock=clock)


class PortalBucket:
    """limits.md: it drains steadily, and refuses a request that would overflow it."""

    def __init__(self, burst: int, rate: float) -> None:
        self.level, self._burst, self._rate, self._at = 0.0, burst, rate, 0.0

    def admits(self, at: float) -> bool:
        self.level = max(0.0, self.level - (at - self._at) * self._rate)
        self._at = at
        if self.level + 1 > self._burst + 1e-6:
            return False
        self.level += 1
        return True


@given(
    rate=st.floats(0.5, 20),
    spare=st.integers(1, 230),
    travel=st.lists(st.floats(0, 1), min_size=1, max_size=40),
    pauses=st.lists(st.floats(0, 60), max_size=5),
)
def test_no_request_is_refused_however_they_travel(
    rate: float, spare: int, travel: list[float], pauses: list[float]
) -> None:
    burst = int(rate) + 1 + spare
    clock = Clock()
    pace = started(clock, burst, rate)
    arrivals = []
    for number in range(burst * 2 + 20):
        if pauses and number % 37 == 36:
            clock.now += pauses[number % len(pauses)]
        assert pace.acquire(stop=Waiter(clock))
        arrivals.append(clock.now + travel[number % len(travel)])
    bucket = PortalBucket(burst, rate)
    assert all(bucket.admits(at) for at in sorted(arrivals))


def test_the_bucket_is_used_nearly_to_the_brim_and_then_as_it_drains() -> None:
    clock = Clock()
    pace = started(clock)
    times = []
    for _ in range(148):
        pace.acquire(stop=Waiter(clock))
        times.append(clock.now - 1000.0)
    assert times[47] == 0.0
    assert times[48] == pytest.approx(0.5)
    assert times[147] == pytest.approx(50.0)


def test_the_level_outlives_the_process() -> None:
    clock = Clock()
    pace = started(clock)
    for _ in range(48):
        pace.acquire(stop=Waiter(clock))
    assert pace.level() == pytest.approx(48)
    clock.now += 4
    kept = pace.level()
    assert kept == pytest.approx(40)
    later = started(clock, level=kept)
    for _ in range(9):
        later.acquire(stop=Waiter(clock))
    assert clock.now == pytest.approx(1004.5)


@pytest.mark.parametrize("took", [3, 25])
@pytest.mark.parametrize("pause", [0.0, 2.0, 60.0])
def test_what_was_assumed_gives_way_to_what_is_known(took: int, pause: float) -> None:
    """The level is never below that of a pace which knew it from the start, and right when nothing drained to empty."""
    levels = []
    for start in (10, took):
        clock = Clock()
        pace, waiter = started(clock, level=start), Waiter(clock)
        for _ in range(3):
            pace.acquire(stop=waiter)
        clock.now += pause
        pace.acquire(stop=waiter)
        if start != took:
            pace.instead(10, took)
        levels.append(pace.level())
    assert levels[0] >= levels[1]
    assert levels[0] == pytest.approx(levels[1], abs=min(3, 2 * pause))


def test_a_refusal_means_the_bucket_is_full_and_lasts_longer_each_time() -> None:
    clock = Clock()
    pace = started(clock)
    waits = [pace.refused(attempt) for attempt in range(7)]
    assert waits == pytest.approx([1.5, 2.5, 4.5, 8.5, 16.5, 17.5, 17.5])
    before = clock.now
    pace.acquire(stop=Waiter(clock))
    assert clock.now - before == pytest.approx(17.5)


def test_a_set_stop_lets_nothing_leave() -> None:
    stop = Event()
    stop.set()
    pace = Pace(TestLimits())
    assert not pace.acquire(stop=stop)
    assert pace.level() == 0


def test_a_stop_ends_a_wait() -> None:
    pace, stop, left = Pace(TestLimits(burst=50), start_level=1e6), Event(), []
    waiting = Thread(target=lambda: left.append(pace.acquire(stop=stop)))
    waiting.start()
    stop.set()
    waiting.join(5)
    assert left == [False]


def test_threads_share_one_bucket() -> None:
    pace = Pace(TestLimits(burst=30, requests_per_second=20.0))
    threads = [Thread(target=lambda: [pace.acquire() for _ in range(4)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert pace.level() <= 30


METHOD = "crm.item.add"


def told(operating: float, reset_in: float) -> Time:
    return Time(operating=operating, finish=5000.0, operating_reset_at=5000.0 + reset_in)


def test_a_spent_method_waits_for_its_reset_and_others_do_not() -> None:
    clock = Clock()
    pace = started(clock)
    pace.observe(METHOD, told(480.1, 30))
    pace.acquire(["crm.item.list"], stop=Waiter(clock))
    assert clock.now == 1000.0
    pace.acquire(["crm.item.list", METHOD.upper()], stop=Waiter(clock))
    assert clock.now == pytest.approx(1031.0)


def test_the_counter_is_a_sum_and_the_newest_one_stands() -> None:
    clock = Clock()
    pace = started(clock, share=0.5)
    for _ in range(10):
        pace.observe(METHOD, told(100, 500))
    assert pace.seconds_left(METHOD) == pytest.approx(140)
    pace.observe(METHOD, told(20, 500))
    assert pace.seconds_left(METHOD) == pytest.approx(220)
    pace.observe(METHOD, Time())
    assert pace.seconds_left(METHOD) == pytest.approx(220)


def test_nothing_told_is_nothing_known() -> None:
    clock = Clock()
    pace = started(clock)
    pace.observe(METHOD, Time(operating=None, finish=1.0))
    assert pace.seconds_left(METHOD) is None
    pace.observe(METHOD, told(100, 20))
    clock.now += 22
    assert pace.seconds_left(METHOD) == pytest.approx(380), "nobody told how much left at the reset"


def test_a_refused_method_waits_for_the_reset_it_was_told() -> None:
    clock = Clock()
    pace = started(clock)
    pace.observe(METHOD, told(300, 40))
    assert pace.exhausted(METHOD) == pytest.approx(41)
    pace.acquire([METHOD], stop=Waiter(clock))
    assert clock.now == pytest.approx(1041)


def test_a_refused_method_without_a_reset_is_asked_again_ever_later() -> None:
    clock = Clock()
    pace = started(clock)
    waits = []
    for _ in range(5):
        waits.append(pace.exhausted(METHOD))
        pace.acquire([METHOD], stop=Waiter(clock))
    assert waits == pytest.approx([10, 20, 40, 60, 60])


def test_a_batch_starts_small_and_grows_to_fifty() -> None:
    sizes = BatchSize(60)
    seen = []
    for _ in range(5):
        seen.append(sizes.size("deal"))
        sizes.learn("deal", seen[-1], seen[-1] * 0.1)
    assert seen == [10, 20, 40, 50, 50]
    assert sizes.size("contact") == 10


def test_a_slow_portal_gets_smaller_batches_at_once() -> None:
    sizes = BatchSize(60)
    for _ in range(4):
        sizes.learn("deal", sizes.size("deal"), 1.0)
    sizes.learn("deal", 50, 100.0)
    assert sizes.size("deal") == 7
    sizes.learn("deal", 1, 70.0)
    assert sizes.size("deal") == 1
    for _ in range(12):
        sizes.learn("deal", sizes.size("deal"), 0.1 * sizes.size("deal"))
    assert sizes.size("deal") == 50


def test_what_was_learned_goes_on_in_the_next_run() -> None:
    sizes, kind = BatchSize(60), (DEAL, METHOD)
    sizes.learn(kind, 10, 50.0)
    assert sizes.learned() == {kind: 5.0}
    later = BatchSize(60)
    later.start_from({kind: 5.0})
    assert later.size(kind) == 3


def test_a_lost_request_halves_the_next() -> None:
    sizes = BatchSize(60, first=50)
    sizes.lost("deal", 50)
    assert sizes.size("deal") == 25
    sizes.lost("deal", 25)
    sizes.lost("deal", 1)
    assert sizes.size("deal") == 1


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1000)), max_size=30), st.floats(1, 120))
def test_a_size_is_never_past_what_the_request_may_take(told: list[tuple[int, float]], limit: float) -> None:
    sizes = BatchSize(limit)
    for count, seconds in told:
        sizes.learn("x", count, seconds)
        size = sizes.size("x")
        assert 1 <= size <= 50
        assert size == 1 or size * seconds / count <= limit


def test_the_operating_budget_bounds_a_batch() -> None:
    sizes = BatchSize(60)
    for _ in range(4):
        sizes.learn("deal", sizes.size("deal"), sizes.size("deal") * 0.25)
    assert sizes.size("deal") == 50
    assert sizes.size("deal", seconds_left=5.0) == 20
    assert sizes.size("deal", seconds_left=0.0) == 1
