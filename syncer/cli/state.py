"""`syncer state`: look at and mend the state."""

from __future__ import annotations

import click

from syncer.cli import state_adopt, state_mending, state_reading


@click.group("state", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Look at and mend the state. Without --state or --spec: state/syncer.db here."""


for each in (
    state_reading.list_items,
    state_reading.show_item,
    state_adopt.adopt,
    state_mending.forget,
    state_mending.move,
    state_mending.release,
    state_mending.unlock,
    state_mending.upgrade,
):
    command.add_command(each)
