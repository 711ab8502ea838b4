"""Leaky bucket and operating budget."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.sandbox_process import RunningSandbox

ADD = "crm.item.add?entityTypeId=4&fields[title]=T"


def until_answered(portal: RunningSandbox, method: str, **params: Any) -> None:
    """Asks until the portal no longer refuses."""
    until = time.monotonic() + 60
    while portal.status_of(method, **params)[0] != 200:
        assert time.monotonic() < until, "it refuses for ever"
        time.sleep(0.1)


def test_the_bucket_refuses_before_anything_runs_and_drains(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "a.db", "--burst", "5", "--requests-per-second", "1") as portal:
        answers = [portal.status_of("crm.item.add", entityTypeId=4, fields={}) for _ in range(12)]
        refused = [answer for answer in answers if answer[0] == 503]
        assert refused
        assert refused[0][1] == {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
        assert len(portal.items(4)) == 12 - len(refused)
        assert portal.control("GET", "log")["refused"] == len(refused)
        until_answered(portal, "profile")


def test_the_documented_limits_are_on_by_default(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "a.db") as portal:
        settings = portal.control("GET", "")["settings"]
        assert (settings["limits"], settings["requests_per_second"], settings["burst"]) == (True, 2.0, 50)
        assert (settings["operating_seconds"], settings["operating_window"]) == (480.0, 600.0)
        answered = 0
        while portal.status_of("profile")[0] == 200:
            answered += 1
            assert answered < 400, "no request is ever refused"
        assert answered >= 50


def test_the_operating_budget_blocks_one_method_until_its_oldest_bucket_leaves(tmp_path: Path) -> None:
    switches = ["--cost", "crm.item.add=0.5", "--operating-seconds", "1", "--operating-window", "3"]
    with RunningSandbox(tmp_path / "a.db", *switches) as portal:
        first = portal.call("crm.item.add", entityTypeId=4, fields={})["time"]
        second = portal.call("crm.item.add", entityTypeId=4, fields={})["time"]
        assert (first["operating"], second["operating"]) == (0.5, 1.0)
        assert second["operating_reset_at"] == first["operating_reset_at"]
        assert first["processing"] >= 0.5
        status, answer = portal.status_of("crm.item.add", entityTypeId=4, fields={})
        assert (status, answer["error"]) == (429, "OPERATION_TIME_LIMIT")
        assert portal.status_of("crm.item.list", entityTypeId=4)[0] == 200
        until_answered(portal, "crm.item.add", entityTypeId=4, fields={})


def test_inside_a_batch_the_command_gets_the_error(tmp_path: Path) -> None:
    switches = ["--cost", "crm.item.add=1", "--operating-seconds", "2"]
    with RunningSandbox(tmp_path / "a.db", *switches) as portal:
        found = portal.call("batch", cmd=dict.fromkeys("abc", ADD))
        assert list(found["result"]["result"]) == ["a", "b"]
        assert found["result"]["result_error"]["c"]["error"] == "OPERATION_TIME_LIMIT"
        times = found["result"]["result_time"]
        assert [times[key]["operating"] for key in "ab"] == [1.0, 2.0]
        assert [times[key]["duration"] >= 1 for key in "ab"] == [True, True]
        log = portal.control("GET", "log")
        assert (log["refused"], log["refused_calls"]) == (0, 1)


def test_operating_keys_can_be_left_out(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"operating_keys": False})
    found = portal.call("batch", cmd={"a": ADD})
    assert "operating" not in found["time"]
    assert "operating" not in found["result"]["result_time"]["a"]


def test_a_call_that_crosses_the_budget_completes_though_others_crossed_it_meanwhile(tmp_path: Path) -> None:
    switches = ["--cost", "crm.item.add=1.5", "--sleep", "--operating-seconds", "1.8"]
    with RunningSandbox(tmp_path / "a.db", *switches) as portal, ThreadPoolExecutor(3) as pool:
        together = [pool.submit(portal.status_of, "crm.item.add", entityTypeId=4, fields={}) for _ in range(3)]
        assert [each.result()[0] for each in together] == [200, 200, 200]
        assert portal.status_of("crm.item.add", entityTypeId=4, fields={})[0] == 429


def test_requests_beyond_the_workers_stand_in_line(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "a.db", "--cost", "crm.item.add=1", "--sleep") as portal:
        portal.control("PATCH", "settings", {"workers": 2})
        with ThreadPoolExecutor(4) as pool:
            begun = time.monotonic()
            line = [pool.submit(portal.call, "crm.item.add", entityTypeId=4, fields={}) for _ in range(4)]
            times = [each.result()["time"] for each in line]
            assert time.monotonic() - begun >= 2
        first = min(each["start"] for each in times)
        assert sum(each["start"] - first >= 1 for each in times) == 2
        assert [each["duration"] >= 1 for each in times] == [True] * 4


def test_simulated_time_is_really_spent_and_the_work_goes_on_without_its_client(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "a.db", "--no-limits", "--cost", "crm.item.add=1", "--sleep") as portal:
        begun = time.monotonic()
        portal.hang_up("batch", {"cmd": dict.fromkeys("abc", ADD)}, after=1.5)
        assert 0 < len(portal.items(4)) < 3
        while len(portal.items(4)) < 3:
            assert time.monotonic() - begun < 120
            time.sleep(0.1)
        assert time.monotonic() - begun >= 3
