"""How custom fields are spelt: UPPER names and the camelCase names of crm.item.*.

Rules of api-reference/crm/universal/index.md. Where that page is silent (letters only without an object
number, several words) the words are camelised, as UF_CRM_TASK -> ufCrmTask is for tasks.
"""

from __future__ import annotations

import re
from collections.abc import Container

_NUMBERED_DIGITS = re.compile(r"UF_CRM_(\d+)_(\d+(?:_\d+)*)")
_LETTERS = re.compile(r"UF_CRM_(?:(\d+)_)?([A-Z]+(?:_[A-Z]+)*)")


def camel_of(upper: str, taken: Container[str] = ()) -> str:
    """The crm.item.* name of a custom field; its UPPER name when another field has the camel one already."""
    if found := _NUMBERED_DIGITS.fullmatch(upper):
        name = f"ufCrm{found.group(1)}_{found.group(2)}"
    elif found := _LETTERS.fullmatch(upper):
        words = "".join(word.capitalize() for word in found.group(2).split("_"))
        name = f"ufCrm{found.group(1) or ''}{words}"
    else:
        name = "ufCrm_" + upper.removeprefix("UF_CRM_")
    return upper if name in taken else name
