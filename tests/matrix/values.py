"""The table: for each type of field the values that rows may hold, and what becomes of each.

Values are those of JSON. `STORED` is what the portal shows afterwards in its own words, `BLOCKED` what the plan says of
the row, `REFUSED` the portal's own code, where only the portal can know. Forms of values: api-reference/data-types.md,
api-reference/crm/data-types.md, api-reference/crm/universal/crm-item-add.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Case = Literal["valid", "empty", "null", "wrong", "hostile"]
End = Literal["stored", "unset", "blocked", "refused"]

NOT_VALID: Final = "CRM_FIELD_ERROR_VALUE_NOT_VALID"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and its end: what is stored, what the message has, or the portal's code; `unset`: as if left out."""

    case: Case
    value: Any
    end: End
    told: Any = None


def stored(value: Any, told: Any = ..., case: Case = "valid") -> Cell:
    return Cell(case, value, "stored", value if told is ... else told)


def blocked(value: Any, words: str, case: Case = "wrong") -> Cell:
    return Cell(case, value, "blocked", words)


def refused(value: Any, code: str = NOT_VALID, case: Case = "wrong") -> Cell:
    return Cell(case, value, "refused", code)


NULL: Final = Cell("null", None, "unset")
EMPTY: Final = blocked("", "is empty: write", "empty")
A_LIST: Final = blocked(["x"], "is a list, and the field takes one value")
A_MAP: Final = {"a": 1}
INJECTIONS: Final = ("1; DROP TABLE b_crm_deal", "' OR '1'='1", "<script>alert(1)</script>", "$result[x][0]", "\u202e1")

HOSTILE_TEXTS: Final = (
    "'; DROP TABLE b_crm_deal; --",
    "$result[first][item][id] $result[0]",
    "a=1&fields[title]=x&b=2?c#d;e%00%41+ ",
    "{{ row.key }} {% if %} ${HOME} {# #}",
    "O'Brien \"quoted\" \\ back\\\\slash `x`",
    "👩‍👩‍👧‍👦 Кириллица العربية \u202ertl\u202c e\u0301 \u200b\ufeff",
    "\u0085\u2028\u2029\x7f\x1b[31m",
    "null",
    "=HYPERLINK(\"http://x\")",
    "x" * 5000,
)  # fmt: skip
MARKUP: Final = "<script>alert(1)</script> <b>bold</b> &amp; &lt;"

TEXT: Final = (
    stored("Plain text"),
    stored("[b]bold[/b] [url=https://a.example/?x=1&y=2]link[/url]"),
    stored("00123"),
    stored("+49 30 1234"),
    stored(5, "5"),
    stored(0.1, "0.1"),
    Cell("empty", "", "unset"),
    NULL,
    blocked(True, "is true or false, and the field takes text"),
    blocked(A_MAP, "is a list or structure"),
    A_LIST,
    *(stored(text, case="hostile") for text in HOSTILE_TEXTS),
    stored(MARKUP, case="hostile"),
)
COMMENTS: Final = (
    *(each for each in TEXT if each.value != MARKUP),
    stored("one\ntwo\r\n[list][*]three[/list]", "\none\ntwo\r\n[list][*]three[/list]\n"),
    stored(MARKUP, "alert(1) bold &amp; &lt;", "hostile"),
    blocked("x" * ((1 << 20) + 1), "text of more than 1048576 characters", "hostile"),
)
"""Line breaks around and tags gone: crm-item-add.md, how-to-make-contact-edit-card.md. Read-back tells of the tags."""

INTEGER: Final = (
    stored(7),
    stored("7", 7),
    stored(7.0, 7),
    stored(-3),
    stored(2**53 + 1),
    EMPTY,
    NULL,
    blocked("12.5", "is not an integer"),
    blocked(12.5, "is not an integer"),
    blocked("0012", "is not an integer"),
    blocked(True, "is true or false, not an integer"),
    blocked(A_MAP, "is not an integer"),
    blocked([1], "is a list, and the field takes one value"),
    blocked(2**63, "is out of range", "hostile"),
    blocked("1e3", "is not an integer", "hostile"),
    blocked("٣", "is not an integer", "hostile"),
    *(blocked(text, "is not an integer", "hostile") for text in INJECTIONS),
)
DOUBLE: Final = (
    stored(1.5),
    stored(0.1),
    stored(12),
    stored("19.90", 19.9),
    stored(-0.01),
    stored(1e15),
    EMPTY,
    NULL,
    blocked("12,50", "a decimal point is wanted"),
    blocked("abc", "is not a number"),
    blocked(False, "is true or false, not a number"),
    blocked(A_MAP, "is not a number"),
    blocked([1.5], "is a list, and the field takes one value"),
    blocked("1e999", "more digits", "hostile"),
    blocked("NaN", "is not a number", "hostile"),
    blocked("Infinity", "is not a number", "hostile"),
    blocked("0x10", "is not a number", "hostile"),
    *(blocked(text, "is not a number", "hostile") for text in INJECTIONS),
)
BOOLEAN: Final = (
    stored(True, "Y"),
    stored(False, "N"),
    stored(1, "Y"),
    stored(0, "N"),
    stored("Y"),
    stored("false", "N"),
    EMPTY,
    NULL,
    blocked("yes", "is neither true nor false"),
    blocked(2, "is neither true nor false"),
    blocked(A_MAP, "is neither true nor false"),
    blocked([True], "is a list, and the field takes one value"),
    *(blocked(text, "is neither true nor false", "hostile") for text in INJECTIONS),
)
DATE: Final = (
    stored("2020-02-29"),
    stored("2020-02-29T00:00:00", "2020-02-29"),
    stored("1970-01-01"),
    stored("2099-12-31"),
    EMPTY,
    NULL,
    blocked("2020-02-29 12:00", "has a time of day, and the field takes a date"),
    blocked("2021-02-29", "is not a date"),
    blocked("29.02.2020", "is not a date"),
    blocked("02/29/2020", "is not a date"),
    blocked(20200229, "is not a date"),
    blocked(True, "is not a date"),
    blocked(["2020-02-29"], "is a list, and the field takes one value"),
    blocked("0000-00-00", "is not a date", "hostile"),
    *(blocked(text, "is not a date", "hostile") for text in INJECTIONS),
)
DATETIME: Final = (
    stored("2020-02-29T12:30:45+02:00"),
    stored("2020-02-29 12:30:45Z"),
    stored("2024-10-27T02:30:00+01:00"),
    EMPTY,
    NULL,
    blocked("2020-02-29T12:30:45", "has no time zone: write |datetime("),
    blocked("2020-02-29", "has no time zone"),
    blocked("2020-02-29T25:00:00+02:00", "is not a date"),
    blocked(1582979445, "is not a date"),
    blocked(False, "is not a date"),
    blocked(["2020-02-29T12:30:45+02:00"], "is a list, and the field takes one value"),
    *(blocked(text, "is not a date", "hostile") for text in INJECTIONS),
)
MONEY: Final = (
    stored("300|USD"),
    stored("0.10|EUR"),
    stored("-5|RUB"),
    EMPTY,
    NULL,
    blocked("300", "is not an amount with its currency"),
    blocked(300, "is not an amount with its currency"),
    blocked("300|dollars", "is not an amount with its currency"),
    blocked("USD|300", "is not an amount with its currency"),
    blocked("1 000|USD", "is not an amount with its currency"),
    blocked(True, "is not an amount with its currency"),
    *(blocked(text, "is not an amount with its currency", "hostile") for text in INJECTIONS),
)
CURRENCY: Final = (
    stored("EUR"),
    stored("USD"),
    EMPTY,
    NULL,
    blocked("eur", "is not a currency code"),
    blocked("Euro", "is not a currency code"),
    blocked(978, "is not a currency code"),
    refused("XXX"),
    *(blocked(text, "is not a currency code", "hostile") for text in INJECTIONS),
)
LINK: Final = (
    *(stored(text) for text in ("L_1", "D_2", "C_1", "CO_3", "Q_4", "SI_5", "T80_6", "T516_1")),
    EMPTY,
    NULL,
    blocked(3, "is not a link such as CO_3"),
    blocked("3", "is not a link such as CO_3"),
    blocked("CO_0", "is not a link such as CO_3"),
    blocked("T1G_3", "is not a link such as CO_3"),
    blocked("X_3", "is not a link such as CO_3"),
    *(blocked(text, "is not a link such as CO_3", "hostile") for text in INJECTIONS),
)
FILE: Final = (
    NULL,
    EMPTY,
    blocked("a.txt", "is no file: write {{ file("),
    blocked({"fileData": ["a.txt", "YQ=="]}, "is no file: write {{ file("),
    blocked(5, "is no file"),
    *(blocked(text, "is no file", "hostile") for text in ("../../etc/passwd", "/etc/passwd", *INJECTIONS)),
)
STATUS: Final = (
    EMPTY,
    blocked("  ", "is empty", "empty"),
    NULL,
    blocked(True, "is true or false"),
    blocked(A_MAP, "is a list or structure"),
    A_LIST,
    refused("NO_SUCH"),
    refused("Referral by name"),
    *(refused(text, case="hostile") for text in INJECTIONS),
)
"""Beside each code of the directory."""
OPTION: Final = (
    EMPTY,
    NULL,
    blocked("Second", "is not an option's id: write {{ enum("),
    blocked(99999, "is not an option of the field"),
    blocked(True, "is true or false"),
    blocked(1.5, "is not an integer"),
    *(blocked(text, "is not an option's id", "hostile") for text in INJECTIONS),
)
"""Beside the options themselves."""
ITEM: Final = (
    EMPTY,
    NULL,
    refused(999999),
    blocked("CO_3", "is not an integer"),
    blocked(-1, "is not an id"),
    blocked(0, "is not an id"),
    blocked(True, "is true or false"),
    blocked("admin@example.com", "is not an integer"),
    blocked(A_MAP, "is not an integer"),
    *(blocked(text, "is not an integer", "hostile") for text in INJECTIONS),
)
"""Ids of items and users, beside those that are there."""
UNDOCUMENTED: Final = (stored("x"), NULL, *(stored(text, case="hostile") for text in HOSTILE_TEXTS[:3]))
"""Types of which the documentation has no form: sent as they are."""

_KINDS: Final = {
    "PHONE": "WORK MOBILE FAX HOME PAGER MAILING OTHER",
    "EMAIL": "WORK HOME MAILING OTHER",
    "WEB": "WORK HOME VK LIVEJOURNAL TWITTER OTHER",
    "IM": "TELEGRAM VK SKYPE VIBER BITRIX24 OPENLINE IMOL ICQ MSN JABBER OTHER",
}


def _record(kind: str, sort: Any, value: Any) -> dict[str, Any]:
    return {"typeId": kind, "valueType": sort, "value": value}


MULTIFIELD: Final = (
    *(stored([_record(kind, sort, f"{kind} {sort}")]) for kind, sorts in _KINDS.items() for sort in sorts.split()),
    stored([_record("PHONE", "WORK", "+49 30 1 ext. 5"), _record("EMAIL", "HOME", "a@b.example")]),
    stored([_record("PHONE", "WORK", 4930), _record("WEB", "OTHER", "")], [_record("PHONE", "WORK", "4930")]),
    Cell("empty", [], "unset"),
    Cell("empty", [_record("PHONE", "WORK", None)], "unset"),
    NULL,
    blocked("+49 30 1", "is not a list"),
    blocked(["+49 30 1"], "is not of the form"),
    blocked([{"VALUE": "1", "VALUE_TYPE": "WORK"}], "is not of the form"),
    blocked([_record("FAX", "WORK", "1")], "typeId 'FAX'"),
    blocked([_record("PHONE", "work", "1")], "valueType 'work'"),
    blocked([_record("EMAIL", "MOBILE", "a@b.example")], "valueType 'MOBILE'"),
    blocked([_record("PHONE", "WORK", True)], "is true or false"),
    *(stored([_record("IM", "OTHER", text)], case="hostile") for text in (*HOSTILE_TEXTS, MARKUP)),
)

OF_TYPE: Final[dict[str, tuple[Cell, ...]]] = {
    **dict.fromkeys(("string", "text", "url", "address"), TEXT),
    **dict.fromkeys(("integer",), INTEGER),
    **dict.fromkeys(("crm_company", "crm_contact", "crm_deal", "crm_lead", "crm_quote", "crm_entity"), ITEM),
    **dict.fromkeys(("user", "employee"), ITEM),
    **dict.fromkeys(("location", "resourcebooking"), UNDOCUMENTED),
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATETIME,
    "money": MONEY,
    "crm_currency": CURRENCY,
    "crm": LINK,
    "file": FILE,
    "crm_status": STATUS,
    "enumeration": OPTION,
    "crm_multifield": MULTIFIELD,
    "iblock_element": (stored(5), stored("5", 5), *(each for each in ITEM if each.end != "refused")),
    "iblock_section": (stored(5), stored("5", 5), *(each for each in ITEM if each.end != "refused")),
    "crm_category": (EMPTY, NULL, blocked("General", "is not an integer"), blocked(-1, "is not an id"), refused(999)),
}


def several(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The cells of a multiple field: each value as an element, all good ones together, and no list at all."""
    good = [each for each in cells if each.end == "stored"]
    cut = slice(0, 40)  # the portal has no bound, but messages of a table need not be pages
    found = [
        Cell(each.case, [each.value], each.end, [each.told] if each.end == "stored" else each.told)
        for each in cells
        if each.case not in ("null", "empty") and not isinstance(each.value, list | dict)
    ]
    together = [stored([each.value for each in good][cut], [each.told for each in good][cut])] if good else []
    if good:
        together.append(stored([None, good[0].value, None], [good[0].told]))
    bare = [blocked(good[0].value, "takes a list")] if good else []
    return (*found, *together, *bare, Cell("empty", [], "unset"), Cell("empty", [None], "unset"), NULL)
