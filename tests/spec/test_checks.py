"""What must hold between the values of a spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.files import COMPANIES, HEAD, SPEC, WEBHOOK, entity, findings, load, only, places


def with_portal(portal: str) -> str:
    return SPEC.replace("{sandbox: state/portal.db}", portal)


@pytest.mark.parametrize(
    ("portal", "named"),
    [
        (f"{{webhook: '{WEBHOOK}', sandbox: x.db}}", "`webhook` and `sandbox`"),
        ("{name: acme}", "none of `webhook`, `oauth` and `sandbox`"),
        ("{webhook: , name: acme}", "none of"),
    ],
)
def test_exactly_one_portal(tmp_path: Path, portal: str, named: str) -> None:
    found = only(findings(tmp_path, with_portal(portal)))
    assert found.code == "SYN104"
    assert named in found.message
    assert "exactly one" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        SPEC.replace("    query: SELECT * FROM Customers\n", ""),
        SPEC.replace("    query: SELECT * FROM Customers\n", "    query: SELECT 1\n    query_file: spec.yaml\n"),
        SPEC.replace('{erp: {url: "sqlite:///data/erp.db"}}', "{erp: {}}"),
    ],
)
def test_exactly_one_query_and_one_kind_of_source(tmp_path: Path, text: str) -> None:
    assert only(findings(tmp_path, text)).code == "SYN104"


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.bitrix24.com/rest/1/c0dec0dec0de/profile.json",
        "https://acme.bitrix24.com/rest/admin/c0dec0dec0de/",
        "https://acme.bitrix24.com/",
        "https://acme.bitrix24.com/rest/1/c0dec0dec0de/?x=1",
        "https://user@acme.bitrix24.com/rest/1/c0dec0dec0de/",
        "https://acme.bitrix24.com:port/rest/1/c0dec0dec0de/",
        "https:///rest/1/c0dec0dec0de/",
        "https://[/rest/1/c0dec0dec0de/",
        "acme.bitrix24.com/rest/1/c0dec0dec0de/",
        "ftp://acme.bitrix24.com/rest/1/c0dec0dec0de/",
        "https://acme.bitrix24.com/rest/1/c0dec0dec0de/\n",
        "",
    ],
)
def test_a_malformed_webhook_is_refused_without_being_shown(tmp_path: Path, url: str) -> None:
    found = only(findings(tmp_path, with_portal("{webhook: '${HOOK:-}'}"), {"HOOK": url}))
    assert found.code == "SYN108"
    assert "c0dec0dec0de" not in str(found)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80", "127.8.9.10"])
def test_plain_http_to_this_machine(tmp_path: Path, host: str) -> None:
    assert not findings(tmp_path, with_portal(f"{{webhook: 'http://{host}/rest/1/c0dec0dec0de/'}}"))


@pytest.mark.parametrize("host", ["acme.bitrix24.com", "10.0.0.1", "localhost.acme.com", "127.0.0.1.nip.io"])
def test_plain_http_to_another(tmp_path: Path, host: str) -> None:
    found = only(findings(tmp_path, with_portal(f"{{webhook: 'http://{host}/rest/1/c0dec0dec0de/'}}")))
    assert found.code == "SYN109"
    assert "c0dec0dec0de" not in str(found)


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "state/syncer.db", "postgres://u:p@h/d"])
def test_the_state_is_sqlite_or_postgresql(tmp_path: Path, url: str) -> None:
    assert only(findings(tmp_path, f"state: {url}\n{SPEC}")).code == "SYN110"


@pytest.mark.parametrize("url", ["data/erp.db", "postgres://u:p@h/d"])
def test_a_source_is_a_sqlalchemy_url(tmp_path: Path, url: str) -> None:
    assert only(findings(tmp_path, SPEC.replace("sqlite:///data/erp.db", url))).code == "SYN110"


def test_an_unknown_source_comes_with_the_nearest(tmp_path: Path) -> None:
    found = only(findings(tmp_path, SPEC.replace("source: erp", "source: erpp")))
    assert (found.code, found.span.line, found.span.column) == ("SYN112", 10, 13)
    assert found.hint == "did you mean `erp`?"


@pytest.mark.parametrize("kind", ["quote", "7"])
def test_a_quote_needs_an_origin_field(tmp_path: Path, kind: str) -> None:
    text = SPEC.replace("type: company", f"type: {kind}")
    assert only(findings(tmp_path, text)).code == "SYN113"
    assert load(tmp_path, text + "    origin_field: ufCrm_1\n").entities["companies"].origin_field == "ufCrm_1"


@pytest.mark.parametrize(
    ("kind", "field", "refused"),
    [
        ("company", "originId", True),
        ("company", "originatorId", True),
        ("company", "ORIGIN_ID", True),
        ("4", "originId", True),
        ("company", "xmlId", False),
        ("invoice", "xmlId", True),
        ("invoice", "XML_ID", True),
        ("1302", "xmlId", True),
        ("{spa: Contracts}", "xmlId", True),
        ("invoice", "originId", False),
    ],
)
def test_fields_may_not_set_what_is_stamped(tmp_path: Path, kind: str, field: str, refused: bool) -> None:
    found = findings(tmp_path, entity(f"{field}: x").replace("type: company", f"type: {kind}"))
    assert places(found) == ([("SYN114", 15, 7)] if refused else [])


@pytest.mark.parametrize(
    ("field", "refused"), [("ufCrmKey", True), ("UF_CRM_KEY", True), ("originId", False), ("ufCrmOther", False)]
)
def test_fields_may_not_set_the_origin_field(tmp_path: Path, field: str, refused: bool) -> None:
    text = entity(f"{field}: x") + "    origin_field: ufCrmKey\n"
    assert places(findings(tmp_path, text)) == ([("SYN114", 15, 7)] if refused else [])


@pytest.mark.parametrize("value", [WEBHOOK, WEBHOOK.rstrip("/"), "c0dec0dec0de", "s3cr€t/pw", "s3cr%E2%82%ACt%2Fpw"])
def test_a_variable_that_equals_a_secret_is_refused(tmp_path: Path, value: str) -> None:
    text = with_portal("{webhook: '${HOOK}'}").replace("USD", "{deep: ['${LEAK}']}")
    text = text.replace("sqlite:///data/erp.db", "postgresql://u:s3cr%E2%82%ACt%2Fpw@h/d")
    found = only(findings(tmp_path, text, {"HOOK": WEBHOOK, "LEAK": value}))
    assert found.code == "SYN111"
    assert value not in str(found)


def references(**parents: str) -> str:
    text = HEAD
    for name, names in parents.items():
        text += COMPANIES.replace("companies", name)
        text += "".join(f"      p{each}: \"{{{{ ref('{each}', row.x) }}}}\"\n" for each in names.split())
    return text


def test_entities_come_in_reference_order_with_ties_as_written(tmp_path: Path) -> None:
    spec = load(tmp_path, references(deals="contacts companies", contacts="companies", leads="", companies=""))
    assert spec.order == ("leads", "companies", "contacts", "deals")
    assert spec.entities["deals"].refs == {"contacts", "companies"}


def test_an_entity_may_refer_to_itself(tmp_path: Path) -> None:
    assert load(tmp_path, references(deals="companies deals", companies="companies")).order == ("companies", "deals")


@pytest.mark.parametrize(
    ("parents", "messages"),
    [
        ({"a": "b", "b": "c", "c": "a"}, ["a → b → c → a"]),
        ({"a": "b", "b": "a", "c": "d", "d": "c"}, ["a → b → a", "c → d → c"]),
        ({"a": "a b", "b": "a"}, ["a → b → a"]),
    ],
)
def test_cycles_are_named(tmp_path: Path, parents: dict[str, str], messages: list[str]) -> None:
    found = findings(tmp_path, references(**parents))
    assert [each.code for each in found] == ["SYN115"] * len(messages)
    assert all(message in each.message for message, each in zip(messages, found, strict=True))


OAUTH = "oauth: {{domain: {}, client_id: b, client_secret: c, refresh_token: d, server: '{}'}}"
SERVER = "https://oauth.bitrix.info"


@pytest.mark.parametrize("server", [SERVER, f"{SERVER}/", "https://oauth.bitrix24.tech", "http://127.0.0.1:80"])
@pytest.mark.parametrize("domain", ["acme.bitrix24.com", "Acme.Bitrix24.ru:443", "crm.example:8443", "127.0.0.1:1"])
def test_an_application_and_its_oauth_server(tmp_path: Path, server: str, domain: str) -> None:
    assert not findings(tmp_path, SPEC.replace("sandbox: state/portal.db", OAUTH.format(domain, server), 1))


@pytest.mark.parametrize(
    ("domain", "server"),
    [
        ("https://acme.bitrix24.com", SERVER), ("acme.bitrix24.com/rest", SERVER), ("user@acme.bitrix24.com", SERVER),
        ("acme.bitrix24.com:99999", SERVER), ("acme.bitrix24.com.", SERVER), ("'a b'", SERVER), ("a..b", SERVER),
        ("acme.bitrix24.com", "https://oauth.evil.example"), ("acme.bitrix24.com", "http://oauth.bitrix.info"),
        ("acme.bitrix24.com", "https://oauth.bitrix.info.evil.example"), ("acme.bitrix24.com", "oauth.bitrix.info"),
        ("acme.bitrix24.com", "https://oauth.bitrix.info@evil.example"), ("acme.bitrix24.com", "http://127.0.0.1:0"),
        ("acme.bitrix24.com", "https://oauth.bitrix.info/other"), ("acme.bitrix24.com", "http://127.0.0.1.evil.example"),
        ("acme.bitrix24.com", "https://x:y@127.0.0.1"), ("acme.bitrix24.com", "ftp://127.0.0.1"),
    ],
)  # fmt: skip
def test_no_other_host_gets_the_tokens(tmp_path: Path, domain: str, server: str) -> None:
    """Written out, and from the environment when the spec is used."""
    refused = only(findings(tmp_path, SPEC.replace("sandbox: state/portal.db", OAUTH.format(domain, server), 1)))
    key = "server" if server != SERVER else "domain"
    assert (refused.code, key in refused.message.lower()) == ("SYN105", True)
    text = SPEC.replace("sandbox: state/portal.db", OAUTH.format("'${DOMAIN}'", "${SERVER}"), 1)
    assert not findings(tmp_path, text)
    resolved = only(findings(tmp_path, text, {"DOMAIN": domain.strip("'"), "SERVER": server}))
    assert (resolved.code, key in resolved.message.lower()) == ("SYN105", True)


def test_a_file_needs_its_folder_and_its_place(tmp_path: Path) -> None:
    used = SPEC.replace("{{ row.CompanyName }}", "{{ file('a.pdf') }}", 1)
    found = only(findings(tmp_path, used))
    assert (found.code, "`attachments`" in found.message) == ("SYN103", True)
    assert not findings(tmp_path, f"attachments: data/files\n{used}")
    found = only(findings(tmp_path, SPEC.replace("{{ row.CustomerID }}", "{{ file(row.CustomerID) }}", 1)))
    assert (found.code, "`originId` cannot use it" in found.message) == ("SYN203", True)


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ("columns: {a: string}", "there is no type 'string'", "write `text`"),
        ("columns: {a: decimal}", "there is no type 'decimal'", "write `decimal(18,2)`"),
        ("columns: {a: intger}", "there is no type 'intger'", "did you mean `integer`?"),
        ('columns: {a: "decimal(2,3)"}', "there is no type 'decimal(2,3)'", "at most 38 digits"),
        ("encoding: cp12511", "there is no encoding 'cp12511'", "did you mean `cp1251`?"),
        ("encoding: base64", "there is no encoding 'base64'", ""),
        ('delimiter: ";;"', "`sources.erp.files.a.delimiter` has more than 1 characters", ""),
        ("delimeter: ;", "unknown key `delimeter` in `sources.erp.files.a`", "did you mean `delimiter`?"),
        ("format: xls", "`sources.erp.files.a.format` is 'csv'", ""),
    ],
)
def test_tables_of_files(tmp_path: Path, table: str, message: str, hint: str) -> None:
    files = 'files: {{a: {{path: "data/a*.csv", {}}}, b: b.json}}'
    text = SPEC.replace('url: "sqlite:///data/erp.db"', files.format(table), 1)
    found = only(findings(tmp_path, text))
    assert message in found.message
    assert hint in found.hint
    good = 'encoding: cp1251, delimiter: ";", columns: {code: text, n: "decimal(18, 2)"}'
    assert findings(tmp_path, SPEC.replace('url: "sqlite:///data/erp.db"', files.format(good), 1)) == ()
