"""What became of one command; a batch's answer is taken apart by the commands' keys, never by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from syncer.bitrix24.auth import Kind
from syncer.bitrix24.transport import Envelope, Refused, Time, error_of, read_time
from syncer.bitrix24.verdict import Rule, Verdict, rule_for, scope_of
from syncer.errors import PortalRefused

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Done:
    """The command ran; `total` and `next` are a list method's."""

    result: Any = field(repr=False)
    time: Time = field(default_factory=Time)
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The portal's own no. `status` is the HTTP status, None within a batch; `access` what we called by."""

    method: str
    code: str
    text: str
    status: int | None
    verdict: Verdict
    access: Kind = "webhook"

    @property
    def words(self) -> str:
        """The portal's code and text, in one line."""
        return ": ".join(part for part in (self.code or "(no code)", self.text) if part)

    def error(self) -> PortalRefused:
        """The refusal as an error for people: what it means, the portal's code and words, what to do."""
        rule = self._rule()
        names = {"method": self.method, "scope": scope_of(self.method), "access": self.access}
        hint = rule.application_hint if self.access == "application" and rule.application_hint else rule.hint
        return PortalRefused(
            rule.summary.format(**names) or "The portal refuses",
            code=self.code,
            status=self.status or 200,
            detail=f"{self.method}: {self.words}",
            hint=hint.format(**names),
        )

    def _rule(self) -> Rule:
        return rule_for(self.code, method=self.method, status=self.status, text=self.text)


@dataclass(frozen=True, slots=True)
class Lost:
    """The command may have run: the answer did not come, or does not tell of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeverSent:
    """The command did not leave: no connection, or the run was stopped while it waited its turn.

    `late`: whoever submitted it did not let it leave any more; nothing is wrong with the portal.
    """

    reason: str
    late: bool = False


CommandAnswer = Done | Refusal | Lost | NeverSent


def refusal(method: str, refused: Refused, *, status: int | None, access: Kind = "webhook") -> Refusal:
    rule = rule_for(refused.code, method=method, status=status, text=refused.text)
    return Refusal(method, refused.code, refused.text, status, rule.verdict, access)


def taken_apart(envelope: Envelope, methods: Mapping[str, str], access: Kind = "webhook") -> dict[str, CommandAnswer]:
    """The answers of a batch by command key (`methods`: key → method).

    A command in neither `result` nor `result_error` is Lost. PHP writes an empty map as `[]`; a list with
    entries carries no keys, so it tells nothing.
    """
    outer = _map(envelope.result)
    results, errors = _map(outer.get("result")), _map(outer.get("result_error"))
    totals, nexts, times = (_map(outer.get(f"result_{name}")) for name in ("total", "next", "time"))
    answers: dict[str, CommandAnswer] = {}
    for key, method in methods.items():
        if key in errors and not results.get(key):
            answers[key] = _inner_refusal(method, errors[key], access)
        elif key in results:
            answers[key] = ran(method, Done(results[key], read_time(times.get(key)), totals.get(key), nexts.get(key)))
        else:
            answers[key] = Lost("the batch's answer does not tell of this command")
    return answers


def ran(method: str, answer: Done) -> Done | Lost:
    """The answer, unless it must have a list of items and has none: that would pass for an empty one, and absence
    for the portal's word (api-reference/crm/universal/crm-item-list.md).
    """
    if method.casefold() != "crm.item.list":
        return answer
    found = _map(answer.result).get("items")
    listed = list(found.values()) if isinstance(found, Mapping) else found
    if isinstance(listed, list) and all(isinstance(each, Mapping) and each.get("id") for each in listed):
        return answer
    return Lost("the answer holds no list of items")


def _inner_refusal(method: str, told: Any, access: Kind) -> Refusal:
    code, text = error_of(told) if isinstance(told, Mapping) else (str(told), "")
    return refusal(method, Refused(code, text, 200), status=None, access=access)


def done(answer: CommandAnswer) -> Done:
    """The answer of a read. Raises PortalRefused for a refusal; `read_many` gives nothing else back."""
    match answer:
        case Done():
            return answer
        case Refusal():
            raise answer.error()
        case Lost() | NeverSent():
            raise AssertionError(f"a read is repeated until it is answered: {answer.reason}")


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def rows(value: Any, name: str = "") -> Sequence[Any]:
    """The rows of a list method: the result itself, or its member `name`; what is no list is none."""
    found = _map(value).get(name) if name else value
    return found if isinstance(found, list) else list(_map(found).values())
