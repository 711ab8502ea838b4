"""An entity to compile in tests: its spec is one file, each value on a line of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncer.errors import Span, SpecError
from syncer.mapping import NameNotFound, RowMapping, compile_entity
from syncer.model.change import RowProblem
from syncer.model.identity import COMPANY, DEAL, EntityTypeId, Stamp

STAMP = Stamp("originId", "northwind-erp")
LINES = {"originId": 3, "when": 4, "query": 5, "fields": 10}


def where(*path: str | int) -> Span:
    return Span("specs/nw.yaml", LINES[str(path[0])] if path else 2, 7)


class Directory:
    """A portal's names; it counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def status(self, entity_id: str, name: str) -> str:
        return self._find("status", entity_id, name)

    def stage(self, entity_type_id: EntityTypeId, name: str, category: str | int | None) -> str:
        return self._find("stage", entity_type_id, name, category)

    def category(self, entity_type_id: EntityTypeId, name: str) -> int:
        self._find("category", entity_type_id, name)
        return 7

    def enum(self, entity_type_id: EntityTypeId, field: str, label: str) -> int:
        self._find("enum", entity_type_id, field, label)
        return 81

    def user(self, email: str) -> int:
        self._find("user", email)
        return 5

    def currency(self, name: str) -> str:
        return self._find("currency", name)

    def _find(self, *asked: Any) -> str:
        self.asked.append(asked)
        if "nobody" in asked:
            raise NameNotFound(f"the portal has no {asked[0]} 'nobody'; it has 'Anne'")
        return ":".join(str(part) for part in asked)


def entity(
    fields: Mapping[str, Any] | None = None,
    *,
    columns: Sequence[str] = ("id", "name"),
    origin_id: Any = "{{ row.id }}",
    when: Any = None,
    variables: Mapping[str, Any] | None = None,
    stamp: Stamp = STAMP,
    directory: Directory | None = None,
    mask: Sequence[str] = (),
) -> RowMapping:
    return compile_entity(
        columns=columns,
        origin_id=origin_id,
        when=when,
        fields=fields or {},
        variables=variables or {},
        stamp=stamp,
        entity_type_id=DEAL,
        entity_types={"companies": COMPANY, "deals": DEAL, "tickets": EntityTypeId(128)},
        names=directory or Directory(),
        where=where,
        mask=mask,
    )


def render(template: Any, /, **row: Any) -> Any:
    """What one template gives for one row: the value, None when the field is left out, or a RowProblem."""
    [fields] = entity({"f": template}, columns=list(row) or ["id"], origin_id="1").fields([tuple(row.values()) or (1,)])
    return fields if isinstance(fields, RowProblem) else fields.get("f")


def refused(template: str, /, **row: Any) -> bool:
    """Whether a template is an error, of the spec or of the row."""
    try:
        return isinstance(render(template, **row), RowProblem)
    except SpecError:
        return True
