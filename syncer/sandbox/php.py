"""PHP's shapes: query strings with brackets on the way in, lists and empty maps on the way out.

How parameters are written: settings/how-to-call-rest-api/data-encoding.md. That PHP drops variables over
`max_input_vars` (1,000) is PHP's own rule and not in the portal's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

MAX_INPUT_VARS = 1000
MAX_NESTING = 64
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_SEGMENT = re.compile(r"\[([^\]]*)\]")

Params = dict[str, Any]


def parse_query(text: str) -> Params:
    """The variables of a percent-encoded query string, nested as PHP nests them.

    What is over 1,000 is dropped.
    """
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decoded(name), _decoded(value)))
    return nest(pairs)


def nest(pairs: Iterable[tuple[str, str]]) -> Params:
    """Decoded `name[a][]` pairs as nested maps and lists."""
    root: Params = {}
    for count, (name, value) in enumerate(pairs):
        if count == MAX_INPUT_VARS:
            break
        _put(root, name, value)
    return {name: _settled(value) for name, value in root.items()}


def as_map(value: object) -> Params:
    """A PHP array as a map with text keys, whether it came as a list or as an object.

    Anything else is empty.
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): each for index, each in enumerate(value)}
    return {}


def as_array(found: Params) -> Params | list[Any]:
    """A map as PHP writes it: a list when its keys are 0..n-1 in order, which makes an empty one `[]`."""
    if all(key == str(index) for index, key in enumerate(found)):
        return list(found.values())
    return found


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        return unquote_to_bytes(text).decode("utf-8", "replace")
    return text


def _put(root: Params, name: str, value: str) -> None:
    head, segments = _path(name)
    if not head or len(segments) > MAX_NESTING:
        return
    place: Any = root
    key = head
    for segment in segments:
        inner = place.get(key)
        if not isinstance(inner, dict):
            inner = place[key] = {}
        place, key = inner, segment or _next_index(inner)
    place[key] = value


def _path(name: str) -> tuple[str, list[str]]:
    name = name.lstrip(" ")
    start = name.find("[")
    if start <= 0 or "]" not in name[start:]:
        return _plain(name), []
    segments = []
    at = start
    while found := _SEGMENT.match(name, at):
        segments.append(found.group(1))
        at = found.end()
    return _plain(name[:start]), segments


def _plain(name: str) -> str:
    """PHP turns dots, spaces and a lone bracket of a variable's name into underscores."""
    return name.replace(".", "_").replace(" ", "_").replace("[", "_")


def _next_index(place: Params) -> str:
    taken = [int(key) for key in place if _INTEGER.fullmatch(key)]
    return str(max(taken) + 1 if taken and max(taken) >= 0 else 0)


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return as_array({key: _settled(each) for key, each in value.items()})
    return value
