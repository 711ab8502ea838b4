"""A command of a batch arrives as it was meant: checked with a parser of PHP's form written for this test
alone.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.bitrix24.encode import MOST_VARIABLES, Command, as_json, command_text, travels_alone

HARD_TEXTS = [
    "O'Brien & Söhne + 100% = [a][]",
    "$result[k0][item][id]",
    "&fields[title]=stolen&x",
    "a+b c%20d",
    "line\nline\r\nline\ttab",
    "no-break\u00a0space",
    "👩‍🚀 émoji 漢字 \u202e",
    "",
    " ",
    "?#;,/\\\"'<>",
    "\0nul",
    "x" * 65536,
    "й" * 20000,
]

_TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=40) | st.sampled_from(HARD_TEXTS)
_NAMES = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="[]\0"), min_size=1, max_size=12)
_TOP_NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,12}", fullmatch=True)
_SCALARS = _TEXTS | st.booleans() | st.none() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


def php_decode(query: str) -> dict[str, Any]:
    """What PHP's parse_str makes of a query, with maps left as maps."""
    root: dict[str, Any] = {}
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        head, *inner = re.findall(r"^[^\[]+|\[[^\]]*\]", unquote_plus(name))
        keys = [head, *(segment[1:-1] for segment in inner)]
        place = root
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = unquote_plus(value)
    return root


def as_php_sees(value: Any) -> Any:
    """The value as text, lists as maps by position, None and what is empty gone."""
    match value:
        case bool():
            return "Y" if value else "N"
        case dict():
            inner = {key: as_php_sees(each) for key, each in value.items()}
            return {key: each for key, each in inner.items() if each is not None} or None
        case list():
            kept = [each for each in value if each is not None]
            return as_php_sees({str(position): each for position, each in enumerate(kept)})
        case Decimal():
            return format(value, "f")
        case None:
            return None
        case _:
            return str(value)


@given(st.dictionaries(_TOP_NAMES, _VALUES, max_size=5))
def test_every_value_arrives(params: dict[str, Any]) -> None:
    text = command_text(Command("crm.item.add", params))
    method, _, query = text.partition("?")
    assert method == "crm.item.add"
    assert php_decode(query) == (as_php_sees(params) or {})
    assert re.fullmatch(r"[A-Za-z0-9_.~%&=-]*", query)


@pytest.mark.parametrize("hard", HARD_TEXTS)
def test_hard_text_arrives_byte_for_byte(hard: str) -> None:
    _method, _, query = command_text(Command("m", {"fields": {"title": hard, "ufCrm_1": [hard, hard]}})).partition("?")
    assert php_decode(query) == {"fields": {"title": hard, "ufCrm_1": {"0": hard, "1": hard}}}


def test_nested_parameters_use_brackets_and_flags_are_letters() -> None:
    params = {
        "entityTypeId": 4,
        "fields": {
            "opened": True,
            "isMy": False,
            "nothing": None,
            "fm": [{"typeId": "PHONE", "value": "+7"}],
        },
        "select": ["id", "title"],
        "empty": [],
        "none": {},
    }
    assert command_text(Command("crm.item.add", params)) == (
        "crm.item.add?entityTypeId=4&fields%5Bopened%5D=Y&fields%5BisMy%5D=N"
        "&fields%5Bfm%5D%5B0%5D%5BtypeId%5D=PHONE&fields%5Bfm%5D%5B0%5D%5Bvalue%5D=%2B7"
        "&select%5B0%5D=id&select%5B1%5D=title"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0.1"),
        (1e22, "10000000000000000000000"),
        (1e-7, "0.0000001"),
        (-3, "-3"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_numbers_are_written_out(number: Any, text: str) -> None:
    assert command_text(Command("m", {"n": number})) == f"m?n={text}"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), object(), b"bytes"])
def test_what_cannot_be_sent_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        command_text(Command("m", {"v": value}))


def test_a_call_without_parameters_is_the_method() -> None:
    assert command_text(Command("profile", {})) == "profile"


def test_too_many_variables_are_an_error_and_travel_alone() -> None:
    fits = {"v": ["x"] * MOST_VARIABLES}
    over = {"v": ["x"] * (MOST_VARIABLES + 1)}
    assert command_text(Command("m", fits)).count("=") == MOST_VARIABLES
    assert not travels_alone(fits)
    assert travels_alone(over)
    with pytest.raises(ValueError, match="901 variables"):
        command_text(Command("m", over))


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "see $result[k0][item][id]"},
        {"fm": [{"value": "$result[x]"}]},
        {"odd": {"a]b": "x"}},
        {"odd": {"a[b": "x"}},
        {"odd": {"": "x"}},
    ],
)
def test_rows_that_a_batch_would_change_travel_alone(fields: dict[str, Any]) -> None:
    assert travels_alone({"entityTypeId": 2, "fields": fields})


@pytest.mark.parametrize("text", ["$result", "result[k0]", "%24result%5Bx%5D", "$ result[x]"])
def test_text_that_only_looks_like_a_reference_stays_in_the_batch(text: str) -> None:
    assert not travels_alone({"fields": {"title": text}})


def test_json_means_the_same_as_a_batch() -> None:
    value = {"a": True, "b": None, "c": [1, None, {"d": False, "e": "x"}], "f": Decimal("1.50"), "g": 0}
    assert json.loads(json.dumps(as_json(value))) == {
        "a": "Y", "c": [1, {"d": "N", "e": "x"}], "f": "1.50", "g": 0,
    }  # fmt: skip
