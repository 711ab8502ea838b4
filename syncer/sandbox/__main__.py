"""`python -m syncer.sandbox`: the embedded portal as a program of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from syncer.sandbox import serve
from syncer.sandbox.options import Options, Settings


def parse(arguments: Sequence[str]) -> Options:
    """The options that a command line stands for. Ends the program when it is wrong."""
    parser = argparse.ArgumentParser(prog="syncer sandbox", description="The embedded Bitrix24 portal as a server.")
    parser.add_argument("--db", type=Path, required=True, metavar="FILE", help="where the portal keeps its items")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--zone", default="+03:00", help="the portal's time zone, when the file is new")
    parser.add_argument("--follow-stdin", action="store_true", help="end when stdin ends")
    parser.add_argument("--requests-per-second", type=float, default=2.0, metavar="N")
    parser.add_argument("--burst", type=int, default=50, metavar="N", help="requests before it blocks")
    parser.add_argument("--operating-seconds", type=float, default=480.0, metavar="S", help="per method and window")
    parser.add_argument("--operating-window", type=float, default=600.0, metavar="S")
    parser.add_argument("--no-limits", action="store_true", help="neither limit refuses anything")
    parser.add_argument("--cost", action="append", default=[], type=_cost, metavar="METHOD=SECONDS")
    parser.add_argument("--sleep", action="store_true", help="really spend the time of --cost")
    given = parser.parse_args(arguments)
    settings = Settings(
        limits=not given.no_limits,
        requests_per_second=given.requests_per_second,
        burst=given.burst,
        operating_seconds=given.operating_seconds,
        operating_window=given.operating_window,
        cost=dict(given.cost),
        sleep=given.sleep,
    )
    return Options(given.db, given.host, given.port, given.follow_stdin, given.zone, settings)


def _cost(text: str) -> tuple[str, float]:
    method, _, seconds = text.partition("=")
    return method, float(seconds)


if __name__ == "__main__":
    sys.exit(serve(parse(sys.argv[1:])))
