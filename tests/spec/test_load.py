"""Files, folders, roots and digests; several specs in one command."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from textwrap import dedent

import pytest

from syncer.errors import SpecError, UsageError
from syncer.spec import Limits, SqlSource, load_specs
from tests.spec.files import SPEC, WEBHOOK, findings, load, only, write


def renamed(name: str, text: str = SPEC) -> str:
    return text.replace("name: northwind", f"name: {name}")


def test_the_spec_of_the_documentation(tmp_path: Path) -> None:
    text = dedent("""\
        version: 1
        name: northwind
        portal:
          webhook: ${BITRIX24_WEBHOOK_URL}
          name: acme
          limits: {burst: 50, request_seconds: 30, in_flight: auto}
        state: sqlite:///state/syncer.db
        originatorId: northwind-erp
        vars: {currency: USD}
        sources:
          erp: {url: "${NORTHWIND_URL:-sqlite:///data/northwind.sqlite}"}
        attachments: data/files
        verify: warn
        mask: [fm, comments]
        entities:
          deals:
            type: deal
            source: erp
            query: SELECT * FROM Orders
            params: {since: 2020-01-01}
            originId: "{{ row.OrderID }}"
            write: add
            trust_state: false
            fields:
              title: "Order {{ row.OrderID }}"
              companyId: "{{ ref('companies', row.CustomerID) }}"
              stageId: "{{ stage('Won', category='General') }}"
          companies:
            type: company
            source: erp
            query: SELECT * FROM Customers
            originId: "{{ row.CustomerID }}"
            when: "{{ row.Country }}"
            verify: "off"
            originatorId: crm
            fields:
              industry: "{{ status('INDUSTRY', 'Manufacturing') }}"
              fm:
                - {typeId: PHONE, valueType: WORK, value: "{{ row.Phone }}"}
        guards:
          max_create: unlimited
          max_create_ratio: 0.5
        """)
    path = write(tmp_path / "project" / "specs", text, "northwind.yaml")
    (spec,) = load_specs([path], {"BITRIX24_WEBHOOK_URL": WEBHOOK})
    root = tmp_path / "project"
    assert (spec.name, spec.root, spec.file, spec.order) == ("northwind", root, path, ("companies", "deals"))
    assert list(spec.entities) == ["deals", "companies"]
    assert (spec.portal.kind, spec.portal.name) == ("webhook", "acme")
    assert (spec.portal.limits.settle_seconds, spec.portal.limits.in_flight) == (60.0, "auto")
    assert spec.state.reveal() == f"sqlite:///{root}/state/syncer.db"
    assert isinstance(spec.sources["erp"], SqlSource)
    assert spec.sources["erp"].url.reveal() == f"sqlite:///{root}/data/northwind.sqlite"
    assert spec.attachments == root / "data/files"
    assert (spec.guards.max_create, spec.guards.max_create_ratio) == ("unlimited", 0.5)
    deals, companies = spec.entities["deals"], spec.entities["companies"]
    assert deals.params == {"since": "2020-01-01"}
    assert (deals.refs, deals.originator_id) == (frozenset({"companies"}), "northwind-erp")
    assert (companies.originator_id, companies.verify, deals.verify) == ("crm", "off", "warn")
    assert str(spec.span("entities", "deals", "fields", "title")) == f"{path}:25:14"


def test_defaults(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC)
    assert spec.state.reveal() == f"sqlite:///{tmp_path}/state/syncer.db"
    assert spec.portal.limits == Limits()
    assert spec.portal.limits.settle_seconds == 120
    assert (spec.portal.sandbox, spec.portal.name) == (tmp_path / "state/portal.db", None)
    assert (spec.guards.max_create, spec.verify, spec.mask, spec.attachments) == (5000, "warn", (), None)
    assert spec.entities["companies"].guards.max_create is None


def test_a_portal_is_named_by_its_host(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC.replace("sandbox: state/portal.db", f"webhook: '{WEBHOOK}'"))
    assert spec.portal.name == "acme.bitrix24.com"


def test_a_spec_never_prints_its_secrets(tmp_path: Path) -> None:
    text = SPEC.replace("sandbox: state/portal.db", "webhook: '${HOOK}'")
    spec = load(tmp_path, text.replace("sqlite:///data", "postgresql://u:hunter22@h"), {"HOOK": WEBHOOK})
    assert "c0dec0dec0de" not in repr(spec)
    assert "hunter22" not in repr(spec)


@pytest.mark.parametrize(
    ("folder", "root"),
    [("specs", ""), ("specs/eu", ""), ("a/specs/b/specs/c", "a/specs/b"), ("a/b", "a/b"), ("specs2", "specs2")],
)
def test_the_root_is_above_the_nearest_specs(tmp_path: Path, folder: str, root: str) -> None:
    (spec,) = load_specs([write(tmp_path / folder, SPEC)])
    assert spec.root == tmp_path / root


def test_the_root_of_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "specs", SPEC)
    monkeypatch.chdir(tmp_path / "specs")
    (spec,) = load_specs([Path("spec.yaml")])
    assert (spec.root, str(spec.span("name"))) == (tmp_path, "spec.yaml:2:7")


def test_a_query_file_starts_at_the_root_and_is_digested(tmp_path: Path) -> None:
    text = SPEC.replace("query: SELECT * FROM Customers", "query_file: sql/customers.sql")
    query = write(tmp_path / "sql", "\ufeffSELECT 'é'\n", "customers.sql").read_bytes()
    (spec,) = load_specs([write(tmp_path / "specs", text)])
    assert spec.entities["companies"].query == "SELECT 'é'\n"
    assert spec.files == {
        "specs/spec.yaml": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        "sql/customers.sql": f"sha256:{hashlib.sha256(query).hexdigest()}",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "there is no file"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff", "is not UTF-8 text")],
)
def test_a_query_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        write(tmp_path, content, "q.sql")
    found = only(findings(tmp_path, SPEC.replace("query: SELECT * FROM Customers", "query_file: q.sql")))
    assert (found.code, found.span.line, found.span.column) == ("SYN011", 11, 17)
    assert words in found.message


def test_a_query_file_beside_the_spec_is_pointed_at(tmp_path: Path) -> None:
    write(tmp_path / "specs", "SELECT 1", "q.sql")
    path = write(tmp_path / "specs", SPEC.replace("query: SELECT * FROM Customers", "query_file: q.sql"))
    with pytest.raises(SpecError) as caught:
        load_specs([path])
    assert only(caught.value.findings).hint == "relative paths start at the project's root: write specs/q.sql"


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.yaml").mkdir()
    paths = [tmp_path / "missing.yaml", tmp_path / "empty", tmp_path / "folder.yaml", tmp_path / ("x" * 300)]
    with pytest.raises(SpecError) as caught:
        load_specs(paths)
    assert [found.code for found in caught.value.findings] == ["SYN001"] * 4


def test_a_file_nobody_wrote_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path, b"")
    os.truncate(path, 1024**4)
    with pytest.raises(SpecError) as caught:
        load_specs([path])
    assert "larger than 16 MB" in only(caught.value.findings).message


def test_a_folder_holds_specs_at_every_depth_but_hidden_ones_and_locks(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.yml", "types/x.YAML", ".hidden.yaml", ".git/y.yaml", "state/acme.lock.yaml", "n.txt"):
        write(tmp_path, renamed(Path(name).stem.strip(".")), name)
    with pytest.raises(UsageError):
        load_specs([tmp_path], {})  # the specs of several roots have several default states
    specs = load_specs([tmp_path], state="sqlite:///s.db", sandbox=tmp_path / "p.db")
    assert [str(spec.file.relative_to(tmp_path)) for spec in specs] == ["a/z.yml", "b.yaml", "types/x.YAML"]


def test_a_file_named_twice_is_one_spec(tmp_path: Path) -> None:
    path = write(tmp_path, SPEC)
    assert len(load_specs([path, tmp_path, path])) == 1


def test_findings_of_all_files_come_together(tmp_path: Path) -> None:
    write(tmp_path, renamed("'a b'"), "a.yaml")
    write(tmp_path, renamed("b"), "b.yaml")
    write(tmp_path, "a: [", "c.yaml")
    with pytest.raises(SpecError) as caught:
        load_specs([tmp_path, tmp_path / "d.yaml"])
    assert [Path(found.span.file).name for found in caught.value.findings] == ["a.yaml", "c.yaml", "d.yaml"]


def test_no_path_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        load_specs([])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (SPEC, "two specs are named 'northwind'"),
        (renamed("b", SPEC.replace("portal.db", "other.db")), "differ in `portal`"),
        (renamed("b", SPEC.replace("{sandbox:", "{limits: {burst: 9}, sandbox:")), "differ in `portal`"),
        (renamed("b", SPEC) + "state: sqlite:///other.db\n", "differ in `state`"),
    ],
)
def test_specs_that_cannot_go_together(tmp_path: Path, other: str, words: str) -> None:
    write(tmp_path, SPEC, "a.yaml")
    write(tmp_path, other, "b.yaml")
    with pytest.raises(UsageError, match=words) as caught:
        load_specs([tmp_path], {})
    assert caught.value.exit_code == 64


def test_specs_are_checked_together_that_cannot_run_together(tmp_path: Path) -> None:
    write(tmp_path, SPEC, "a.yaml")
    write(tmp_path, renamed("b", SPEC.replace("portal.db", "other.db")), "b.yaml")
    assert len(load_specs([tmp_path])) == 2


def test_specs_whose_secrets_are_unresolved_are_not_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = SPEC.replace("sandbox: state/portal.db", f"webhook: '${{{name}}}'")
        write(tmp_path, renamed(name, text) + f"state: ${{STATE_{name}}}\n", f"{name}.yaml")
    assert len(load_specs([tmp_path])) == 2
    with pytest.raises(UsageError, match="differ in `portal`"):
        load_specs(
            [tmp_path],
            {"a": WEBHOOK, "b": WEBHOOK.replace("acme", "b"), "STATE_a": "sqlite://", "STATE_b": "sqlite://"},
        )


def test_state_and_portal_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = SPEC.replace("{sandbox: state/portal.db}", "{webhook: '${HOOK}', name: acme, limits: {burst: 3}}")
    path = write(tmp_path / "elsewhere", text + "state: ${STATE}\n")
    (spec,) = load_specs([path], {}, state="sqlite:///mine.db", sandbox=Path("trial.db"))
    assert spec.state.reveal() == f"sqlite:///{tmp_path}/mine.db"
    assert (spec.portal.kind, spec.portal.sandbox, spec.portal.name) == ("sandbox", tmp_path / "trial.db", None)
    assert spec.portal.limits.burst == 3
    with pytest.raises(UsageError):
        load_specs([path], {}, state="mysql://h/d")
