"""Memory stays flat however many keys a source has."""

from __future__ import annotations

import subprocess
import sys

FORGETS = """
import resource
from syncer.plan.workspace import Workspace
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
workspace = Workspace()
for start in range(0, 600_000, 5000):
    workspace.see([f"K{900_000 - number:09d}" for number in range(start, start + 5000)])  # no order, so an index
assert list(workspace.duplicates()) == []
before = peak()
workspace.forget_seen()
print(peak() - before)
"""


def test_forgetting_the_keys_of_an_entity_does_not_take_them_into_memory() -> None:
    """Their pages are 14 MB and more: where SQLite overwrites what it deletes, half of them were journaled."""
    done = subprocess.run([sys.executable, "-c", FORGETS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3000, "KB"
