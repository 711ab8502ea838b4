"""The JSON Schema for editors, and the table of codes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from syncer.spec import Code, schema


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = schema()["$defs"][name]
    return found


def test_the_schema_is_json_and_names_no_host_but_the_documented_ones() -> None:
    text = json.dumps(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["$id"].startswith("urn:")
    assert set(re.findall(r"https?://[\w.-]+", text)) == {
        "https://json-schema.org", "https://HOST", "https://oauth.bitrix.info", "https://oauth.bitrix24.tech",
    }  # fmt: skip


def test_every_key_of_the_spec_is_described() -> None:
    properties = schema()["properties"]
    assert list(properties) == [
        "version", "name", "moved_from", "portal", "state", "originatorId", "vars", "sources", "attachments",
        "verify", "mask", "entities", "guards",
    ]  # fmt: skip
    for name, model in (("spec", schema()), *schema()["$defs"].items()):
        for key, inner in model["properties"].items():
            assert inner.get("description"), f"{name}.{key}"


def test_no_other_keys_are_allowed_and_references_lead_somewhere() -> None:
    assert all(each["additionalProperties"] is False for each in (schema(), *schema()["$defs"].values()))
    for reference in references(schema()):
        assert reference.removeprefix("#/$defs/") in schema()["$defs"]


def references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def test_types_as_an_editor_needs_them() -> None:
    entity = definition("EntityWritten")
    assert entity["required"] == ["type", "source", "originId", "fields"]
    assert entity["oneOf"] == [{"required": ["query"]}, {"required": ["query_file"]}]
    assert entity["properties"]["type"]["anyOf"][0]["enum"][:2] == ["lead", "deal"]
    assert definition("Guards")["properties"]["max_create"]["default"] == 5000
    assert schema()["properties"]["version"]["const"] == 1


def test_codes_are_stable_and_have_a_meaning() -> None:
    assert all(re.fullmatch(r"SYN[0-5][0-9]{2}", code.value) for code in Code)
    assert all(code.meaning and "\n" not in code.meaning for code in Code)
    assert (str(Code.DUPLICATE_KEY), Code.UNKNOWN_KEY.value) == ("SYN004", "SYN101")
