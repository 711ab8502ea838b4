"""What a person reads when something they gave cannot be used: what, where, and what to do."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.installed import COMPANIES, DEALS, QUICK, Desk, syncer
from tests.commands.wrong_types import KEYS, SPECS, known_keys
from tests.sandbox_process import RunningSandbox

SOURCE = {"sources": {"erp": {"url": "sqlite:///data/erp.db"}}}


def test_every_file_that_is_no_spec_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    files = {
        "empty.yaml": b"",
        "comment.yaml": b"# nothing yet\n",
        "list.yaml": b"- version: 1\n",
        "tabs.yaml": b"version: 1\nportal:\n\tsandbox: x\n",
        "latin.yaml": "version: 1\nname: caf\xe9\n".encode("latin-1"),
        "colon.yaml": b"version: 1\nname: a: b\n",
        "twice.yaml": b"version: 1\nname: a\nname: b\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = syncer("validate", *files, "missing.yaml", "folder", "--format", "json", cwd=tmp_path)
    assert (done.code, done.errors) == (1, "")
    told = {each["file"]: each for each in done.json["findings"] if each["file"] != "twice.yaml"}
    assert {name: (each["code"], each["line"]) for name, each in told.items()} == {
        "empty.yaml": ("SYN005", 1),
        "comment.yaml": ("SYN005", 1),
        "list.yaml": ("SYN005", 1),
        "tabs.yaml": ("SYN003", 3),
        "latin.yaml": ("SYN002", 2),
        "colon.yaml": ("SYN003", 2),
        "missing.yaml": ("SYN001", 1),
        "folder": ("SYN001", 1),
    }
    assert told["missing.yaml"]["message"] == "there is no file missing.yaml"
    assert told["folder"]["message"] == "the folder has no spec in it"
    assert told["tabs.yaml"]["hint"] == "indent with spaces"
    twice = [each for each in done.json["findings"] if each["code"] == "SYN004"]
    assert [(each["file"], each["line"]) for each in twice] == [("twice.yaml", 3)]


def test_every_key_of_a_spec_with_a_wrong_type(tmp_path: Path) -> None:
    """One command tells them all, each at its place and with what is expected there."""
    assert set(KEYS) == known_keys(syncer("schema", cwd=tmp_path).json), "a key of the spec is not in the table"
    for name, spec in SPECS.items():
        (tmp_path / name).write_text(yaml.safe_dump(spec, sort_keys=False))
    done = syncer("validate", ".", "--format", "json", cwd=tmp_path)
    assert (done.code, done.errors) == (1, "")
    messages = {each["message"]: each for each in done.json["findings"]}
    assert [key for key in KEYS if not any(text.startswith(told_as(key)) for text in messages)] == [], "\n".join(
        messages
    )
    wrong = [each for text, each in messages.items() if ": expected " in text]
    assert {each["code"] for each in wrong} == {"SYN102"}
    assert len({(each["file"], each["line"]) for each in wrong}) == len(wrong)


def told_as(key: str) -> str:
    """How the finding of a key begins."""
    _, said = KEYS[key]
    return f"`{key}` {said}" if said.startswith("is ") else f"`{key}`: expected {said}"


def test_a_long_spec_is_checked_quickly_and_every_finding_has_its_line(tmp_path: Path) -> None:
    lines = yaml.safe_dump(
        {"version": 1, "name": "long", "portal": {"sandbox": "p.db"}, "originatorId": "erp"} | SOURCE
    )
    text = [*lines.splitlines(), "entities:"]
    wrong: dict[int, str] = {}
    for number in range(555):
        text += [
            f"  e{number}:",
            "    type: deal" if number else "    type: company",
            "    source: erp",
            f"    query: SELECT * FROM t{number}",
            f'    originId: "e{number}-{{{{ row.id }}}}"',
            "    fields:",
            '      title: "{{ row.name }}"',
            '      comments: "{{ row.note | upper }}"',
            "      companyId: \"{{ ref('e0', row.a) }}\"" if number else '      revenue: "{{ row.sum }}"',
        ]
        if number % 111 == 7:
            text[-1] = "      companyId: \"{{ ref('nobody', row.a) }}\""
            wrong[len(text)] = "SYN206"
        if number % 111 == 9:
            text[-3] = '      title: "{{ nmae }}"'
            wrong[len(text) - 2] = "SYN205"
    assert len(text) > 5000
    (tmp_path / "long.yaml").write_text("\n".join(text) + "\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = syncer("validate", "long.yaml", "--format", "json", cwd=tmp_path)
    worked = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert {each["line"]: each["code"] for each in done.json["findings"]} == wrong
    assert done.code == 1
    assert worked < 20, (
        f"{worked:.1f} s"
    )  # of the processor, which others on the machine do not lengthen; 3 s are usual


def test_variables_that_are_not_set_are_told_all_at_once(desk: Desk) -> None:
    desk.spec(portal={"webhook": "${NO_SUCH_HOOK}"}, state="${NO_SUCH_STATE}")
    for command in (("plan", "specs"), ("portal", "check", "--spec", "specs")):
        desk.run(*command).failed(
            1,
            "specs/shop.yaml:4:12: error SYN106: ${NO_SUCH_HOOK} is not set in the environment\n    set NO_SUCH_HOOK",
            "error SYN106: ${NO_SUCH_STATE} is not set in the environment\n    set NO_SUCH_STATE, or write",
            "2 problems",
        )


def test_an_unknown_entity_in_a_reference(desk: Desk) -> None:
    entities = COMPANIES | {
        "deals": COMPANIES["companies"] | {"fields": {"companyId": "{{ ref('compnies', row.id) }}"}}
    }
    desk.spec(entities)
    desk.run("plan", "specs").failed(1, "specs/shop.yaml:", "SYN206", "compnies", "companies")


def test_plain_http_goes_to_this_machine_alone(desk: Desk) -> None:
    desk.spec(portal={"webhook": "http://acme.bitrix24.com/rest/1/abcdefghijk/"})
    done = desk.run("plan", "specs")
    done.failed(1, "specs/shop.yaml:4:12: error SYN109: plain http would send", "use https")
    assert "abcdefghijk" not in done.errors


# -- the source ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * FROM custmer", "the query failed: no such table: custmer"),
        ("SELECT nmae FROM customer", "no such column: nmae"),
        ("DELETE FROM customer", "the query begins with `DELETE FROM customer` and not with SELECT"),
    ],
)
def test_a_query_that_fails(desk: Desk, query: str, said: str) -> None:
    desk.spec({"companies": COMPANIES["companies"] | {"query": query}})
    place = "specs/shop.yaml:18:12: error SYN404: source erp, entity companies: "
    desk.run("plan", "specs").failed(1, place, said, "1 problem in the spec")


def test_what_does_not_fit_is_told_of_all_entities_at_once(desk: Desk) -> None:
    """Queries that fail, columns that are missing or there twice, and sources that cannot be opened."""
    first, second = COMPANIES["companies"], DEALS["deals"]
    (desk.folder / "specs" / "twice.sql").write_text("SELECT id, name, id FROM customer")
    filed = {key: value for key, value in first.items() if key != "query"} | {"query_file": "specs/twice.sql"}
    entities = {
        "companies": first | {"fields": {"title": "{{ row.nmae }}"}, "expect": {"not_null": ["nmae"]}},
        "failing": second | {"query": "SELECT * FROM purchas", "fields": {"title": "{{ row.name }}"}},
        "filed": filed | {"type": "lead"},
        "gone": first | {"type": "contact", "source": "gone", "fields": {"name": "{{ row.name }}"}},
        "gone_too": first | {"type": 31, "source": "gone"},
        "deals": second | {"originatorId": "b", "originId": "{{ row.idd }}"},
    }
    expected = (
        ("SYN210", "- nmae", "the query has no column 'nmae'"),
        ("SYN210", "title: '{{ row.nmae }}'", "fields.title: the query has no column 'nmae'; did you mean name?"),
        ("SYN404", "query: SELECT * FROM purchas", "source erp, entity failing: the query failed: no such table"),
        ("SYN211", "query_file: specs/twice.sql", "several columns of one name: `id` (columns 1, 3)"),
        ("SYN404", "url: sqlite:///data/none.db", "source gone: the SQLite file"),
        ("SYN210", "originId: '{{ row.idd }}'", "originId: the query has no column 'idd'; did you mean id?"),
    )
    sources = {"erp": {"url": "sqlite:///data/erp.db"}, "gone": {"url": "sqlite:///data/none.db"}}
    desk.spec(entities, sources=sources)
    for command in ("plan", "apply"):
        done = desk.run(command, "specs")
        done.failed(1, *(said for _, _, said in expected), "6 problems in the spec")
        assert told_at(done.errors, desk.file) == sorted((code, line) for code, line, _ in expected), done.errors
    entities["deals"]["fields"] = {"nosuch": "{{ row.nosuch }}"}  # nor does what the portal finds hide what sources do
    desk.spec(entities, sources=sources)
    desk.run("plan", "specs").failed(1, "SYN301", "8 problems in the spec", *(said for _, _, said in expected))
    desk.run("plan", "specs", "--only", "filed").failed(1, "SYN211", "1 problem in the spec")


def told_at(errors: str, file: Path) -> list[tuple[str, str]]:
    """The findings as code and start of the line of the spec, sorted."""
    lines = file.read_text().splitlines()
    found = re.findall(rf"specs/{file.name}:(\d+):\d+: error (SYN\d+): ", errors)
    return sorted((code, lines[int(number) - 1].strip()) for number, code in found)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///data/none.db", ("the SQLite file", "data/none.db does not exist")),
        ("sqlite:///data", ("the SQLite file", "data is a folder")),
        ("sqlite:///specs/shop.yaml", ("specs/shop.yaml cannot be opened", "file is not a database")),
        (
            "postgresql+psycopg://reader:top-secret@127.0.0.1:1/erp",
            ("no connection to postgresql+psycopg://reader:***@127.0.0.1:1/erp", "Connection refused"),
        ),
    ],
)
def test_a_source_that_cannot_be_opened(desk: Desk, url: str, said: tuple[str, ...]) -> None:
    desk.spec(sources={"erp": {"url": url}})
    done = desk.run("plan", "specs")
    done.failed(1, "source erp: ", *said)
    assert "top-secret" not in done.errors


# -- the portal ------------------------------------------------------------------------------------------------


def reached(portal: RunningSandbox, **more: Any) -> dict[str, Any]:
    return {"webhook": portal.url, "limits": QUICK} | more


def test_a_portal_that_nobody_answers_at(desk: Desk) -> None:
    desk.spec(portal={"webhook": "http://127.0.0.1:1/rest/1/abcdefghijk/", "limits": QUICK})
    done = desk.run("plan", "specs")
    done.failed(1, "No connection to 127.0.0.1:1: ", "Connection refused", "Check the host in portal.webhook")
    assert "abcdefghijk" not in done.errors


def test_a_webhook_with_a_wrong_code(desk: Desk, portal: RunningSandbox) -> None:
    desk.spec(portal=reached(portal, webhook=portal.url.replace("/rest/1/", "/rest/1/x")))
    for command in (("plan", "specs"), ("portal", "check", "--spec", "specs")):
        desk.run(*command).failed(1, "The portal does not know this webhook", "NO_AUTH_FOUND", "set portal.webhook")


def test_a_webhook_without_the_scope(desk: Desk, portal: RunningSandbox) -> None:
    portal.control("PATCH", "settings", {"scopes": ["user"]})
    desk.spec(portal=reached(portal))
    desk.run("plan", "specs").failed(1, "The webhook lacks a scope", "insufficient_scope", "Add the scope crm")
    checked = desk.run("portal", "check", "--spec", "specs")
    checked.failed(1, "The webhook lacks the scope crm", "It has: user", "Add the scope crm")


def test_a_type_the_portal_does_not_have(desk: Desk, portal: RunningSandbox) -> None:
    desk.spec({"things": COMPANIES["companies"] | {"type": 1998}}, portal=reached(portal))
    desk.run("plan", "specs").failed(1, "The portal has no such entity type", "entityTypeId 1998")
    desk.run("portal", "fields", "Projets", "--spec", "specs").failed(1, "'Projets'")
    desk.run("portal", "fields", "contct").failed(1, "did you mean `contact`?")
    syncer("portal", "check", cwd=desk.folder / "data").failed(64, "no folder specs/ here", "--spec SPEC")


def test_fields_the_portal_does_not_have_are_told_all_at_once(desk: Desk, portal: RunningSandbox) -> None:
    desk.spec(
        {"companies": COMPANIES["companies"] | {"fields": {"titel": "a", "nothing": "b"}}}, portal=reached(portal)
    )
    desk.run("plan", "specs").failed(
        1, "shop.yaml:", "SYN301: the portal has no field 'titel'", "did you mean `title`?", "no field 'nothing'"
    )


@pytest.mark.parametrize("file", ["junk.db", "data/erp.db", "data", "junk.db/below.db"])
def test_a_sandbox_that_is_not_one(desk: Desk, file: str) -> None:
    (desk.folder / "junk.db").write_text("this is no database\n" * 100)
    desk.run("plan", "specs", "--portal", f"sandbox:{file}").failed(1, "the embedded portal", file)
