"""`money(currency)`: an amount and its currency as a money field takes them.

Source: api-reference/crm/universal/crm-item-add.md (`300|USD`); an amount alone would get the portal's currency.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from syncer.mapping.text import number_text
from syncer.mapping.unfit import Unfit, shown

NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def money(amount: Any, currency: str) -> str | None:
    """`300|USD`; None stays None. Raises Unfit for what is not a number, or not a currency code."""
    if amount is None:
        return None
    if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
        raise Unfit(f"money() wants a currency code such as 'USD', not {shown(currency)}")
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal | str):
        raise Unfit(f"money() wants a number, not {shown(amount)}")
    text = amount if isinstance(amount, str) else number_text(amount)
    if not NUMBER.fullmatch(text):
        raise Unfit(f"money() wants a number such as 12.50, not {shown(amount)}")
    return f"{text}|{currency}"
