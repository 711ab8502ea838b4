"""Spec files on disk, and what loading them says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from syncer.errors import Finding, SpecError
from syncer.spec import Spec, load_specs

HEAD = """\
version: 1
name: northwind
portal: {sandbox: state/portal.db}
originatorId: erp
vars: {currency: USD}
sources: {erp: {url: "sqlite:///data/erp.db"}}
entities:
"""
COMPANIES = """\
  companies:
    type: company
    source: erp
    query: SELECT * FROM Customers
    originId: "{{ row.CustomerID }}"
    fields:
      title: "{{ row.CompanyName }}"
"""
SPEC = HEAD + COMPANIES
WEBHOOK = "https://acme.bitrix24.com/rest/1/c0dec0dec0de/"


def write(folder: Path, text: str | bytes, name: str = "spec.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def load(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Spec:
    (spec,) = load_specs([write(folder, text)], environment)
    return spec


def findings(folder: Path, text: str | bytes, environment: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    try:
        load_specs([write(folder, text)], environment)
    except SpecError as error:
        return error.findings
    return ()


def places(found: tuple[Finding, ...]) -> list[tuple[str, int, int]]:
    """Code, line and column of each finding."""
    return [(each.code, each.span.line, each.span.column) for each in found]


def only(found: tuple[Finding, ...]) -> Finding:
    """The one finding."""
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def entity(field: str, *, indent: int = 6) -> str:
    """A spec whose one entity has this line (or these) in its fields, from line 15 on."""
    lines = "\n".join(" " * indent + line for line in field.splitlines())
    return f"{SPEC}{lines}\n"
