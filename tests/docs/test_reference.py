"""The reference pages are complete: commands, options, keys, codes, switches, environment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import click
import pytest

from syncer.cli.main import cli
from syncer.errors import SyncerError
from syncer.mapping import convert
from syncer.model.change import Reason
from syncer.model.outcome import NotSentReason
from syncer.model.tally import PlanTally
from syncer.sandbox.faults import KINDS, Fault
from syncer.sandbox.methods import METHODS, spelling
from syncer.sandbox.options import Settings
from syncer.spec import schema, template
from syncer.store import Status
from tests.docs.pages import PAGES, ROOT, blocks, name, table
from tests.docs.refresh import FINDINGS, findings

DOCS = {name(page): page.read_text(encoding="utf-8") for page in PAGES}
README, SPEC, COMMANDS, SANDBOX, WORKINGS = (
    DOCS[page] for page in ("README.md", "docs/spec.md", "docs/commands.md", "docs/sandbox.md", "docs/how-it-works.md")
)
TABLES = {
    "## Keys of the file": schema(),
    **{
        heading: schema()["$defs"][model]
        for heading, model in (
            ("## Keys of a portal", "PortalWritten"),
            ("## Keys of oauth", "OauthWritten"),
            ("## Keys of limits", "Limits"),
            ("## Keys of a source", "SourceWritten"),
            ("## Keys of a table of files", "FileTable"),
            ("## Keys of an entity", "EntityWritten"),
            ("## Keys of expect", "Expect"),
            ("## Keys of guards", "Guards"),
        )
    },
}
COMPUTED = {"expect", "limits", "guards", "settle_seconds", "state"}
"""Keys whose default is told in words."""


def all_commands(group: click.Group, *above: str) -> Iterator[str]:
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        yield " ".join((*above, each))
        if isinstance(command, click.Group):
            yield from all_commands(command, *above, each)


@pytest.mark.parametrize("command", [*all_commands(cli, "syncer")])
def test_the_help_of_every_command_is_shown(command: str) -> None:
    shown = [line for block in blocks(COMMANDS) if block.language == "console" for line in block.lines]
    assert f"$ {command} --help" in shown


def test_the_readme_names_every_command() -> None:
    for command in all_commands(cli):
        first, _, second = command.partition(" ")
        row = next((line for line in README.splitlines() if line.startswith(f"| `syncer {first}")), "")
        assert row, first
        assert not second or f"`{second}`" in row or f" {second}`" in row, command


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_of_the_spec_is_told_with_its_default(heading: str) -> None:
    rows, model = table(SPEC, heading), TABLES[heading]
    assert list(rows) == list(model["properties"])
    for key, told in model["properties"].items():
        if key not in COMPUTED:
            assert rows[key][1] == _default(key, told, model), key


def _default(key: str, told: dict[str, Any], model: dict[str, Any]) -> str:
    if key in model.get("required", ()):
        return "required"
    if told.get("default") is None:
        return "none"
    value = told["default"]
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def test_functions_filters_and_statements_of_templates_are_told() -> None:
    functions = "\n".join(line for line in SPEC.splitlines() if line.startswith("| `"))
    for function in template.ALLOWED_FUNCTIONS | template.JINJA_FUNCTIONS:
        assert f"`{function}(" in functions
    for gone in template.REMOVED_FILTERS:
        assert f"`{gone}`" in SPEC
    for own in ("phone", "date", "datetime", "money"):
        assert re.search(rf"^\| `{own}\b", SPEC, re.MULTILINE)


def test_every_type_of_field_that_is_converted_is_told() -> None:
    first_cells = [line.split("|")[1] for line in SPEC.splitlines() if line.startswith("| `")]
    told = set(re.findall(r"`(\w+)`", "".join(first_cells)))
    assert set(convert._BY_TYPE) | {"crm_multifield"} <= told


def test_the_page_of_findings_is_that_of_the_codes() -> None:
    assert FINDINGS.read_text(encoding="utf-8") == findings(), "python -m tests.docs.refresh"


def test_exit_codes_are_told() -> None:
    told = set(re.findall(r"\d+", " ".join(table(COMMANDS, "## Exit codes"))))
    assert {str(code) for code in _exit_codes(SyncerError)} <= told
    assert {"0", "2", "3", "7"} <= told


def _exit_codes(error: type[SyncerError]) -> Iterator[int]:
    yield error.exit_code
    for each in error.__subclasses__():
        yield from _exit_codes(each)


def test_variables_of_the_environment_are_told() -> None:
    told = COMMANDS.partition("## Environment\n")[2].partition("\n## ")[0]
    for file in (ROOT / "syncer").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for variable in re.findall(r"""(?<=environ\.get\(")\w+|\bSYNCER_[A-Z_]+\b""", text):
            assert f"`{variable}`" in told, f"{file}: {variable}"


def test_actions_reasons_and_statuses_are_told() -> None:
    assert list(table(WORKINGS, "## What becomes of a row")) == [each.name for each in fields(PlanTally)]
    for word in (*Reason, *Status):
        assert f"`{word.value}`" in WORKINGS or f" {word.value} " in WORKINGS, word
    for word in NotSentReason:
        assert f"`{word.value}`" in COMMANDS, word


def test_switches_faults_and_methods_of_the_sandbox_are_told() -> None:
    switches = " ".join(table(SANDBOX, "## Switches"))
    for switch in fields(Settings):
        assert re.search(rf"\b{switch.name}\b", switches), switch.name
    faults = " ".join(table(SANDBOX, "## Faults"))
    for key in fields(Fault):
        assert re.search(rf"\b{key.name}\b", faults), key.name
    for kind in KINDS:
        assert f"`{kind}`" in SANDBOX
    for method in METHODS:
        assert f"`{spelling(method)}`" in SANDBOX


def test_every_request_of_the_control_endpoint_is_told() -> None:
    source = (ROOT / "syncer" / "sandbox" / "control.py").read_text(encoding="utf-8")
    for method, path in re.findall(r'web\.(\w+)\("(/_sandbox/[a-z-]*)', source):
        told = [row for row in table(SANDBOX, "## The control endpoint") if path in row]
        assert any(method.upper() in row for row in told), f"{method} {path}"


def test_the_readme_leads_to_every_page() -> None:
    for page in DOCS:
        assert not page.startswith("docs/") or f"({page})" in README
