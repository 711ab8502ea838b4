"""`phone(region)`: telephone numbers in the international form."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from syncer.mapping.text import as_text
from syncer.mapping.unfit import Unfit, shown

LIBRARY = "phonenumbers"
_LONGEST = 100


def phone_available() -> bool:
    """Whether the extra `phone` is installed."""
    return find_spec(LIBRARY) is not None


def phone(value: Any, region: str | None = None) -> str | None:
    """`+4930123456`, with ` ext. 12` when there is an extension; None stays None.

    A number without country code is one of `region` (`DE`). What is not a valid number, or has words in it, is left
    exactly as it is, for a person to look at: nothing is lost. Raises Unfit for a region that does not exist.
    """
    if value is None:
        return None
    text = as_text(value)
    return _international(text, region) if len(text) <= _LONGEST else text


@lru_cache(maxsize=4096)
def _international(text: str, region: str | None) -> str:
    import phonenumbers

    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise Unfit(f"{shown(region)} is not a region of telephone numbers: write two letters such as 'DE'")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number) or _has_words(text, number.extension):
        return text
    extension = f" ext. {number.extension}" if number.extension else ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) + extension


def _has_words(text: str, extension: str | None) -> bool:
    """Letters, but for those that announce the extension; the library would dial them (`App` is 277) or drop them."""
    if extension:
        before = text[: text.rfind(extension)]
        text = before[: max((place for place, sign in enumerate(before, 1) if sign.isdigit()), default=0)]
    return any(sign.isalpha() for sign in text)
