"""Field names of a spec against a portal's catalog: all mistakes at their lines, with the name that was meant."""

from __future__ import annotations

from pathlib import Path

from syncer.check.facts import Facts
from syncer.check.fields import check_fields
from syncer.errors import Finding
from syncer.model.field import FieldType
from syncer.model.identity import COMPANY, Stamp
from syncer.spec import Code
from tests.spec.files import entity, load

CATALOG = {
    each.name: each
    for each in (
        FieldType("title", "string", title="Company name"),
        FieldType("originId", "string"),
        FieldType("id", "integer", is_read_only=True),
        FieldType("createdTime", "datetime", is_read_only=True),
        FieldType("phone", "string", is_read_only=True),
        FieldType("fm", "crm_multifield", is_multiple=True),
        FieldType("industry", "crm_status", title="Industry"),
        FieldType("ufCrmKey", "string", upper_name="UF_CRM_KEY", is_dynamic=True),
    )
}
STAMP = Stamp("originId", "erp")


def findings(folder: Path, *fields: str, stamp: Stamp = STAMP) -> list[Finding]:
    spec = load(folder, entity("\n".join(fields)))
    return list(check_fields(spec, spec.entities["companies"], COMPANY, Facts({COMPANY: CATALOG}), stamp))


def test_known_fields_are_fine(tmp_path: Path) -> None:
    assert findings(tmp_path, "industry: IT", "ufCrmKey: x") == []


def test_every_unknown_field_is_told_at_its_line_with_what_was_meant(tmp_path: Path) -> None:
    found = findings(tmp_path, "Industry: IT", "ufCrmkey: x", '"Company name": x', "zzz: x")
    assert [(each.code, each.span.line) for each in found] == [(Code.UNKNOWN_FIELD, line) for line in (15, 16, 17, 18)]
    assert "`industry`" in found[0].hint
    assert "`ufCrmKey`" in found[1].hint
    assert "`title`" in found[2].hint
    assert "syncer portal fields" in found[3].hint


def test_what_the_portal_would_drop_is_told(tmp_path: Path) -> None:
    found = findings(tmp_path, "id: 7", 'createdTime: "2020-01-01T00:00:00+00:00"')
    assert [each.code for each in found] == [Code.READ_ONLY_FIELD, Code.IMPORT_ONLY_FIELD]


def test_communications_are_led_to_fm(tmp_path: Path) -> None:
    found = findings(tmp_path, "phone: 1", "phones: 1", "E-Mail: a@b.de", "website: x", "urlaub: x")
    told = [each.hint.partition("typeId: ")[2].partition(",")[0] for each in found]
    assert told == ["PHONE", "PHONE", "EMAIL", "WEB", ""]


def test_what_cannot_be_set_was_not_meant(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "ids: 7")
    assert "`id`" not in found.hint


def test_the_field_of_the_identity_must_be_there(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, stamp=Stamp("ufCrmGone", "erp"))
    assert "'ufCrmGone'" in found.message
    assert "origin_field" in found.hint
