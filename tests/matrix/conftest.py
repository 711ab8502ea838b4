"""One portal for all tests of the matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import RunningSandbox
from tests.types.specs import NUMBERS

CUSTOM = (
    "string", "integer", "double", "boolean", "enumeration", "date", "datetime", "money", "url", "address", "file",
    "employee", "crm_status", "iblock_section", "iblock_element", "crm", "resourcebooking",
)  # fmt: skip


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A portal with custom fields of every type for every type, and an item of each type to link to."""
    with RunningSandbox(tmp_path_factory.mktemp("portal") / "portal.db", "--no-limits") as running:
        for number in (*NUMBERS.values(), 1220):
            running.call("crm.item.add", entityTypeId=number, fields={"title": "first", "name": "first"})
        for number in NUMBERS.values():
            for kind in CUSTOM:
                for many in (False, True):
                    running.control("POST", "fields", custom_field(number, kind, many))
        yield running


def custom_field(number: int, kind: str, many: bool) -> dict[str, Any]:
    prefix = {7: "UF_CRM_QUOTE", 31: "UF_CRM_SMART_INVOICE", 1302: "UF_CRM_44"}.get(number, "UF_CRM")
    field = {"entityTypeId": number, "name": f"{prefix}_{int(many)}9{CUSTOM.index(kind):08}", "type": kind}
    field |= {"title": f"{kind} {many}", "multiple": many}
    if kind == "enumeration":
        field["items"] = [{"ID": str(each), "VALUE": label} for each, label in ((901, "First"), (902, "Second"))]
    if kind == "crm_status":
        field["settings"] = {"ENTITY_TYPE": "SOURCE"}
    return field
