"""Each line of the tables of docs/values.md, put through a template and into a field."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest

from syncer.mapping import Converter
from syncer.mapping.multifield import VALUE_TYPES
from syncer.model.change import RowProblem
from syncer.model.field import FieldType
from tests.docs.pages import ROOT, prose, table
from tests.mapping.entity import render

PAGE = (ROOT / "docs" / "values.md").read_text(encoding="utf-8")
LINES = [
    tuple(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("|")))
    for line in prose(PAGE).splitlines()
    if line.startswith(("| `", "| several"))
]
EXAMPLES = [line for line in LINES if len(line) == 4]
PLAIN = {"none": None, "true": True, "false": False, "bytes": b"\x00"}


def row_value(cell: str) -> Any:
    kind, _, rest = cell.partition("`")
    text = rest.removesuffix("`")
    match kind.strip():
        case "decimal":
            return Decimal(text)
        case "date":
            return dt.date.fromisoformat(text)
        case "moment":
            return dt.datetime.fromisoformat(text)
        case "span":
            return dt.timedelta(seconds=int(text))
        case "":
            return json.loads(text)
        case word:
            return PLAIN[word]


def test_the_tables_are_read() -> None:
    assert len(EXAMPLES) > 60
    kinds = {line[0].rpartition(" ")[2].strip("`") for line in EXAMPLES}
    assert kinds > {"string", "integer", "double", "boolean", "date", "datetime", "money", "crm", "file", "enumeration"}


@pytest.mark.parametrize("line", EXAMPLES, ids=lambda line: " ".join(line[:3]))
def test_a_value_becomes_what_the_page_says(line: tuple[str, ...]) -> None:
    kind, template, value, becomes = line
    field = FieldType("f", kind.rpartition(" ")[2].strip("`"), is_multiple=kind.startswith("several"))
    found = render(template.strip("`"), x=row_value(value))
    if found is not None and not isinstance(found, RowProblem):
        made = Converter({"f": field}).convert({"f": found})
        found = made if isinstance(made, RowProblem) else made["f"]
    if becomes == "left out":
        assert found is None
    elif becomes.startswith("blocked: "):
        assert isinstance(found, RowProblem)
        assert becomes.removeprefix("blocked: ") in found.message
    else:
        expected = json.loads(becomes.strip("`"))
        assert (found, type(found)) == (expected, type(expected))


def test_every_value_type_of_a_multifield_is_told() -> None:
    told = table(PAGE, "## Phones, e-mails, sites, messengers")
    assert {kind: set(re.findall(r"`(\w+)`", cells[0])) for kind, cells in told.items() if kind != "LINK"} == {
        kind: set(sorts) for kind, sorts in VALUE_TYPES.items() if kind != "LINK"
    }
