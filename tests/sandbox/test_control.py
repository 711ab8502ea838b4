"""Faults, counters, and the rest of the control endpoint."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

import pytest

from tests.sandbox_process import RunningSandbox

BATCH = {"cmd": dict.fromkeys("abcd", "crm.item.add?entityTypeId=4&fields[title]=T")}


def sent(portal: RunningSandbox, method: str = "batch", params: Any = BATCH) -> tuple[int, bytes]:
    """Status and body; 0 when the connection broke before a status, the part of a body that came otherwise."""
    parts = urlsplit(portal.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("POST", parts.path + method, json.dumps(params), {"Content-Type": "application/json"})
    try:
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.IncompleteRead as error:
        return 200, error.partial
    except (ConnectionError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("fault", "status", "items"),
    [
        ({"kind": "drop", "at": "before"}, 0, 0),
        ({"kind": "drop", "at": "after"}, 0, 4),
        ({"kind": "drop", "at": "after", "commands": 2}, 0, 2),
        ({"kind": "cut"}, 200, 4),
        ({"kind": "status", "status": 500}, 500, 4),
        ({"kind": "status", "at": "before", "status": 502}, 502, 0),
        ({"kind": "html", "status": 504}, 504, 4),
        ({"kind": "delay", "at": "before", "seconds": 0.1}, 200, 4),
        ({"kind": "delay", "seconds": 0.1}, 200, 4),
        ({"kind": "drop", "method": "crm.item.list"}, 200, 4),
        ({"kind": "drop", "method": "crm.item.add"}, 0, 4),
        ({"kind": "drop", "at": "before", "method": "crm.item.add"}, 0, 0),
        ({"kind": "html", "method": "crm.item.add", "commands": 3}, 500, 3),
        ({"kind": "switch", "method": "crm.item.add", "switches": {"overloaded": True}}, 503, 0),
        ({"kind": "drop", "probability": 0}, 200, 4),
    ],
)
def test_a_fault_strikes_once(portal: RunningSandbox, fault: dict[str, Any], status: int, items: int) -> None:
    portal.control("POST", "faults", fault)
    found, body = sent(portal)
    assert found == status
    assert len(portal.items(4)) == items
    if fault["kind"] == "cut":
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    if fault["kind"] == "html":
        assert body.startswith(b"<html>")
    portal.control("PATCH", "settings", {"overloaded": False})
    assert sent(portal)[0] == 200


def test_a_fault_may_wait_for_a_command_of_a_batch(portal: RunningSandbox) -> None:
    """Requests are counted, not commands; a fault of kind `command` counts these."""
    portal.control("POST", "faults", {"kind": "status", "method": "crm.item.add", "skip": 1})
    mixed: dict[str, Any] = {
        "cmd": {"a": "profile", "b": "crm.item.add.json?entityTypeId=4", "c": "CRM.ITEM.ADD?entityTypeId=4"}
    }
    others: list[Any] = [{"cmd": {"a": "profile"}}, mixed, {"cmd": []}, mixed]
    answers = [sent(portal, params=params)[0] for params in others]
    assert answers == [200, 200, 200, 500]


def test_faults_may_wait_and_come_again(portal: RunningSandbox) -> None:
    portal.control("POST", "faults", [{"kind": "status", "status": 500, "skip": 1, "times": 2}])
    assert [sent(portal)[0] for _ in range(4)] == [200, 500, 500, 200]
    portal.control("POST", "faults", {"kind": "status", "status": 500, "times": 0})
    assert [sent(portal)[0] for _ in range(3)] == [500, 500, 500]
    portal.control("DELETE", "faults")
    assert sent(portal)[0] == 200


def test_a_fault_may_strike_every_third_request(portal: RunningSandbox) -> None:
    portal.control("POST", "faults", {"kind": "status", "status": 500, "skip": 1, "every": 3, "times": 2})
    assert [sent(portal)[0] for _ in range(10)] == [200, 200, 200, 500, 200, 200, 500, 200, 200, 200]


def test_one_command_may_fail_with_any_code(portal: RunningSandbox) -> None:
    fault = {"kind": "command", "method": "crm.item.add", "code": "ODD", "text": "Odd", "skip": 1}
    portal.control("POST", "faults", [{**fault, "at": "before"}, {**fault, "at": "after"}])
    found = portal.call("batch", **BATCH)["result"]
    assert list(found["result"]) == ["a", "d"]
    assert found["result_error"]["b"] == {"error": "ODD", "error_description": "Odd"}
    assert len(portal.items(4)) == 3


def test_everything_is_counted(portal: RunningSandbox) -> None:
    sent(portal)
    sent(portal, "no.such", {})
    log = portal.control("GET", "log")
    assert (log["requests"], log["by_status"]) == (2, {"200": 1, "404": 1})
    assert log["calls"] == {"crm.item.add": 4}
    assert [(each["method"], each["commands"]) for each in log["entries"]] == [("batch", 4), ("no.such", 0)]
    assert portal.control("GET", "")["items"] == {"4": 4}
    assert portal.control("DELETE", "log")["requests"] == 0


def test_settings_are_checked(portal: RunningSandbox) -> None:
    assert portal.control("PATCH", "settings", {"burst": 7})["burst"] == 7
    for wrong in ({"nobody": 1}, {"burst": "many"}, {"limits": 1}, {"denied": "add"}, {"burst": -1}):
        assert "error" in portal.control("PATCH", "settings", wrong)
    assert portal.control("GET", "")["settings"]["burst"] == 7
    assert "error" in portal.control("POST", "faults", {"kind": "earthquake"})
    assert "error" in portal.control("POST", "fields", {"entityTypeId": 2, "name": "title", "type": "string"})
    assert "error" in portal.control("POST", "types", {"entityTypeId": 1031, "title": "Odd"})


def test_limits_can_be_reset(portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"limits": True, "burst": 1, "requests_per_second": 0})
    assert [sent(portal)[0] for _ in range(2)] == [200, 503]
    portal.control("DELETE", "limits")
    assert sent(portal)[0] == 200


def test_a_new_smart_process_and_field_work_at_once_and_stay(portal: RunningSandbox) -> None:
    portal.control("POST", "types", {"entityTypeId": 178, "title": "Visits", "isStagesEnabled": "Y", "parents": [2]})
    portal.control("POST", "fields", {"entityTypeId": 178, "name": "UF_CRM_46_TOPIC", "type": "string"})
    portal.stop()
    portal.start()
    deal = portal.call("crm.item.add", entityTypeId=2, fields={})["result"]["item"]["id"]
    fields = {"ufCrm46Topic": "x", "parentId2": deal}
    item = portal.call("crm.item.add", entityTypeId=178, fields=fields)["result"]["item"]
    assert (item["ufCrm46Topic"], item["parentId2"], item["title"]) == ("x", deal, "Visits #1")
    assert item["stageId"].startswith("DT178_")
    assert "Visits" in [each["title"] for each in portal.call("crm.type.list")["result"]["types"]]
    owners = portal.call("crm.enum.ownertype")["result"]
    assert {"ID": 178, "NAME": "Visits", "SYMBOL_CODE": "DYNAMIC_178", "SYMBOL_CODE_SHORT": "Tb2"} in owners


def test_a_web_page_cannot_reach_the_control_endpoint(portal: RunningSandbox) -> None:
    for path in ("", "files/1"):
        request = Request(f"{portal.root}_sandbox/{path}", headers={"Host": "attacker.example.com"})
        assert portal.open(request)[0] == 403, path


def test_a_right_is_taken_away_amid_a_run(portal: RunningSandbox) -> None:
    portal.control("POST", "faults", {"kind": "switch", "skip": 1, "switches": {"denied": ["add"]}})
    portal.control("POST", "faults", {"kind": "drop", "skip": 2})
    assert [sent(portal)[0] for _ in range(3)] == [200, 200, 0]
    assert len(portal.items(4)) == 4
    assert portal.control("GET", "")["settings"]["denied"] == ["add"]


def test_faults_and_switches_from_the_start(tmp_path: Path) -> None:
    told = ("--fault", "status,status=504,commands=1,skip=1", "--fault", '{"kind": "html", "skip": 2}')
    with RunningSandbox(tmp_path / "portal.db", *told, "--set", "key_cut=3", "--set", "moved_to=") as portal:
        assert [sent(portal)[0] for _ in range(4)] == [200, 504, 200, 500]
        assert len(portal.items(4)) == 4 + 1 + 4 + 4
        assert portal.control("GET", "")["settings"]["key_cut"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fault", "flood"], "a fault is one of drop, cut"),
        (["--fault", "drop,times=often"], "times of a fault is a number, not 'often'"),
        (["--fault", "drop,skip=-1"], "skip of a fault is not negative"),
        (["--fault", "drop,when=now"], "a fault has kind, at, method"),
        (["--fault", "drop,before"], "write KIND,KEY=VALUE"),
        (["--fault", "{drop"], "is no JSON object"),
        (["--fault", '{"kind": "switch", "switches": {"denid": []}}'], "no switch is named 'denid'"),
        (["--set", "burst=many"], "the switch 'burst' cannot be 'many'"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_told(words: list[str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "syncer.cli.main", "sandbox", "--db", str(tmp_path / "portal.db"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr, done.stdout) == (64, True, ""), done.stderr
