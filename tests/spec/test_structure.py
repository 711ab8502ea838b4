"""Keys and types of a spec: what is wrong with them, where, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncer.spec import SpaTitle
from tests.spec.files import COMPANIES, HEAD, SPEC, WEBHOOK, entity, findings, load, only, places


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("originatorID: erp\n", "originatorId"),
        ("entites: {}\n", "entities"),
        ("guard: {}\n", "guards"),
        ("var: {}\n", "vars"),
        ("State: x\n", "state"),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_known_one(tmp_path: Path, wrong: str, right: str) -> None:
    found = only(findings(tmp_path, SPEC + wrong))
    assert (found.code, found.span.line, found.span.column) == ("SYN101", 15, 1)
    assert found.hint == f"did you mean `{right}`?"


def test_an_unknown_key_far_from_all_lists_the_known_ones(tmp_path: Path) -> None:
    found = only(findings(tmp_path, SPEC.replace("portal: {", "portal: {zzz: 1, ")))
    assert found.message == "unknown key `zzz` in `portal`"
    assert "webhook, oauth, sandbox, name, lock, limits" in found.hint


def test_unknown_keys_are_known_at_every_depth(tmp_path: Path) -> None:
    text = SPEC.replace("portal: {", "portal: {limits: {brust: 1}, ").replace("{erp: {", "{erp: {ulr: x, ")
    text += "    guards: {max_creates: 1}\n    origin_id: x\nguards: {max_created: 1}\n"
    hints = {found.hint for found in findings(tmp_path, text)}
    expected = ("burst", "url", "max_create", "originId")
    assert hints == {f"did you mean `{name}`?" for name in expected}


@pytest.mark.parametrize(
    ("old", "new", "expected", "actual"),
    [
        ("name: northwind", "name: 12", "text", "the number 12"),
        ("name: northwind", "name: true", "text", "true"),
        ("name: northwind", "name: [a]", "text", "a list"),
        ("vars: {currency: USD}", "vars: [a]", "a mapping", "a list"),
        ("vars: {currency: USD}", "mask: fm", "a list", "the text 'fm'"),
        ("vars: {currency: USD}", "mask: [1]", "text", "the number 1"),
        ("vars: {currency: USD}", "guards: {max_create: 1.5}", "a whole number", "the number 1.5"),
        ("vars: {currency: USD}", "guards: {max_create: true}", "a whole number", "true"),
        ("vars: {currency: USD}", "guards: {max_create: all}", "`unlimited`", "the text 'all'"),
        ("vars: {currency: USD}", "guards: {max_create_ratio: half}", "a number", "the text 'half'"),
        ("version: 1", "version: 2", "1", "the number 2"),
        ("version: 1", 'version: "1"', "1", "the text '1'"),
        ("version: 1", "version: true", "1", "true"),
        ("portal: {", "portal: {limits: {burst: '50'}, ", "a whole number", "the text '50'"),
        ("portal: {", "portal: {limits: {burst: 1.5}, ", "a whole number", "the number 1.5"),
        ("portal: {", "portal: {limits: {in_flight: none}, ", "`auto`", "the text 'none'"),
        ("    source: erp", "    source: erp\n    trust_state: yes", "true or false", "the text 'yes'"),
        ("    source: erp", "    source: erp\n    params: {a: [1]}", "text, a number", "a list"),
        ("    source: erp", "    source: erp\n    when: 1", "text", "the number 1"),
        ("    type: company", "    type: true", "a type's name", "true"),
        ("    type: company", "    type: {title: x}", "{spa: TITLE}", "a mapping"),
        ("    type: company", "    type: -4", "entityTypeId", "the number -4"),
    ],
)
def test_a_wrong_type_says_what_is_expected_and_what_was_found(
    tmp_path: Path, old: str, new: str, expected: str, actual: str
) -> None:
    found = only(findings(tmp_path, SPEC.replace(old, new, 1)))
    assert found.code == "SYN102"
    wanted, met = found.message.split(", found ")
    assert expected in wanted
    assert met == actual


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: northwind", "name: my spec", "`name`"),
        ("name: northwind", "name: ''", "`name`"),
        ("originatorId: erp", "originatorId: 'a:b'", "`originatorId`"),
        ("originatorId: erp", "originatorId: ''", "`originatorId`"),
        ("vars: {currency: USD}", "verify: yes", "'warn', 'strict' or 'off', not the text 'yes'"),
        ("vars: {currency: USD}", "guards: {max_create_ratio: 1.5}", "less than or equal to 1"),
        ("portal: {", "portal: {limits: {request_seconds: 0}, ", "greater than 0"),
        ("    type: company", "    type: compny", "no type 'compny'"),
        ("    type: company", "    type: '4'", "no type '4'"),
        ("    source: erp", "    source: erp\n    write: merge", "'add' or 'import'"),
        ("    source: erp", "    source: erp\n    originatorId: 'x:y'", "originatorId"),
        ("    source: erp", "    source: erp\n    origin_field: UF_KEY", "origin_field"),
        ("query: SELECT * FROM Customers", "query: ''", "`entities.companies.query` is empty"),
        ("  companies:", "  my companies:", "`entities.my companies`"),
        ("    source: erp", "    source: erp\n    moved_from: companies", "still an entity"),
    ],
)
def test_values_out_of_range(tmp_path: Path, old: str, new: str, message: str) -> None:
    found = next(each for each in findings(tmp_path, SPEC.replace(old, new, 1)) if each.code == "SYN105")
    assert message in found.message


def test_a_misspelt_type_comes_with_the_nearest_one(tmp_path: Path) -> None:
    assert "`company`" in only(findings(tmp_path, SPEC.replace("company", "compnay", 1))).hint


@pytest.mark.parametrize(
    ("line", "key", "place"),
    [
        ("version: 1\n", "version", (1, 1)),
        ("name: northwind\n", "name", (1, 1)),
        ("originatorId: erp\n", "originatorId", (1, 1)),
        ("portal: {sandbox: state/portal.db}\n", "portal", (1, 1)),
        ("    type: company\n", "type", (8, 3)),
        ("    source: erp\n", "source", (8, 3)),
        ('    originId: "{{ row.CustomerID }}"\n', "originId", (8, 3)),
    ],
)
def test_a_missing_key_is_told_where_it_belongs(tmp_path: Path, line: str, key: str, place: tuple[int, int]) -> None:
    found = only(findings(tmp_path, SPEC.replace(line, "", 1)))
    assert found.code == "SYN103"
    assert f"`{key}` is missing" in found.message
    assert (found.span.line, found.span.column) == place


def test_entities_are_needed(tmp_path: Path) -> None:
    assert only(findings(tmp_path, HEAD.replace("entities:\n", "entities: {}\n"))).message.endswith("is empty")
    assert only(findings(tmp_path, HEAD)).code == "SYN102"


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    text = (
        SPEC.replace("name: northwind", "nmae: x")
        .replace("source: erp", "source: epr")
        .replace("{{ row.CompanyName }}", "{{ row.CompanyName")
        .replace("sandbox: state/portal.db", "webhook: '${BITRIX}', sandbox: x")
    )
    codes = [code for code, _, _ in places(findings(tmp_path, text, {}))]
    assert codes == ["SYN103", "SYN101", "SYN106", "SYN104", "SYN112", "SYN201"]


def test_what_may_be_secret_is_never_shown(tmp_path: Path) -> None:
    text = SPEC.replace("sandbox: state/portal.db", "oauth: {domain: a, client_secret: 987654321}")
    text = text.replace("version: 1", "version: 1\nstate: 987654321").replace("sqlite:///data/erp.db", "987654321")
    assert "987654321" not in "\n".join(map(str, findings(tmp_path, text)))


def test_two_entities_of_one_type_and_originator_are_allowed(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC + COMPANIES.replace("companies", "suppliers"))
    assert [(each.entity_type_id, each.originator_id) for each in spec.entities.values()] == [(4, "erp")] * 2


@pytest.mark.parametrize(
    ("written", "kind", "number"),
    [
        ("company", "company", 4),
        ("invoice", "invoice", 31),
        ("2", 2, 2),
        ("1302", 1302, 1302),
        ("{spa: Contracts}", SpaTitle(spa="Contracts"), None),
    ],
)
def test_types(tmp_path: Path, written: str, kind: object, number: int | None) -> None:
    loaded = load(tmp_path, SPEC.replace("type: company", f"type: {written}")).entities["companies"]
    assert (loaded.type, loaded.entity_type_id) == (kind, number)


def test_the_old_invoices_are_no_type(tmp_path: Path) -> None:
    found = only(findings(tmp_path, SPEC.replace("type: company", "type: 5")))
    assert (found.code, found.hint) == ("SYN105", "write `invoice`")
    assert "the old invoices" in found.message


def test_values_of_fields_keep_their_types(tmp_path: Path) -> None:
    lines = "a: 1\nb: 0123\nc: true\nd: null\ne: 1.50\nf: [1, {g: '2'}]\nh: ${HOME}\ni: yes"
    fields = load(tmp_path, entity(lines), {}).entities["companies"].fields
    del fields["title"]  # type: ignore[attr-defined]
    assert fields == {
        "a": 1, "b": "0123", "c": True, "d": None, "e": 1.5, "f": [1, {"g": "2"}], "h": "${HOME}", "i": "yes"
    }  # fmt: skip


def test_names_may_be_of_any_alphabet(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC.replace("companies", "компании").replace("name: northwind", "name: склад-1.a_b"))
    assert (spec.name, spec.order) == ("склад-1.a_b", ("компании",))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sandbox: state/portal.db", f"webhook:{WEBHOOK}"),
        ("sandbox: state/portal.db", f"webhook: '{WEBHOOK}', c0dec0dec0de: 1"),
        ("sandbox: state/portal.db", f"webhook: '{WEBHOOK}profile.json'"),
        ("sandbox: state/portal.db", "webhook: 'https://acme.bitrix24.com/rest/1/${X/c0dec0dec0de'"),
        ("name: northwind", f"webhook: {WEBHOOK}"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, old: str, new: str) -> None:
    found = findings(tmp_path, SPEC.replace(old, new), {})
    assert found
    assert "c0dec0dec0de" not in "\n".join(map(str, found))
