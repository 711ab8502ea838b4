"""Logs to stderr by structlog, and the one place where secrets are taken out of text.

`Secret` holds a value that cannot print. Making one also teaches `redact` its text, so that a driver's
message or a traceback that repeats it is cleaned on its way out: every log event passes through `redact`, and
the command line writes its results through it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus

LogFormat = Literal["console", "json"]
HIDDEN = "***"
SHORTEST_REDACTED = 4  # hiding shorter ones would blank out half of any text, and hint at them


class _Secrets:
    """Every form of every secret. Threads read while another one learns: what they read is replaced, never changed."""

    def __init__(self) -> None:
        self._learning = Lock()
        self.known: tuple[str, ...] = ()  # the longest first: one secret may hold another
        self.in_json: tuple[str, ...] = ()  # as the strings of a JSON text have them

    def learn(self, forms: set[str]) -> None:
        with self._learning:
            if not forms.issubset(self.known):
                self.know(forms.union(self.known))

    def know(self, forms: Iterable[str]) -> None:
        """These, and no others."""
        self.known = tuple(sorted(forms, key=len, reverse=True))
        self.in_json = tuple(dict.fromkeys(_as_json(each)[1:-1] for each in self.known))


_secrets = _Secrets()


class Secret:
    """A value that never shows itself: `str`, `repr` and formatting give `***`; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str, *parts: str) -> None:
        """`parts` are pieces of the text that are secret on their own, such as the password in a URL."""
        self._text = text
        for piece in (text, *parts):
            if len(piece) >= SHORTEST_REDACTED:
                _secrets.learn(
                    {piece, quote(piece, safe=""), quote_plus(piece), repr(piece)[1:-1], _as_json(piece)[1:-1]}
                )

    def reveal(self) -> str:
        return self._text

    def __str__(self) -> str:
        return HIDDEN

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret is not serialised")


def redact(text: str) -> str:
    """The text with every known secret replaced by `***`."""
    for secret in _secrets.known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text


_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def redact_json(text: str) -> str:
    """`redact` for the strings within a JSON text, which stays one: a secret may look like a number or a quote."""
    for secret in _secrets.in_json:
        if secret in text:
            return _JSON_STRING.sub(lambda string: _as_json(redact(json.loads(string[0]))), text)
    return text


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def redact_all(value: Any) -> Any:
    """`redact` for the strings within mappings, lists and tuples; any other thing becomes its text."""
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {redact(str(key)): redact_all(inner) for key, inner in value.items()}
        case list() | tuple():
            return [redact_all(inner) for inner in value]
        case _:
            return redact(str(value))


def _redact_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact_all(value) for key, value in event.items()}


def _escape_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Text of a row may hold characters that would move the cursor of a terminal."""
    return {key: _printable(value) if isinstance(value, str) else value for key, value in event.items()}


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


DETAILS = frozenset({"item.created", "item.adopted", "item.blocked", "batch.sent"})
"""Events that tell a person too much, or what the plan told; a machine gets them, and a person with `-v`."""


def in_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours and nobody asked for none (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def hush(stream: TextIO) -> None:
    """Sends what is still to be written to a stream nowhere: its reader has gone, or its disk is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say(line: str) -> None:
    """Writes a line to stderr as it is. No run ends because nobody reads its log."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        hush(sys.stderr)


class _Lines:
    """What structlog prints by. It asks for stderr anew each time: a progress bar takes its place for a while."""

    def msg(self, line: str) -> None:
        say(line)

    debug = info = warning = error = critical = msg


@dataclass(slots=True)
class _Asked:
    """How events are to be shown; None: nobody has said. `told`: structlog knows."""

    form: LogFormat | None = None
    verbose: bool = False
    told: bool = True


_asked = _Asked()


def configure(form: LogFormat, *, verbose: bool) -> None:
    """Sends events of level info (debug with `verbose`) to stderr, one line each."""
    _asked.form, _asked.verbose, _asked.told = form, verbose, False


def for_people() -> bool:
    """Whether logs are lines for people."""
    return _asked.form != "json"


class Log:
    """Tells events. They are named `noun.verb` and carry their facts as keys, those of the log and their own.

    The first that is shown brings structlog in, and with it rich: a plan that has nothing to tell does without.
    """

    __slots__ = ("_facts",)

    def __init__(self, **facts: Any) -> None:
        self._facts = facts

    def bind(self, **facts: Any) -> Log:
        """A log whose events have these facts too."""
        return Log(**self._facts, **facts)

    def debug(self, event: str, **facts: Any) -> None:
        if _asked.verbose or _asked.form is None:
            _structlog().debug(event, **self._facts, **facts)

    def note(self, text: str, event: str, **facts: Any) -> None:
        """A hint for `-v`: `text` for people, the event for machines."""
        if _asked.form == "console":
            if _asked.verbose:
                say(_printable(redact(text)))
        else:
            self.debug(event, **facts)

    def info(self, event: str, **facts: Any) -> None:
        if _shown(event):
            _structlog().info(event, **self._facts, **facts)

    def warning(self, event: str, **facts: Any) -> None:
        if _shown(event):
            _structlog().warning(event, **self._facts, **facts)


def _shown(event: str) -> bool:
    return event not in DETAILS or _asked.verbose or _asked.form != "console"


def logger() -> Log:
    """The log of the process."""
    return Log()


def _structlog() -> Any:
    import structlog

    if _asked.form is not None and not _asked.told:
        _asked.told = True
        _set_up(_asked.form, verbose=_asked.verbose)
    return structlog.get_logger()


def _set_up(form: LogFormat, *, verbose: bool) -> None:
    import structlog

    rendered: list[Any] = (
        [_redact_event, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if form == "json"
        else [
            _redact_event,
            _escape_event,
            structlog.dev.ConsoleRenderer(colors=in_colour(sys.stderr), pad_event_to=18),
        ]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )
