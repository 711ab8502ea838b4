"""JSON whose numbers keep every digit: a float where it shows them all, else a Decimal."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, Final


def number(text: str) -> float | Decimal:
    """A number of JSON that has a fraction or an exponent."""
    value, exact = float(text), Decimal(text)
    return value if math.isfinite(value) and Decimal(repr(value)) == exact else exact


_DECODER: Final = json.JSONDecoder(parse_float=number)


def loads(text: str | bytes) -> Any:
    """What a JSON text holds. Raises ValueError."""
    return _DECODER.decode(text.decode() if isinstance(text, bytes) else text)


def dumps(value: Any) -> str:
    """The JSON text of what `json` makes of one, Decimals among it."""
    match value:
        case Decimal():
            return str(value)
        case list():
            return f"[{', '.join(map(dumps, value))}]"
        case dict():
            return f"{{{', '.join(f'{dumps(str(name))}: {dumps(inner)}' for name, inner in value.items())}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)
