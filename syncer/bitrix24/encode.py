"""One call as a command of a batch: `method?percent-encoded PHP query string`.

PHP decodes the string with `parse_str`: nesting is brackets in the key, every value is text, and variables
over 1,000 are dropped without a word. So keys and values are always percent-encoded, booleans are `Y`/`N`,
None and what is empty is left out (as PHP's own `http_build_query` does), and a command has a bounded
number of variables. Source: settings/how-to-call-rest-api/batch.md,
settings/how-to-call-rest-api/data-encoding.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Final
from urllib.parse import quote

MOST_VARIABLES: Final = 900
"""Variables of one command; PHP's `max_input_vars` is 1,000."""

RESULT_REFERENCE: Final = "$result["
"""What a portal replaces inside a batch by another command's result."""


class UnspeakableKey(ValueError):
    """A parameter name that PHP's bracket syntax cannot carry; JSON can."""


@dataclass(frozen=True, slots=True)
class Command:
    """A call of one REST method: its name and its named parameters (nested dicts and lists)."""

    method: str
    params: Mapping[str, Any]


def command_text(command: Command) -> str:
    """The command as a batch takes it.

    Raises ValueError for what the form cannot carry: a key with a bracket, a number that is not finite,
    more than `MOST_VARIABLES` variables, a value of another type. Rows are asked with `travels_alone`
    before.
    """
    pairs = [f"{_quoted(key)}={_quoted(text)}" for key, text in variables(command.params)]
    if len(pairs) > MOST_VARIABLES:
        raise ValueError(f"{len(pairs)} variables in one command; a batch carries {MOST_VARIABLES}")
    return f"{command.method}?{'&'.join(pairs)}" if pairs else command.method


def variables(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The (key with brackets, text) pairs of the parameters, as PHP will see them."""
    for key, value in params.items():
        yield from _variables(_checked_key(key), value)


def travels_alone(params: Mapping[str, Any]) -> bool:
    """Whether a call goes as JSON outside a batch: `$result[` in its text, too many variables, odd keys."""
    try:
        return any(
            count > MOST_VARIABLES or RESULT_REFERENCE in text
            for count, (_key, text) in enumerate(variables(params), start=1)
        )
    except UnspeakableKey:
        return True


def as_json(value: Any) -> Any:
    """The same value for a JSON body, with the same meaning as in a batch: `Y`/`N`, and None left out."""
    match value:
        case bool():
            return "Y" if value else "N"
        case Mapping():
            return {key: as_json(inner) for key, inner in value.items() if inner is not None}
        case list() | tuple():
            return [as_json(inner) for inner in value if inner is not None]
        case Decimal():
            return _text(value)
        case _:
            return value


def _variables(key: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case Mapping():
            for name, inner in value.items():
                yield from _variables(f"{key}[{_checked_key(name)}]", inner)
        case list() | tuple():
            for position, inner in enumerate(item for item in value if item is not None):
                yield from _variables(f"{key}[{position}]", inner)
        case _:
            yield key, _text(value)


def _text(value: Any) -> str:
    match value:
        case bool():
            return "Y" if value else "N"
        case str():
            return value
        case int():
            return str(value)
        case float() | Decimal() if isfinite(value):
            return format(Decimal(str(value)), "f")
        case _:
            raise ValueError(f"a {type(value).__name__} cannot be sent to a portal")


def _checked_key(key: Any) -> str:
    text = str(key)
    if not text or "[" in text or "]" in text or "\0" in text:
        raise UnspeakableKey(f"a parameter of a batch cannot be named {text!r}")
    return text


def _quoted(text: str) -> str:
    return quote(text, safe="")
