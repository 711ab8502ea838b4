"""Each rehearsal of the sandbox's page, by hand as it says: the exit code that it tells, and then each item once."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from syncer.sandbox.faults import KINDS
from tests.docs.pages import ROOT, table
from tests.faults.shop import Shop
from tests.plan.project import COMPANIES, QUICK
from tests.sandbox_process import RunningSandbox

ROWS = table((ROOT / "docs/sandbox.md").read_text(encoding="utf-8"), "### Rehearsals")
ELSEWHERE = {"commands that go on after the client is gone"}
"""It takes long; execute/test_lost_answers.py does it."""
LIMITS = QUICK | {"settle_seconds": 0.5}
OF_THE_SPEC = {"ten minutes in ten seconds": {"operating_seconds": 8}}


@pytest.mark.parametrize("told", sorted(ROWS.keys() - ELSEWHERE))
def test_a_rehearsal(tmp_path: Path, told: str) -> None:
    say, outcome = ROWS[told]
    options, codes = re.findall("`([^`]+)`", say)[0], re.findall("`([0-9]+)`", outcome)
    with RunningSandbox(tmp_path / "portal.db", "--burst", "1000", *shlex.split(options)) as portal:
        shop = Shop(tmp_path, portal, size=30, limits=LIMITS | OF_THE_SPEC.get(told, {}))
        shop.spec(COMPANIES)
        code, out, errors = shop.run("apply", SYNCER_LEASE_SECONDS="30")
        assert str(code) in codes, errors
        waiting = [each for each in portal.control("GET", "")["faults"] if each["times"]]
        assert waiting == [], "the fault struck"
        if code:
            assert "error: " in errors or "failed" in out
        portal.control("DELETE", "faults")
        shop.switch(hidden=[], denied=[], overloaded=False)
        assert shop.run("apply", SYNCER_LEASE_SECONDS="30")[0] == 0
        assert set(shop.items(4)) == set(shop.keys)


def test_every_kind_is_rehearsed() -> None:
    said = " ".join(say for say, _ in ROWS.values())
    assert [kind for kind in KINDS if f"--fault {kind}," not in said and f'"kind": "{kind}"' not in said] == []
