"""What an editor knows of a spec."""

from __future__ import annotations

from syncer.check.editor import editor_schema
from syncer.model.identity import TYPE_NAMES


def test_an_editor_offers_the_fields_of_the_type() -> None:
    by_type = {
        each["if"]["properties"]["type"]["const"]: each["then"]["properties"]["fields"]["properties"]
        for each in editor_schema()["$defs"]["EntityWritten"]["allOf"]
    }
    assert set(by_type) == set(TYPE_NAMES)
    assert by_type["company"]["fm"] == {"description": "crm_multifield, multiple"}
    assert {"title", "stageId", "opportunity", "contactIds"} <= set(by_type["deal"])
    assert "id" not in by_type["deal"]
    assert "stageId" not in by_type["contact"]
