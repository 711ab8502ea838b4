"""The batch method (settings/how-to-call-rest-api/batch.md).

A command's query is decoded as PHP does it; then `$result[key][field]` in its values is replaced. A
reference that leads nowhere is passed on as it stands. Commands beyond the 50th fail one by one, as the
page's text says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from syncer.sandbox.methods import Done, spelling
from syncer.sandbox.php import Params, as_array, as_map, parse_query
from syncer.sandbox.portal import Call, Reply
from syncer.sandbox.refusal import Refusal

COMMANDS = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\[\]\s]+\])+)")
_STEP = re.compile(r"\[([^\[\]\s]+)\]")
_MISSING = object()
_TRUE = (True, 1, "1", "true", "Y")


@dataclass(slots=True)
class Batch:
    """A batch under way: what its commands answered so far."""

    commands: Params
    halt: bool
    user_id: int
    result: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Any] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    nexts: dict[str, int] = field(default_factory=dict)
    times: dict[str, Any] = field(default_factory=dict)

    def calls(self) -> Iterator[tuple[str, Call | Refusal]]:
        """The commands in order, each made when its turn comes, because it may refer to earlier ones."""
        for place, (key, command) in enumerate(self.commands.items()):
            if self.halt and self.errors:
                return
            if place >= COMMANDS:
                yield key, Refusal("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            else:
                yield key, self._call(command)

    def _call(self, command: Any) -> Call | Refusal:
        command = command if isinstance(command, str) else ""
        method, _, query = command.partition("?")
        if method.lower().strip("/") == "batch":
            return Refusal("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)
        params = parse_query(query) if query else {}
        if "result" in query:
            params = self._resolved(params)
        return Call(method.removesuffix(".json"), params, self.user_id)

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._resolved(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        if not isinstance(value, str) or "$result[" not in value:
            return value
        if whole := _REFERENCE.fullmatch(value):
            found = self._find(whole.group(1))
            return value if found is _MISSING else found
        return _REFERENCE.sub(self._as_text, value)

    def _as_text(self, reference: re.Match[str]) -> str:
        found = self._find(reference.group(1))
        return reference.group(0) if found is _MISSING or isinstance(found, dict | list) else str(found)

    def _find(self, path: str) -> Any:
        place: Any = self.result
        for step in _STEP.findall(path):
            place = as_map(place).get(step, _MISSING)
            if place is _MISSING:
                break
        return _MISSING if place is None else place

    def succeeded(self, key: str, done: Done) -> None:
        """Notes a command's answer."""
        self.result[key] = done.reply.result
        self.times[key] = done.time
        if done.reply.total is not None:
            self.totals[key] = done.reply.total
        if done.reply.next is not None:
            self.nexts[key] = done.reply.next

    def failed(self, key: str, refusal: Refusal) -> None:
        """Notes a command's error; a missing scope comes without a text (sample of batch.md)."""
        body = refusal.body()
        self.errors[key] = body | {"error_description": ""} if refusal.code == "insufficient_scope" else body

    def reply(self) -> Reply:
        """The batch's own result, each part a list, a map, or `[]`, as PHP writes arrays."""
        parts = {
            "result": self.result,
            "result_error": self.errors,
            "result_total": self.totals,
            "result_next": self.nexts,
            "result_time": self.times,
        }
        return Reply({name: as_array(part) for name, part in parts.items()})


def methods_of(params: Params) -> set[str]:
    """The methods that a batch's commands call, as they are usually spelled."""
    commands = as_map(params.get("cmd")).values()
    return {spelling(each.partition("?")[0].removesuffix(".json")) for each in commands if isinstance(each, str)}


def begin(params: Params, user_id: int) -> Batch:
    """A batch from the parameters of its request."""
    commands = as_map(params.get("cmd"))
    return Batch(commands, params.get("halt") in _TRUE, user_id)
