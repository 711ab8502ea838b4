"""Faults to rehearse: what may happen to a request on its way, once, some times, or by chance."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from syncer.sandbox.options import SandboxError, Settings, changed

KINDS = ("drop", "cut", "status", "html", "delay", "command", "switch")
PLACES = ("before", "after")
SERVER_ERROR = "INTERNAL_SERVER_ERROR"


@dataclass(slots=True)
class Fault:
    """One fault.

    `kind`: `drop` closes the connection, `cut` sends half an answer and closes, `status` answers with
    `status` and the error `code`, `html` answers with `status` and a page, `delay` waits `seconds`,
    `command` makes one call, alone or in a batch, answer with the error `code`, `switch` changes switches of
    the portal and lets the request go on. `at`: before the work, which is then not done, or after it.
    """

    kind: str
    at: str = "after"
    method: str = "*"  # of the request, or of a command in its batch; for `command`, of the call alone
    times: int = 1  # how often; 0: always
    skip: int = 0  # let so many matching ones pass first
    every: int = 0  # N: strike each Nth of those that match after that
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    code: str = SERVER_ERROR
    text: str = ""  # of the default code: its own
    commands: int = 0  # a batch is broken off after so many commands (0: it is not)
    switches: Mapping[str, Any] = field(default_factory=dict)  # options.Settings, for `switch`

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.at not in PLACES:
            raise SandboxError(f"a fault is one of {', '.join(KINDS)}, {' or '.join(PLACES)} the work")
        if self.code == SERVER_ERROR and not self.text:
            self.text = "Internal server error"
        changed(Settings(), self.switches)
        self._let_pass()

    def hits(self, methods: Collection[str], chance: random.Random) -> bool:
        """Whether it strikes now what calls these methods; counts that it was asked."""
        if (self.method != "*" and self.method not in methods) or chance.random() >= self.probability:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self._let_pass()
        return True

    def _let_pass(self) -> None:
        self.skip += max(0, self.every - 1)


_NUMBERS = {
    "times": int,
    "skip": int,
    "every": int,
    "status": int,
    "commands": int,
    "seconds": float,
    "probability": float,
}


def read(text: str) -> dict[str, Any]:
    """A fault as a command line has it: KIND[,KEY=VALUE…], or its JSON object.

    Raises SandboxError for what is neither, or makes no sense.
    """
    if text.lstrip().startswith("{"):
        try:
            given = json.loads(text)
        except ValueError as error:
            raise SandboxError(f"the fault {text!r} is no JSON object: {error}") from error
    else:
        kind, *pairs = text.split(",")
        given = {"kind": kind.strip()}
        for pair in pairs:
            name, mark, value = pair.partition("=")
            if not mark:
                raise SandboxError(f"the fault {text!r} has {pair!r}; write KIND,KEY=VALUE,…")
            given[name.strip()] = value
    Faults().add(given)
    return dict(given)


def _typed(name: str, value: Any) -> Any:
    """A value of a fault; a command line has numbers as text. Raises SandboxError."""
    kind = _NUMBERS.get(name)
    try:
        typed = kind(value) if kind else value
    except (TypeError, ValueError):
        raise SandboxError(f"{name} of a fault is a number, not {value!r}") from None
    if isinstance(typed, int | float) and not typed >= 0:
        raise SandboxError(f"{name} of a fault is not negative")
    if kind is None and not isinstance(value, Mapping if name == "switches" else str):
        raise SandboxError(f"{name} of a fault cannot be {value!r}")
    return typed


class Faults:
    """The faults that wait for their request."""

    def __init__(self, seed: str = "") -> None:
        self._waiting: list[Fault] = []
        self._chance = random.Random(seed or None)  # noqa: S311

    def add(self, given: Mapping[str, Any]) -> None:
        """Raises SandboxError for a fault that makes no sense."""
        unknown = given.keys() - {each.name for each in fields(Fault)}
        if unknown or "kind" not in given:
            raise SandboxError(f"a fault has {', '.join(each.name for each in fields(Fault))}")
        self._waiting.append(Fault(**{name: _typed(name, value) for name, value in given.items()}))

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()

    def take(self, methods: Collection[str], commands: bool = False) -> Fault | None:
        """The fault that strikes a request that calls these methods, or a single call when `commands`; uses it up."""
        for fault in self._waiting:
            if (fault.kind == "command") == commands and fault.hits(methods, self._chance):
                if fault.times == 1:
                    self._waiting.remove(fault)
                elif fault.times:
                    fault.times -= 1
                return fault
        return None

    def shown(self) -> list[dict[str, Any]]:
        """Those that wait."""
        return [asdict(each) for each in self._waiting]
