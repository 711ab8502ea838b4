"""Plans and runs in the form that was asked for: on stdout, and in the files of `--report`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol, assert_never
from uuid import uuid4

from syncer.cli.forms import ENDINGS, Form
from syncer.cli.github import outputs_wanted, put_outputs
from syncer.cli.output import PIPED_WIDTH, paint, width, write
from syncer.errors import SyncerError
from syncer.log import redact, redact_json
from syncer.model.run import RunResult
from syncer.plan.plan import Plan
from syncer.plan.view import PlanView
from syncer.report.html import html
from syncer.report.markdown import markdown
from syncer.report.page_text import Paint
from syncer.report.plan_json import plan_json
from syncer.report.plan_report import plan_report
from syncer.report.plan_text import plan_text
from syncer.report.report import Report
from syncer.report.run_json import run_json
from syncer.report.run_report import run_report
from syncer.report.run_text import run_text


class Pieces(Protocol):
    """What is to be shown, in a form, in pieces that need no redaction, on stdout or in a file."""

    def __call__(self, form: Form, *, in_file: bool) -> Iterator[str]: ...


def tell_plan(
    plan: PlanView,
    form: Form,
    reports: Sequence[Path] = (),
    *,
    next_command: str | None = None,
    refusal: SyncerError | None = None,
) -> None:
    """Shows a plan on stdout and in files. A `refusal` is told by the caller; all but text on stdout repeat it."""
    _tell(partial(_plan, plan, next_command=next_command, refusal=refusal), form, reports)
    if outputs_wanted():
        total = plan.total
        put_outputs(changes=total.pending, create=total.create, blocked=total.blocked, digest=plan.digest())


def report_refusal(plan: PlanView, refusal: SyncerError, reports: Sequence[Path]) -> None:
    """Writes the reports of a plan that is refused when it is to be applied; nothing goes to stdout."""
    _tell(partial(_plan, plan, next_command=None, refusal=refusal), None, reports)


def tell_run(plan: Plan, result: RunResult, form: Form, reports: Sequence[Path] = ()) -> None:
    """Shows a finished run on stdout and in files."""
    _tell(partial(_run, plan, result), form, reports)
    if outputs_wanted():
        total = result.total
        put_outputs(changes=total.created + total.adopted, create=total.created, blocked=total.blocked)


def _tell(pieces: Pieces, form: Form | None, reports: Sequence[Path]) -> None:
    """One that cannot be written keeps none of the others from being written. Raises SyncerError at the end."""
    first: SyncerError | None = None
    for file in (None, *reports):
        try:
            if file is None:
                if form is None:
                    continue
                write(pieces(form, in_file=False))
            else:
                _write_file(file, pieces(ENDINGS[file.suffix.lower()], in_file=True))
        except SyncerError as error:
            first = first or error
    if first is not None:
        raise first


def _plan(
    plan: PlanView, form: Form, *, in_file: bool, next_command: str | None, refusal: SyncerError | None
) -> Iterator[str]:
    why = str(refusal) if refusal is not None else None

    def report() -> Report:
        return plan_report(plan, next_command=next_command, refusal=why)

    match form:
        case "text":
            columns, colour, terminal = _look(in_file)
            return _lines(
                plan_text(
                    plan,
                    next_command=next_command,
                    width=columns,
                    paint=colour,
                    wrap=terminal,
                    refusal=why if in_file else None,
                )
            )
        case "json":
            return map(redact_json, plan_json(plan, refusal=why))
        case "markdown":
            return _lines(markdown(report()).splitlines())
        case "html":
            return html(report())
        case _:
            assert_never(form)


def _run(plan: Plan, result: RunResult, form: Form, *, in_file: bool) -> Iterator[str]:
    match form:
        case "text":
            columns, colour, terminal = _look(in_file)
            return _lines(run_text(plan, result, width=columns, paint=colour, wrap=terminal))
        case "json":
            return iter([redact_json(run_json(plan, result))])
        case "markdown":
            return _lines(markdown(run_report(plan, result)).splitlines())
        case "html":
            return html(run_report(plan, result))
        case _:
            assert_never(form)


def _look(in_file: bool) -> tuple[int, Paint, bool]:
    """Width and paint of a text, and whether it is broken there: as a terminal wants it, or a file."""
    terminal = not in_file and sys.stdout.isatty()
    return (width(), paint, True) if terminal else (PIPED_WIDTH, _unpainted, False)


def _unpainted(text: str, _colour: str) -> str:
    return text


def _lines(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    return (redact(f"{line}\n") for line in lines)


def _write_file(file: Path, pieces: Iterator[str]) -> None:
    """Writes a file that is there as a whole or not at all. Raises SyncerError when it cannot be kept."""
    whole = file.with_name(f".{file.name}.{uuid4().hex[:8]}")
    try:
        with whole.open("x", encoding="utf-8", newline="\n") as written:
            written.writelines(pieces)
        whole.replace(file)
    except OSError as error:
        with suppress(OSError):
            whole.unlink()
        raise SyncerError("the report cannot be written", detail=error.strerror or "", where=str(file)) from error
