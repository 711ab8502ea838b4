"""The `syncer` command. A subcommand's module is imported when it is called, so `--help` stays quick."""

from __future__ import annotations

import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from types import FrameType
from typing import Final

import click

from syncer import __version__
from syncer.errors import Interrupted

COMMANDS: Final = {
    "validate": "Check specs offline: no network, no state, no secrets.",
    "plan": "Show what would be created, and why the rest would not. Writes nothing.",
    "apply": "Create the missing items.",
    "show": "Show a saved plan again.",
    "explain": "Explain one row: source, templates, references, state, portal, verdict.",
    "state": "Look at and mend the state.",
    "runs": "The history of runs.",
    "portal": "What the webhook or application may do and what the portal has.",
    "sandbox": "The embedded portal as a server.",
    "init": "A new project: a spec that runs, state/, CI files.",
    "schema": "The JSON Schema of the spec, for editors.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"syncer.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            if near := get_close_matches(args[0], COMMANDS, n=1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


BEGIN: Final = """\
\b
syncer init DIR makes a project that runs at once.
Completion in bash: eval "$(_SYNCER_COMPLETE=bash_source syncer)"
"""


@click.group(
    cls=LazyGroup, epilog=BEGIN, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="syncer")
def cli() -> None:
    """Bring rows of SQL databases and files into Bitrix24 CRM: declared in YAML, reviewed as a plan, created once."""


def main() -> None:
    """The console script: every way out has the contract's exit code, and no traceback without --debug."""
    gc.set_threshold(50_000, 20, 20)  # rows are many small objects without circles: looking for those is a waste
    _open_streams()
    signal.signal(signal.SIGTERM, _terminated)
    _learn_secrets(sys.argv[1:])
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.Abort:
        code = _told(Interrupted("stopped"))
    except click.ClickException as error:
        _show(error)
        code = 64
    except Exception as error:  # noqa: BLE001 -- the last line of defence: it is told without a traceback
        code = _told(error)
    sys.exit(code or 0)


def _open_streams() -> None:
    """Standard streams that were closed lead nowhere; or the next file to be opened would take their number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            assert nowhere == number, "the lowest number is free"
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def _terminated(number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends what a command is in the middle of in order. One that sends has a way of its own (`signals`)."""
    sys.exit(128 + number)


def _learn_secrets(arguments: Sequence[str]) -> None:
    """A webhook or a database URL may stand where none is expected; the refusal repeats what it was given."""
    if any("://" in each for each in arguments):
        from syncer.spec.addresses import learn_secrets

        for each in arguments:
            learn_secrets(each)


def _show(error: click.ClickException) -> None:
    from syncer.log import redact, say

    text = io.StringIO()
    error.show(file=text)
    say(redact(text.getvalue().rstrip()))


def _told(error: Exception) -> int:
    from syncer.cli.output import tell

    return tell(error, debug="--debug" in sys.argv)


if __name__ == "__main__":
    main()
