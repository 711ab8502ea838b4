"""`syncer schema`: the JSON Schema of the spec."""

from __future__ import annotations

import json

import click

from syncer.check.editor import editor_schema
from syncer.cli.output import write_json


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of the spec, for editors."""
    write_json([json.dumps(editor_schema(), ensure_ascii=False, indent=2), "\n"])
    return 0
