"""Three clients that create the same rows in a sandbox portal: syncer, `fast_bitrix24` and the official `b24pysdk`.

The peers get the fields ready made and only send them, once, as their documentation shows it. syncer reads, renders,
plans, looks up, records, sends and sweeps, and is run again, as its user would, until it says that all is done.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from b24pysdk import BitrixWebhook, Client
from fast_bitrix24 import Bitrix

from tests.sandbox.tls_proxy import TlsProxy
from tests.sandbox_process import RunningSandbox

SYNCER = Path(sys.executable).with_name("syncer")
BATCH = 50
TRIES = 3
"""How often the official SDK's caller sends a batch for which an exception came."""
MOST_RUNS = 5

SPEC = """
version: 1
name: bench
portal: {{webhook: "{url}", name: bench, limits: {limits}}}
state: sqlite:///state.db
originatorId: bench
sources: {{erp: {{url: "sqlite:///source.db"}}}}
guards: {{max_create: unlimited}}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM customer
    originId: "{{{{ row.id }}}}"
    fields:
      title: "{{{{ row.name }}}}"
      comments: "{{{{ row.city }}}}, {{{{ row.street }}}}"
      revenue: "{{{{ row.amount }}}}"
      fm: [{{typeId: PHONE, valueType: WORK, value: "{{{{ row.phone }}}}"}}]
"""


@dataclass(frozen=True)
class Scene:
    """What the clients meet: so many rows, a portal with switches and faults, limits as a spec writes them."""

    name: str
    rows: int
    switches: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Mapping[str, Any], ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    timed: bool = False
    """Whether the time is held against the fastest peer's."""


@dataclass(frozen=True)
class Outcome:
    """What the portal holds afterwards, what it refused, and what the client told its user."""

    client: str
    duplicates: int
    lost: int
    refused: int
    requests: int
    seconds: float
    told: str


def rows(count: int) -> list[tuple[str, str, str, str, str, float]]:
    return [
        (f"K{n:06d}", f"Customer {n}", "Hamburg", f"Elbchaussee {n}", f"+49 40 555 {n:04d}", n / 4)
        for n in range(count)
    ]


def compete(client: Callable[[RunningSandbox, Scene, Path], str], scene: Scene) -> Outcome:
    """Lets a client create the scene's rows in a fresh portal."""
    with tempfile.TemporaryDirectory() as name, RunningSandbox(Path(name) / "portal.db") as portal:
        portal.control("PATCH", "settings", dict(scene.switches))
        portal.control("POST", "faults", list(scene.faults))
        begun = time.perf_counter()
        told = client(portal, scene, Path(name))
        seconds = time.perf_counter() - begun
        log = portal.control("GET", "log")
        held = Counter(str(item["originId"]) for item in settled(portal))
        return Outcome(
            client=client.__name__,
            duplicates=held.total() - len(held),
            lost=scene.rows - len(held),
            refused=log["refused"] + log["refused_calls"],
            requests=log["requests"],
            seconds=seconds,
            told=told,
        )


def settled(portal: RunningSandbox) -> list[dict[str, Any]]:
    """The portal's companies, once it has stopped working on what its clients gave up."""
    before, items = -1, portal.items(4)
    while len(items) != before:
        time.sleep(1.0)
        before, items = len(items), portal.items(4)
    return items


def syncer(portal: RunningSandbox, scene: Scene, folder: Path) -> str:
    with sqlite3.connect(folder / "source.db") as source:
        source.execute("CREATE TABLE customer (id TEXT PRIMARY KEY, name, city, street, phone, amount)")
        source.executemany("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)", rows(scene.rows))
    limits = json.dumps({"in_flight": "auto", **scene.limits})
    (folder / "bench.yaml").write_text(SPEC.format(url=portal.url, limits=limits), encoding="utf-8")
    told = []
    for _ in range(MOST_RUNS):
        command = (str(SYNCER), "apply", "bench.yaml")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        told.append(_summary(done.stdout) or done.stderr.strip().splitlines()[-1])
        if done.returncode == 0:
            break
    return " / ".join(told)


def _summary(text: str) -> str:
    return next((line.partition(": ")[2] for line in text.splitlines() if line.startswith("Run ")), "")


def _fields(scene: Scene) -> list[dict[str, Any]]:
    return [
        {
            "title": name,
            "comments": f"{city}, {street}",
            "revenue": amount,
            "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": phone}],
            "originatorId": "bench",
            "originId": key,
        }
        for key, name, city, street, phone, amount in rows(scene.rows)
    ]


def fast_bitrix24(portal: RunningSandbox, scene: Scene, folder: Path) -> str:
    logging.disable(logging.CRITICAL)
    items = [{"entityTypeId": 4, "fields": fields} for fields in _fields(scene)]
    try:
        created = Bitrix(portal.url, verbose=False).call("crm.item.add", items)
    except Exception as error:  # noqa: BLE001  # whatever it raises is what its user sees
        return _told(error)
    return f"{len(created)} results"


def b24pysdk(portal: RunningSandbox, scene: Scene, folder: Path) -> str:
    """All rows in one call, as shipped."""
    with _Sdk(portal, folder) as client:
        try:
            answer = client.call_batches(_adds(client, _fields(scene))).response
        except Exception as error:  # noqa: BLE001
            return _told(error)
        return _counted(len(answer.result.result), answer.result.result_error)


def b24pysdk_retried(portal: RunningSandbox, scene: Scene, folder: Path) -> str:
    """Batch by batch; one for which an exception came is sent again, as programs around an SDK do."""
    fields, created, errors, raised = _fields(scene), 0, dict[str, Any](), Counter[str]()
    with _Sdk(portal, folder) as client:
        for first in range(0, len(fields), BATCH):
            for _ in range(TRIES):
                try:
                    answer = client.call_batch(_adds(client, fields[first : first + BATCH])).response
                except Exception as error:  # noqa: BLE001
                    raised[type(error).__name__] += 1
                    continue
                created += len(answer.result.result)
                errors |= {f"{first}:{key}": each for key, each in _by_key(answer.result.result_error)}
                break
    seen = ", ".join(f"{count} {name}" for name, count in raised.items())
    return "; ".join(filter(None, [_counted(created, errors), seen]))


def _adds(client: Client, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {str(position): client.crm.item.add(entity_type_id=4, fields=each) for position, each in enumerate(fields)}


def _by_key(errors: Mapping[str, Any] | list[Any]) -> Iterable[tuple[str, Any]]:
    """The errors of a batch; PHP writes a map as a list where it is empty, or where its keys count from 0."""
    return errors.items() if isinstance(errors, Mapping) else ((str(key), each) for key, each in enumerate(errors))


def _counted(created: int, errors: Mapping[str, Any] | list[Any]) -> str:
    codes = Counter(str(each.get("error", "?")) for _, each in _by_key(errors))
    return ", ".join([f"{created} results", *(f"{count} {code}" for code, count in codes.items())])


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:90]}" + ("…" if len(text) > 90 else "")


class _Sdk:
    """The official SDK's client behind the TLS door it insists on."""

    def __init__(self, portal: RunningSandbox, folder: Path) -> None:
        parts = urlsplit(portal.url)
        assert parts.port is not None
        self._door = TlsProxy(folder, parts.port)
        self._code = parts.path.removeprefix("/rest/").strip("/")

    def __enter__(self) -> Client:
        self._door.__enter__()
        os.environ["REQUESTS_CA_BUNDLE"] = str(self._door.certificate)
        return Client(BitrixWebhook(domain=f"localhost:{self._door.port}", webhook_token=self._code))

    def __exit__(self, *exc: object) -> None:
        os.environ.pop("REQUESTS_CA_BUNDLE", None)
        with suppress(Exception):
            self._door.__exit__(None, None, None)
