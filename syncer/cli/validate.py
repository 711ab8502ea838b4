"""`syncer validate`: every problem of every spec at once, offline; with `--online` against the portal too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from syncer.check.offline import check_offline
from syncer.cli import options
from syncer.cli.github import annotate
from syncer.cli.output import write_json, write_lines
from syncer.errors import Finding, SpecError
from syncer.report.text import counted
from syncer.spec import gather_specs


@click.command("validate")
@options.specs
@click.option("--online", is_flag=True, help="Check against the portal as well.")
@options.state
@options.portal
@options.form
@options.common
def command(specs: tuple[Path, ...], online: bool, state_url: str | None, portal: Path | None, form: str) -> int:
    """Check specs offline: no network, no state, no secrets (`${…}` stays unresolved)."""
    gathered = gather_specs(
        specs, os.environ if online else None, state=state_url if online else None, sandbox=portal if online else None
    )
    found = [*gathered.findings]
    if not online:
        found += check_offline(gathered.specs)
    elif gathered.specs:
        from syncer.cli.session import open_session  # state and network take long to load

        with open_session(gathered.specs, mode="read") as session:
            found += session.portrait(afresh=True).findings
    findings = SpecError(found).findings
    annotate(findings)
    if form == "json":
        document = {"findings": [_record(each) for each in findings]}
        write_json([json.dumps(document, ensure_ascii=False, indent=1), "\n"])
    else:
        write_lines(_lines(findings, gathered.checked))
    return 1 if any(each.severity == "error" for each in findings) else 0


def _lines(findings: Sequence[Finding], checked: int) -> Iterator[str]:
    yield from map(str, findings)
    errors = sum(each.severity == "error" for each in findings)
    warnings = len(findings) - errors
    counts = [counted(errors, "problem")] if errors else []
    counts += [counted(warnings, "warning")] if warnings else []
    yield (
        f"{', '.join(counts)}."
        if errors
        else f"{counted(checked, 'spec')} checked: {', '.join(counts) or 'no problems'}."
    )


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
