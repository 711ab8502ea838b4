"""Exit codes of usage errors, guards, refused rows and unsettled outcomes; help; the sandbox as a server."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import click
import pytest

from syncer.cli.main import cli
from tests.commands.installed import COMPANIES, QUICK, Desk, environment, syncer
from tests.forks import SYNCER
from tests.sandbox_process import RunningSandbox

COMPANY = 4


def commands() -> list[tuple[str, ...]]:
    """Every command there is, by its words."""
    found: list[tuple[str, ...]] = []
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
    return found


EVERY_HELP = """
import sys
from syncer.cli.main import main
for line in sys.stdin:
    sys.argv = ["syncer", *line.split(), "--help"]
    try:
        main()
    except SystemExit as ended:
        print("exit", ended.code, flush=True)
"""
"""The console script's function, again and again in one process: starting each anew takes a second."""


def test_every_command_has_help(tmp_path: Path) -> None:
    asked = [(), *commands()]
    done = subprocess.run(
        [sys.executable, "-c", EVERY_HELP],
        cwd=tmp_path,
        env=environment(),
        input="".join(" ".join(words) + "\n" for words in asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    pages = done.stdout.split("exit 0\n")
    assert len(pages) == len(asked) + 1, done.stdout
    for words, page in zip(asked, pages, strict=False):
        assert page.lower().startswith(" ".join(["usage: syncer", *words])), page


def test_the_version(tmp_path: Path) -> None:
    done = syncer("--version", cwd=tmp_path)
    assert (done.code, done.out.split()[0], done.errors) == (0, "syncer,", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), ("Usage: syncer ",)),
        (("plann", "specs"), ("Usage: syncer ", "No such command 'plann'. Did you mean 'plan'?")),
        (("plan",), ("Usage: syncer plan ", "Missing argument 'SPEC…'")),
        (("state", "list", "--entty", "deals"), ("Usage: syncer state list ", "--entty", "--entity")),
        (("sandbox", "--no-such"), ("usage: syncer sandbox ",)),
        (("plan", "specs", "--allow", "creat=3"), ("'creat=3' is none of: create, ",)),
        (("plan", "specs", "--allow", "create"), ("write create=NUMBER",)),
        (("plan", "specs", "--format", "yaml"), ("yaml", "json")),
        (("apply", "specs", "--wait", "soon"), ("--wait", "soon")),
        (("plan", "specs", "--only", "companys"), ("companys", "companies")),
        (("sandbox", "--db", "x.db", "--port", "many"), ("--port", "many")),
    ],
)
def test_usage_errors(desk: Desk, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    done = desk.run(*arguments)
    done.failed(64, *said)
    assert done.out == ""


def test_specs_that_cannot_go_together(desk: Desk) -> None:
    desk.spec(name="other", portal={"sandbox": "state/another.db"})
    desk.run("plan", "specs").failed(64, "portal")


# -- runs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(desk: Desk, portal: RunningSandbox) -> Desk:
    """A desk with customers alone, and a running portal."""
    desk.portal = {"webhook": portal.url, "name": "acme", "limits": QUICK}
    desk.spec(COMPANIES)
    return desk


def test_a_guard_refuses_until_it_is_let_through(shop: Desk, portal: RunningSandbox) -> None:
    shop.spec(COMPANIES, guards={"max_create": 2})
    refusal = ("refused by a guard; nothing was written", "would create 3 items, and max_create is 2", "create=3")
    planned = shop.run("plan", "specs", "--detailed-exitcode", "--format", "json")
    planned.failed(4, *refusal)
    assert planned.json["summary"]["create"] == 3
    applied = shop.run("apply", "specs", "--format", "json")
    applied.failed(4, *refusal)
    assert (applied.out, portal.items(COMPANY)) == ("", [])
    assert shop.run("apply", "specs", "--allow", "create=3").code == 0
    assert len(portal.items(COMPANY)) == 3


def test_rows_that_the_portal_refuses(shop: Desk, portal: RunningSandbox) -> None:
    refused = {"kind": "command", "at": "before", "method": "crm.item.add", "code": "SOMETHING", "text": "not this one"}
    portal.control("POST", "faults", refused | {"times": 1, "skip": 1})
    done = shop.run("apply", "specs", "--format", "json")
    assert done.code == 3, done
    (failure,) = done.json["failures"]
    assert (failure["entity"], failure["code"]) == ("companies", "SOMETHING")
    assert "not this one" in failure["message"]
    assert done.json["summary"]["created"] == 2
    shown = shop.run("runs", "show", done.json["run"]).json
    assert [(each["outcome"], each["code"]) for each in shown["attention"]] == [("failed", "SOMETHING")]
    assert "SOMETHING" in shop.run("state", "list").out


def test_an_outcome_that_is_still_unknown(shop: Desk, portal: RunningSandbox) -> None:
    """The answer to a create is lost, and too little time has passed to believe a look-up that finds nothing."""
    shop.spec(COMPANIES, portal={**shop.portal, "limits": QUICK | {"settle_seconds": 600}})
    portal.control("POST", "faults", {"kind": "drop", "at": "after", "method": "batch", "skip": 4, "times": 0})
    done = shop.run("apply", "specs", "--format", "json")
    assert "Traceback" not in done.errors
    assert done.code == 7, done
    assert done.json["unknown"]
    assert done.json["unknown"][0]["entity"] == "companies"


# -- the sandbox as a server -----------------------------------------------------------------------------------


def test_the_sandbox_prints_its_address_first_and_ends_in_order(tmp_path: Path) -> None:
    with subprocess.Popen(
        [SYNCER, "sandbox", "--port", "0", "--db", "portal.db"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("PORTAL http://127.0.0.1:")
        with urlopen(first.split()[1] + "scope") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode in (0, 143)
    assert (tmp_path / "portal.db").exists()


def test_a_sandbox_serves_this_machine_alone(tmp_path: Path) -> None:
    done = syncer("sandbox", "--db", "portal.db", "--host", "0.0.0.0", cwd=tmp_path)
    assert "0.0.0.0 is not a loopback address" in done.errors
    assert done.code in (1, 64)
