"""What goes to stdout and stderr: every line passes through `redact`."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Iterable

import click

from syncer.cli.github import annotate
from syncer.errors import SpecError, SyncerError
from syncer.log import LogFormat, configure, hush, in_colour, redact, redact_json, say

PIPED_WIDTH = 120


def write_json(pieces: Iterable[str]) -> None:
    """Writes the pieces of a JSON text to stdout; no piece ends within a string."""
    write(redact_json(piece) for piece in pieces)


def write_lines(lines: Iterable[str]) -> None:
    write(redact(f"{line}\n") for line in lines)


def write(pieces: Iterable[str]) -> None:
    """Writes pieces that need no redaction to stdout.

    A reader who goes, as `| head` does, is no error. Raises SyncerError when the output cannot be kept.
    """
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        hush(sys.stdout)
    except OSError as error:
        hush(sys.stdout)
        raise SyncerError("what the command tells cannot be written", detail=error.strerror or "") from error


def paint(text: str, colour: str) -> str:
    """Colours text where stdout is a terminal that wants it."""
    if not in_colour(sys.stdout):
        return text
    return click.style(text, bold=True) if colour == "bold" else click.style(text, fg=colour)


def width() -> int:
    """Columns of the terminal; a pipe gets a fixed width, so that its text does not depend on a window."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH


def warn(text: str) -> None:
    say(redact(f"warning: {text}"))


def start_logs(form: str | None, *, verbose: bool) -> None:
    """Sets logs up: as asked, else JSON in CI, else lines for people."""
    chosen: LogFormat = "json" if form == "json" or (form is None and os.environ.get("CI")) else "console"
    configure(chosen, verbose=verbose)


def tell(error: Exception, *, debug: bool) -> int:
    """Tells an error on stderr and gives the exit code. With `debug` the traceback comes first, redacted."""
    if debug:
        say(redact("".join(traceback.format_exception(error))))
    match error:
        case SpecError():
            annotate(error.findings)
            say(redact(f"{error}"))  # each finding begins with its place, for editors and CI to find
            return error.exit_code
        case SyncerError():
            say(redact(f"error: {error}"))
            return error.exit_code
        case _:
            say(redact(f"error: syncer failed in a way it should not: {type(error).__name__}: {error}"))
            say("This is a fault of syncer. Run the command again with --debug and report what it prints.")
            return 1
