"""Makes the database of these specs from its SQL, beside it: `python specs/types/build.py`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

DATA = Path(__file__).parent / "data"


def build() -> Path:
    """The database anew."""
    made = DATA / "types.db"
    made.unlink(missing_ok=True)
    with closing(sqlite3.connect(made)) as database:
        database.executescript((DATA / "types.sql").read_text(encoding="utf-8"))
    return made


if __name__ == "__main__":
    print(build())
