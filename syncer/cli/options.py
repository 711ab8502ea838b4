"""Options that several commands share, written once; a command gets them as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from syncer.cli.forms import ENDINGS, FORMS, Form, check_place
from syncer.cli.output import start_logs

Command = Callable[..., int]

ALLOWED = ("create", "create-ratio", "blocked-ratio", "known-ratio", "missing")
ALLOWED_PLAINLY = ("identity-change", "new-portal")
"""Names of `--allow`: the guards that can be let through, with a number and without."""


@dataclass(frozen=True, slots=True)
class Planning:
    """What `plan` and `apply` share."""

    specs: tuple[Path, ...]
    state_url: str | None
    portal: Path | None
    only: tuple[str, ...]
    allow: Mapping[str, float]
    strict: bool
    form: Form
    reports: tuple[Path, ...]


def common(function: Command) -> Command:
    """Logs and debugging, for every command. They are set up here; the command itself does not see them."""

    @wraps(function)
    def started(*, log_format: str | None, verbose: bool, debug: bool, **given: Any) -> int:
        start_logs(log_format, verbose=verbose)
        return function(**given)

    return _with(
        started,
        click.option("--debug", is_flag=True, help="Show tracebacks of errors."),
        click.option("-v", "--verbose", is_flag=True, help="Log more."),
        click.option(
            "--log-format",
            type=click.Choice(["console", "json"]),
            envvar="SYNCER_LOG_FORMAT",
            help="Lines for people, or JSON. Default: JSON in CI.",
        ),
    )


def specs(function: Command, metavar: str = "SPEC…") -> Command:
    path = click.Path(path_type=Path)
    return _with(function, click.argument("specs", nargs=-1, required=True, type=path, metavar=metavar))


def state(function: Command) -> Command:
    text = "Another state database."
    return _with(function, click.option("--state", "state_url", envvar="SYNCER_STATE", metavar="URL", help=text))


def portal(function: Command) -> Command:
    text = "A sandbox in place of the spec's portal."
    return _with(function, click.option("--portal", metavar="sandbox:PATH", callback=_rehearsal, help=text))


def form(function: Command) -> Command:
    kinds = click.Choice(["text", "json"])
    return _with(function, click.option("--format", "form", type=kinds, default="text", help="Of stdout."))


def reported(function: Command) -> Command:
    """`--format` and `--report` of what plans and runs are shown as."""
    kinds = ", ".join(ENDINGS)
    return _with(
        function,
        click.option(
            "--report",
            "reports",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            callback=_reports,
            help=f"Write it to a file too: {kinds}. Repeatable.",
        ),
        click.option("--format", "form", type=click.Choice(FORMS), default="text", help="Of stdout."),
    )


def applying(function: Command) -> Command:
    """As `planning`, where a saved plan may stand for the specs."""
    return planning(function, metavar="SPEC… | PLANFILE")


def planning(function: Command, metavar: str = "SPEC…") -> Command:
    """SPEC… and what `plan` and `apply` share; the command gets it as `asked`."""

    @wraps(function)
    def bundled(**given: Any) -> int:
        asked = Planning(**{name: given.pop(name) for name in Planning.__slots__})
        return function(asked=asked, **given)

    allow = f"Let a guard through once: {'=N, '.join(ALLOWED)}=N, {', '.join(ALLOWED_PLAINLY)}."
    only = "This entity and those it refers to. Repeatable."
    strict = "A blocked row is an error, before anything is written."
    named = _with(
        bundled,
        click.option("--allow", multiple=True, metavar="NAME[=N]", callback=_allowed, help=allow),
        click.option("--strict", is_flag=True, help=strict),
        click.option("--only", multiple=True, metavar="ENTITY", help=only),
    )
    return common(specs(state(portal(reported(named))), metavar))


def _with(function: Command, *decorators: Callable[[Command], Command]) -> Command:
    for decorator in decorators:
        function = decorator(function)
    return function


def _allowed(_ctx: click.Context, _param: click.Parameter, given: Sequence[str]) -> dict[str, float]:
    allowed = {}
    for text in given:
        name, _, value = text.partition("=")
        if name in ALLOWED_PLAINLY and not value:
            allowed[name] = 1.0
            continue
        if name not in ALLOWED:
            raise click.BadParameter(f"{text!r} is none of: {', '.join((*ALLOWED, *ALLOWED_PLAINLY))}")
        try:
            allowed[name] = float(value)
        except ValueError:
            raise click.BadParameter(f"{text!r}: write {name}=NUMBER") from None
    return allowed


def flags(allowed: Mapping[str, float]) -> list[str]:
    """`--allow` as it was given."""
    return [
        f"--allow {name}" if name in ALLOWED_PLAINLY else f"--allow {name}={int(bound) if bound % 1 == 0 else bound}"
        for name, bound in allowed.items()
    ]


def _reports(_ctx: click.Context, _param: click.Parameter, given: Sequence[Path]) -> tuple[Path, ...]:
    for file in given:
        if problem := check_place(file):
            raise click.BadParameter(problem)
    return tuple(given)


def _rehearsal(_ctx: click.Context, _param: click.Parameter, given: str | None) -> Path | None:
    if given is None:
        return None
    kind, mark, path = given.partition(":")
    if kind != "sandbox" or not mark or not path:
        raise click.BadParameter(f"{given!r}: write sandbox:PATH")
    return Path(path)
