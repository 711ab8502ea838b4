"""`make demo`: builds the example ERP and brings it into the embedded sandbox portal, twice."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SPEC = HERE / "quickstart.yaml"
ERP = HERE / "data" / "erp.db"
MADE = (ERP, ROOT / "state" / "quickstart.db", ROOT / "state" / "quickstart-portal.db")
SYNCER = Path(sys.executable).with_name("syncer")


def build_erp() -> None:
    """The ERP database anew from its SQL, with no state and an empty portal."""
    for made in MADE:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{made}{suffix}").unlink(missing_ok=True)
    with sqlite3.connect(ERP) as db:
        db.executescript((HERE / "data" / "erp.sql").read_text(encoding="utf-8"))
    db.close()


def show(title: str, *arguments: str) -> None:
    """Runs a command as a user would type it, below a title."""
    command = ["syncer", *arguments, str(SPEC.relative_to(ROOT))]
    print(f"\n━━ {title}\n$ {' '.join(command)}", flush=True)
    done = subprocess.run([str(SYNCER), *command[1:]], cwd=ROOT, check=False)
    if done.returncode not in (0, 2):
        raise SystemExit(done.returncode)


def main() -> None:
    build_erp()
    show("What would be created? Nothing is written.", "plan")
    show("Create it.", "apply", "--yes")
    show("Once more: everything is there, nothing is created.", "apply", "--yes")
    program = SYNCER.relative_to(ROOT) if SYNCER.is_relative_to(ROOT) else SYNCER
    print(
        f"""
━━ What to type next
  source {program.parent}/activate
  syncer state list --state sqlite:///state/quickstart.db        # what was created, with the portal's ids
  $EDITOR {SPEC.relative_to(ROOT)}       # change a template or add an entity, then:
  syncer validate {SPEC.relative_to(ROOT)} && syncer plan {SPEC.relative_to(ROOT)}
  syncer sandbox --db state/quickstart-portal.db                 # the portal as a server, to call by hand
"""
    )


if __name__ == "__main__":
    main()
