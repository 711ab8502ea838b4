"""`syncer runs`: who ran what, when, from which commit, and what failed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from syncer.cli import options
from syncer.cli.output import write_json, write_lines
from syncer.cli.placing import noticed, placed
from syncer.errors import UsageError
from syncer.model.identity import Scope
from syncer.report.text import visible
from syncer.spec import DatabaseUrl
from syncer.store import Kind, Outcome, Run, State

ATTENTION = (Kind.FAILED, Kind.UNKNOWN, Kind.AMBIGUOUS)
MENDED = (Kind.FORGOTTEN, Kind.RELEASED)


@click.group("runs", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The history of runs. Without --state or --spec: state/syncer.db here."""


@command.command("list")
@options.form
@placed
def list_runs(form: str, at: DatabaseUrl) -> int:
    """The last runs, newest first."""
    with State.open(noticed(at), mode="read") as state:
        runs = state.runs.newest()
    if form == "json":
        write_json([json.dumps([_record(run) for run in runs], ensure_ascii=False, indent=1), "\n"])
    else:
        write_lines(_line(run) for run in runs)
    return 0


@command.command("show")
@click.argument("run")
@placed
def show_run(run: str, at: DatabaseUrl) -> int:
    """One run, with what failed in it, is open or was mended by hand."""
    with State.open(noticed(at), mode="read") as state:
        found = state.runs.find(run)
        if found is None:
            raise UsageError(f"the state knows no run {run!r}", hint="`syncer runs list` shows the last ones")
        record = _record(found)
        record["attention"] = [_outcome(each) for each in _attention(state, run)]
        record["mended"] = [_outcome(each) for each in state.runs.outcomes(run, MENDED)]
    write_json([json.dumps(record, ensure_ascii=False, indent=1), "\n"])
    return 0


def _attention(state: State, run: str) -> list[Outcome]:
    """The last word on each item counts: what was unknown for a while and is settled by now is no trouble."""
    last: dict[tuple[Scope, str], Outcome] = {}
    for each in state.runs.outcomes(run):
        if each.kind in ATTENTION:
            last[each.scope, each.origin_id] = each
        else:
            last.pop((each.scope, each.origin_id), None)
    return list(last.values())


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "entity": str(outcome.owner) if outcome.owner else None,
        "entityTypeId": outcome.scope.entity_type_id,
        "originatorId": outcome.scope.originator_id,
        "originId": outcome.origin_id,
        "outcome": outcome.kind.value,
        "code": outcome.code,
        "message": outcome.message,
    }


def _line(run: Run) -> str:
    counts = " ".join(f"{name}={count}" for name, count in (run.summary or {}).items() if count)
    commit = f"  {run.git_commit[:10]}" if run.git_commit else ""
    who = visible(f"{run.user}@{run.host}")
    head = f"{run.id}  {_time(run.started)}  {run.command}  {run.status}  {who}{commit}"
    return f"{head}  {' '.join(run.specs)}  {counts}".rstrip()


def _record(run: Run) -> dict[str, Any]:
    record = asdict(run)
    for name in ("started", "finished"):
        record[name] = None if record[name] is None else _time(record[name])
    return record


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
