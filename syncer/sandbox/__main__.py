"""`python -m syncer.sandbox`: the embedded portal as a program of its own."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from syncer.sandbox import serve
from syncer.sandbox.faults import read
from syncer.sandbox.options import Options, SandboxError, Settings, changed

_FAULTS = """\
faults, each waiting for its request (--fault may be repeated; also POST /_sandbox/faults):
  drop,method=crm.item.add                         the answer is lost, the work is done
  drop,method=crm.item.add,at=before               the request is lost
  drop,method=crm.item.add,skip=1,commands=3       a batch is broken off after three commands
  html,method=crm.item.add,status=502              a page in place of JSON
  status,status=503,code=QUERY_LIMIT_EXCEEDED,at=before
  cut,method=crm.item.add                          half an answer
  delay,method=crm.item.add,seconds=90             an answer that comes after the client has gone
  command,method=crm.item.add,at=after             an error for a command whose item exists
  drop,method=batch,every=10,times=0               each tenth batch, for ever
  {"kind": "switch", "method": "crm.item.add", "skip": 1, "switches": {"denied": ["add"]}}
                                                   a right taken away amid a run"""


def parse(arguments: Sequence[str]) -> Options:
    """The options that a command line stands for. Ends the program when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="syncer sandbox",
        description="The embedded Bitrix24 portal as a server. It prints its webhook first.",
        epilog=_FAULTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    parser.add_argument(
        "--set", action="append", default=[], dest="switches", type=_switch, metavar="SWITCH=VALUE", help="any switch"
    )
    parser.add_argument("--fault", action="append", default=[], type=_fault, metavar="KIND[,KEY=VALUE…]", help="below")
    parser.add_argument("--seed", default="", help="of what faults leave to chance (probability)")
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
    try:
        settings = changed(settings, dict(given.switches))
    except SandboxError as error:
        parser.error(str(error))
    return Options(
        given.db, given.host, given.port, given.follow_stdin, given.zone, settings, tuple(given.fault), given.seed
    )


def _switch(text: str) -> tuple[str, Any]:
    """A switch as JSON, or as plain text where it is none."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _fault(text: str) -> dict[str, Any]:
    try:
        return read(text)
    except SandboxError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _cost(text: str) -> tuple[str, float]:
    method, _, seconds = text.partition("=")
    return method, float(seconds)


if __name__ == "__main__":
    sys.exit(serve(parse(sys.argv[1:])))
