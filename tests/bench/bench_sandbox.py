"""How fast the sandbox takes and finds items: `python -m tests.bench.bench_sandbox [ITEMS]`."""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.sandbox_process import RunningSandbox

BATCH = 50


class Connection:
    """One kept-alive connection to a portal."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._http = http.client.HTTPConnection(parts.netloc)
        self._path = parts.path

    def call(self, method: str, params: object) -> Any:
        """A REST method by webhook and JSON."""
        headers = {"Content-Type": "application/json"}
        self._http.request("POST", self._path + method, json.dumps(params), headers)
        return json.loads(self._http.getresponse().read())


def deal(number: int) -> str:
    """A command that adds a deal of a dozen fields."""
    fields = {
        "title": f"Order {number} & co. — Größe",
        "stageId": "WON",
        "opportunity": f"{number}.50",
        "currencyId": "EUR",
        "begindate": "2024-06-18",
        "closedate": "2024-07-30",
        "comments": "Ship to: 12 Orchestra Terrace, Walla Walla",
        "sourceId": "WEB",
        "assignedById": "2",
        "originatorId": "bench",
        "originId": str(number),
        "ufCrm_1721244707107": "11.5",
    }
    query = "&".join(f"fields%5B{name}%5D={quote(value, safe='')}" for name, value in fields.items())
    return f"crm.item.add?entityTypeId=2&{query}"


def lookup(first: int) -> str:
    """A command that asks for 50 keys."""
    keys = "&".join(f"filter%5B%40originId%5D%5B%5D={number}" for number in range(first, first + 50))
    return f"crm.item.list?entityTypeId=2&start=-1&filter%5BoriginatorId%5D=bench&select%5B%5D=originId&{keys}"


def main(items: int) -> None:
    """Prints items added and keys looked up per second."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningSandbox(Path(folder) / "bench.db", "--no-limits") as portal,
    ):
        connection = Connection(portal.url)
        requests = [{f"r{n}": deal(n) for n in range(at, at + BATCH)} for at in range(0, items, BATCH)]
        begun = time.perf_counter()
        for commands in requests:
            answer = connection.call("batch", {"halt": 0, "cmd": commands})
            assert len(answer["result"]["result"]) == BATCH, answer
        added = time.perf_counter() - begun
        print(f"{items} deals in batches of {BATCH}: {items / added:,.0f} items/s")

        begun = time.perf_counter()
        for at in range(0, items, 2500):
            keys = {f"k{n}": lookup(n) for n in range(at, at + 2500, 50)}
            answer = connection.call("batch", {"halt": 0, "cmd": keys})
            found = sum(len(each["items"]) for each in answer["result"]["result"].values())
            assert found == min(2500, items - at), found
        print(f"look-ups of 50 keys: {items / (time.perf_counter() - begun):,.0f} keys/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
