"""What the reports of one plan and one run look like, to the letter. `REFRESH_GOLDEN=1` writes them anew.

What differs from run to run (digests, times, ids of runs) is written as a word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from syncer.report.markdown import markdown
from syncer.report.plan_json import plan_json
from syncer.report.plan_report import plan_report
from syncer.report.plan_text import plan_text
from syncer.report.run_report import run_report
from syncer.report.run_text import run_text
from tests.plan.project import Project
from tests.report.shown import done, every_kind

GOLDEN = Path(__file__).with_name("golden")
NEXT = "syncer apply specs"
VARYING = (
    (r"sha256:[0-9a-f]{64}", "sha256:DIGEST"),
    (r"\b[0-9a-f]{12}\b", "RUN"),
    (r"\d+ requests, (under a second|\d+ s)", "REQUESTS, SECONDS"),
)


def unpainted(text: str, _colour: str) -> str:
    return text


def same(name: str, lines: Iterable[str]) -> None:
    """The text is that of the file."""
    text = "\n".join(lines).rstrip("\n") + "\n"
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    file = GOLDEN / name
    if os.environ.get("REFRESH_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{name}: REFRESH_GOLDEN=1 writes it anew"


def test_a_plan_and_its_run(project: Project) -> None:
    with every_kind(project) as plan:
        for width in (80, 120):
            lines = list(plan_text(plan, next_command=NEXT, width=width, paint=unpainted, wrap=True))
            same(f"plan-{width}.txt", lines)
            assert all(len(line) <= width for line in lines)
        same("plan.md", [markdown(plan_report(plan, next_command=NEXT))])
        same("plan.json", ["".join(plan_json(plan))])
    refused = "Invalid value c3@example.org, sorry: " + "no such thing, " * 9
    project.fault(
        "command", at="before", method="crm.item.add", code="CRM_FIELD_ERROR_VALUE_NOT_VALID", text=refused, skip=1
    )
    with done(project) as (plan, result):
        for width in (80, 120):
            lines = list(run_text(plan, result, width=width, paint=unpainted, wrap=True))
            same(f"run-{width}.txt", lines)
            assert all(len(line) <= width for line in lines)
        page = markdown(run_report(plan, result))
        same("run.md", [page])
        assert "c3@example.org" not in page, "the portal's message repeats a masked value"
