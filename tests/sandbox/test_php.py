"""PHP's rules for query strings and arrays."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.sandbox.naming import camel_of
from syncer.sandbox.php import as_array, parse_query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=1&a=2", {"a": "2"}),
        ("a", {"a": ""}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=1&a[]=2", {"a": {"1": "1", "2": "2"}}),
        ("a[x][]=1&a[x][]=2", {"a": {"x": ["1", "2"]}}),
        ("a[0][v]=1&a[1][v]=2", {"a": [{"v": "1"}, {"v": "2"}]}),
        ("a[01]=1", {"a": {"01": "1"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a%5Bb%5D=%5B", {"a": {"b": "["}}),
        ("f[@id][]=1&f[!%3Dx]=", {"f": {"@id": ["1"], "!=x": ""}}),
        ("a.b c=1", {"a_b_c": "1"}),
        ("a[b=1", {"a_b": "1"}),
        ("a[b]c=1", {"a": {"b": "1"}}),
        ("[a]=1", {"_a]": "1"}),
        ("a=1+1%2B1", {"a": "1 1+1"}),
        ("a=%FF", {"a": "\ufffd"}),
        ("a" + "[x]" * 65 + "=1", {}),
    ],
)
def test_a_query_string(text: str, expected: Any) -> None:
    assert parse_query(text) == expected


def test_an_array_is_a_list_when_its_keys_count_from_zero() -> None:
    assert as_array({}) == []
    assert as_array({"0": "a", "1": "b"}) == ["a", "b"]
    assert as_array({"1": "a"}) == {"1": "a"}
    assert as_array({"1": "a", "0": "b"}) == {"1": "a", "0": "b"}


@pytest.mark.parametrize(
    ("upper", "camel"),
    [
        ("UF_CRM_2_1639669411830", "ufCrm2_1639669411830"),
        ("UF_CRM_3_DIGIT", "ufCrm3Digit"),
        ("UF_CRM_3_DIGIT_10", "ufCrm_3_DIGIT_10"),
        ("UF_CRM_1721244707107", "ufCrm_1721244707107"),
        ("UF_CRM_64A29A1CD5CC2", "ufCrm_64A29A1CD5CC2"),
        ("UF_CRM_QUOTE_1743678817", "ufCrm_QUOTE_1743678817"),
        ("UF_CRM_SMART_INVOICE_1651138836085", "ufCrm_SMART_INVOICE_1651138836085"),
        ("UF_CRM_MANAGER_NOTE", "ufCrmManagerNote"),
    ],
)
def test_a_custom_field_in_camel_case(upper: str, camel: str) -> None:
    assert camel_of(upper) == camel
    assert camel_of(upper, {camel}) == upper
