"""Which state a command means."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from typing import Any

import click

from syncer.cli import options
from syncer.cli.output import warn
from syncer.errors import UsageError
from syncer.spec import DatabaseUrl, load_specs
from syncer.store import State

DEFAULT_STATE = "sqlite:///state/syncer.db"


def located(state_url: str | None, spec: Path | None) -> DatabaseUrl:
    """The state meant: named, or that of a spec, or the default one."""
    if state_url is not None:
        return DatabaseUrl(state_url)
    if spec is not None:
        return load_specs([spec], os.environ)[0].state
    return DatabaseUrl(DEFAULT_STATE)


def placed(function: options.Command) -> options.Command:
    """`--state` and `--spec`, and the options every command has; the command gets the state's URL as `at`."""

    @wraps(function)
    def at(*, state_url: str | None, spec: Path | None, **given: Any) -> int:
        return function(at=located(state_url, spec), **given)

    path = click.Path(path_type=Path, exists=True)
    spec = click.option("--spec", type=path, help="The state that this spec names.")
    return options.common(options.state(spec(at)))


def in_portal(function: options.Command) -> options.Command:
    """`--portal`, for a command about one identity: a state may know the same one in several portals."""
    text = "The portal's name in the state, where that knows several."
    return click.option("--portal", metavar="NAME", help=text)(function)


def existing(at: DatabaseUrl) -> DatabaseUrl:
    """The state's URL. Raises UsageError when there is no state at it: to mend one must not make one."""
    if not State.exists(at):
        raise UsageError(f"there is no state at {at}", hint="name it with --state URL, or by its spec with --spec SPEC")
    return at


def noticed(at: DatabaseUrl) -> DatabaseUrl:
    """The state's URL, with a warning when there is none at it: an empty answer would look like an empty state."""
    if not State.exists(at):
        warn(f"there is no state at {at}; name it with --state URL, or by its spec with --spec SPEC")
    return at
