"""`syncer validate`: every problem of every spec at once, offline."""

from __future__ import annotations

import json
from pathlib import Path

import click

from syncer.cli import options
from syncer.cli.output import write_json, write_lines
from syncer.errors import Finding, SpecError
from syncer.report.text import counted
from syncer.spec import load_specs


@click.command("validate")
@options.specs
@options.form
@options.common
def command(specs: tuple[Path, ...], form: str) -> int:
    """Check specs offline: no network, no state, no secrets (`${…}` stays unresolved)."""
    findings: tuple[Finding, ...] = ()
    checked = 0
    try:
        checked = len(load_specs(specs))
    except SpecError as error:
        findings = error.findings
    if form == "json":
        write_json(
            [
                json.dumps({"findings": [_record(each) for each in findings]}, ensure_ascii=False, indent=1),
                "\n",
            ]
        )
    elif findings:
        write_lines([*map(str, findings), f"{counted(len(findings), 'problem')}."])
    else:
        write_lines([f"{counted(checked, 'spec')} checked: no problems."])
    return 1 if any(each.severity == "error" for each in findings) else 0


def _record(finding: Finding) -> dict[str, object]:
    return {
        "code": str(finding.code),
        "severity": finding.severity,
        "file": finding.span.file,
        "line": finding.span.line,
        "column": finding.span.column,
        "message": finding.message,
        "hint": finding.hint,
    }
