"""The installed command on a project of a person: in a process of its own, with an environment of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.forks import SYNCER, run

HIDDEN = ("CI", "NO_COLOR", "PYTHONPATH", "COLUMNS", "TERM", "BITRIX24_WEBHOOK_URL")
"""What the environment of the tests may have, and a person's has not; and all that begins with SYNCER_."""

QUICK = {"burst": 1000, "requests_per_second": 1000, "request_seconds": 5, "settle_seconds": 0.3}

COMPANIES: dict[str, Any] = {
    "companies": {
        "type": "company",
        "source": "erp",
        "query": "SELECT * FROM customer ORDER BY id",
        "originId": "{{ row.id }}",
        "fields": {"title": "{{ row.name }}"},
    }
}
DEALS: dict[str, Any] = {
    **COMPANIES,
    "deals": {
        "type": "deal",
        "source": "erp",
        "query": "SELECT * FROM purchase ORDER BY id",
        "originId": "{{ row.id }}",
        "fields": {"title": "{{ row.name }}", "companyId": "{{ ref('companies', row.customer) }}"},
    },
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    def failed(self, code: int, *said: str) -> None:
        """It ended with this code, and stderr says all of these, without a traceback."""
        assert self.code == code, self
        assert "Traceback" not in self.errors, self.errors
        assert "fault of syncer" not in self.errors, self.errors
        for each in said:
            assert each in self.errors, f"{each!r} is not in:\n{self.errors}"


def environment(**more: str) -> dict[str, str]:
    """Of a person at a shell, who is not in CI; `more` on top of it."""
    kept = {name: text for name, text in os.environ.items() if name not in HIDDEN and not name.startswith("SYNCER_")}
    return kept | more


def syncer(*arguments: str | Path, cwd: Path, stdin: str = "", **more: str) -> Done:
    """Runs the installed command without a terminal."""
    done = run([SYNCER, *arguments], cwd=cwd, env=environment(**more), stdin=stdin, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass
class Desk:
    """A folder with a spec, a source of customers and purchases, and `portal.sandbox`."""

    folder: Path
    portal: dict[str, Any] = field(default_factory=lambda: {"sandbox": "state/portal.db", "limits": QUICK})

    def __post_init__(self) -> None:
        for name in ("specs", "data", "state"):
            (self.folder / name).mkdir()
        self.customers(1, 2, 3)
        self.table("purchase", "id, name, customer", [(f"P{number}", f"Order {number}", number) for number in (1, 2)])
        self.spec()

    @property
    def file(self) -> Path:
        return self.folder / "specs" / "shop.yaml"

    def table(self, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Makes the table of the source anew with these rows."""
        database = sqlite3.connect(self.folder / "data" / "erp.db")
        with database:
            database.execute(f"DROP TABLE IF EXISTS {name}")
            database.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" * len(columns.split(",")))
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        database.close()

    def customers(self, *keys: object) -> None:
        """Customers of these keys, each named after it."""
        self.table("customer", "id, name", [(key, f"Customer {key}") for key in keys])

    def spec(self, entities: Mapping[str, Any] = DEALS, *, name: str = "shop", **more: Any) -> None:
        """Writes a spec; `more` are further keys of it, or other values of those it has."""
        written = {
            "version": 1,
            "name": name,
            "portal": self.portal,
            "originatorId": "erp",
            "sources": {"erp": {"url": "sqlite:///data/erp.db"}},
        }
        text = yaml.safe_dump(written | more | {"entities": dict(entities)}, sort_keys=False, allow_unicode=True)
        (self.folder / "specs" / f"{name}.yaml").write_text(text)

    def run(self, *arguments: str | Path, stdin: str = "", **more: str) -> Done:
        """A command within the folder, such as `run("plan", "specs")`."""
        return syncer(*arguments, cwd=self.folder, stdin=stdin, **more)

    def shell(self, line: str, **more: str) -> Done:
        """A line of the shell within the folder; `$SYNCER` is the command."""
        more |= {"SYNCER": str(SYNCER)}
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)
