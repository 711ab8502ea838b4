"""`syncer --help` against importing click alone: medians of runs in turns.

python -m tests.bench.bench_help
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
SYNCER = Path(sys.executable).with_name("syncer")


def seconds(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    clicks, helps = [], []
    for _ in range(RUNS):
        clicks.append(seconds(sys.executable, "-c", "import click"))
        helps.append(seconds(str(SYNCER), "--help"))
    click, ours = statistics.median(clicks), statistics.median(helps)
    print(f"import click {click * 1000:5.0f} ms  syncer --help {ours * 1000:5.0f} ms  ratio {ours / click:4.2f}")


if __name__ == "__main__":
    main()
