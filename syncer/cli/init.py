"""`syncer init`: a new project that runs at once."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from syncer.check.editor import editor_schema
from syncer.cli.output import write_lines
from syncer.errors import SyncerError, UsageError

PROJECT: Final = Path(__file__).with_name("project")
DATABASE: Final = Path("data/erp.db")
SCHEMA: Final = Path("specs/crm.schema.json")


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> int:
    """Make a new project in DIR, or right here: a spec that runs at once, a small database, and files for CI."""
    texts = {path.relative_to(PROJECT): path.read_text(encoding="utf-8") for path in _templates()}
    texts[SCHEMA] = json.dumps(editor_schema(), ensure_ascii=False, indent=1) + "\n"
    files = sorted([*texts, DATABASE])
    if there := [str(folder / each) for each in files if (folder / each).exists()]:
        raise UsageError(
            f"{folder} already has {', '.join(there)}; nothing was written",
            hint="name a folder that is new or empty, or move these files away",
        )
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        with closing(sqlite3.connect(folder / DATABASE)) as database:
            database.executescript(texts[DATABASE.with_suffix(".sql")])
    except (OSError, sqlite3.OperationalError) as error:
        raise SyncerError(
            f"the project cannot be written to {folder}",
            detail=getattr(error, "strerror", None) or str(error),
            hint="check the path, its permissions and the free space, or name another folder",
        ) from error
    write_lines(_told(folder, files))
    return 0


def _templates() -> list[Path]:
    return [path for path in PROJECT.rglob("*") if path.is_file()]


def _told(folder: Path, files: list[Path]) -> Iterator[str]:
    here = folder.resolve() == Path.cwd()
    yield "A new project:" if here else f"A new project in {folder}:"
    yield from (f"  {each}" for each in files)
    yield ""
    yield "Next:"
    if not here:
        yield f"  cd {shlex.quote(str(folder))}"
    yield "  syncer plan specs                  # what would be created on the embedded portal; nothing is written"
    yield "  syncer plan specs -o plan.jsonl    # keep the plan; it prints the command that applies this very plan"
