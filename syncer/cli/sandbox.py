"""`syncer sandbox`: the embedded portal as a server, with the sandbox's own options."""

from __future__ import annotations

import click

from syncer.sandbox import serve
from syncer.sandbox.__main__ import parse


@click.command("sandbox", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Serve the embedded portal on loopback."""
    try:
        options = parse(arguments)
    except SystemExit as ended:  # the sandbox's own parser: help, or a usage error
        return 64 if ended.code else 0
    return serve(options)
