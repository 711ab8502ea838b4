"""What a step of GitHub Actions gets besides: annotations at the lines of a spec, and outputs for later steps.

Both are told by the runner's own environment: GITHUB_ACTIONS is `true`, and GITHUB_OUTPUT names a file. Sources:
docs.github.com/actions, "Workflow commands" and "Variables".
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from syncer.errors import Finding
from syncer.log import redact, say


def annotate(findings: Iterable[Finding]) -> None:
    """Shows findings beside the lines of the pull request. They go to stderr: stdout may hold a JSON document."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    for each in findings:
        kind = "error" if each.severity == "error" else "warning"
        span = each.span
        place = f"file={_property(str(span.file))},line={span.line},col={span.column},title={_property(each.code)}"
        text = f"{each.message}\n{each.hint}" if each.hint else each.message
        say(redact(f"::{kind} {place}::{_escaped(text)}"))


def outputs_wanted() -> bool:
    """Whether there is a later step to tell."""
    return bool(os.environ.get("GITHUB_OUTPUT"))


def put_outputs(**values: str | int) -> None:
    """Gives a later step `steps.ID.outputs.NAME`. A file that cannot be written is told, and stops nothing."""
    try:
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
            outputs.writelines(f"{name}={value}\n" for name, value in values.items())
    except OSError as error:
        say(f"warning: GITHUB_OUTPUT cannot be written: {error.strerror}")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
