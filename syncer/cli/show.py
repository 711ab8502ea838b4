"""`syncer show`: a saved plan again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from syncer.cli import options
from syncer.cli.forms import Form
from syncer.cli.plan import apply_command
from syncer.cli.reports import tell_plan
from syncer.plan.saved import SavedPlan


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path), metavar="PLANFILE")
@options.reported
@options.common
def command(file: Path, form: Form, reports: Sequence[Path]) -> int:
    """Show a saved plan again. Reads the file alone: no spec, no state, no portal."""
    plan = SavedPlan(file)
    tell_plan(plan, form, reports, next_command=apply_command(plan, file))
    return 0
