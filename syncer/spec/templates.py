"""The templates of a spec: where they stand, what is wrong with each, and which entities they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from syncer.errors import Span
from syncer.spec import template
from syncer.spec.codes import Code
from syncer.spec.document import Document, Node
from syncer.spec.order import cycles
from syncer.spec.problems import Problems

References = dict[str, dict[str, Span]]
"""Entity → the entities its templates refer to → where."""


def check(document: Document, problems: Problems) -> References:
    """Checks every template of every entity; the references between entities that exist, in YAML order."""
    entities = document.root.get("entities")
    names = tuple(entities.mapping) if entities is not None else ()
    variables = document.root.get("vars")
    known = tuple(variables.mapping) if variables is not None else ()
    attachments = document.root.get("attachments") is not None
    references: References = {name: {} for name in names}
    for name in names:
        for role, node in _templates(document.root.get("entities", name)):
            checked = _checked(document, node, known, names)
            for fault in (*checked.faults, *_misplaced(role, checked, attachments)):
                problems.add(fault.code, span_of_line(document, node, fault.line), fault.message, fault.hint)
            for entity, line in checked.refs.items():
                if entity in references:
                    references[name].setdefault(entity, span_of_line(document, node, line))
    _check_cycles(references, problems)
    return references


def _templates(entity: Node | None) -> Iterator[tuple[str, Node]]:
    if entity is None:
        return
    for role in ("originId", "when", "fields"):
        node = entity.get(role)
        if node is not None:
            yield from ((role, leaf) for leaf in _texts(node))


def _texts(node: Node) -> Iterator[Node]:
    match node.value:
        case str():
            yield node
        case dict():
            for inner in node.value.values():
                yield from _texts(inner)
        case list():
            for inner in node.value:
                yield from _texts(inner)


def _misplaced(role: str, checked: template.Checked, attachments: bool) -> Iterator[template.Fault]:
    for name, line in checked.functions.items():
        if name == "file" and role != "fields":
            yield template.Fault(
                Code.UNKNOWN_FUNCTION, line, f"file() gives a file to be sent, and `{role}` cannot use it"
            )
        elif name == "file" and not attachments:
            yield template.Fault(
                Code.MISSING_KEY,
                line,
                "file() reads below the folder `attachments`, and the spec names none",
                "write `attachments: data/files` at the top of the spec",
            )
        elif role == "originId" and name in template.ALLOWED_FUNCTIONS:
            yield template.Fault(
                Code.REFERENCE_PLACE if name in template.REFERENCES else Code.UNKNOWN_FUNCTION,
                line,
                f"{name}() asks the portal, and a key must come from the row alone",
                "build originId from `row` and `vars`",
            )
        elif role == "when" and name in template.REFERENCES:
            yield template.Fault(
                Code.REFERENCE_PLACE,
                line,
                f"{name}() gives an id that is known only later, so `when` cannot use it",
                "test the column instead",
            )


def _checked(document: Document, node: Node, variables: tuple[str, ...], entities: tuple[str, ...]) -> template.Checked:
    """The check of one template, its lines counted as they stand in the file.

    YAML folds the lines of `>`, and of plain and quoted text, before Jinja sees them. Jinja reads a line
    break as it reads a blank, so the lines as written give the same faults with better numbers.
    """
    checked = template.check(node.text or "", variables=variables, entities=entities)
    if node.style == "|" or node.last_line == node.line or not (checked.faults or checked.functions):
        return checked
    as_written = template.check(_as_written(document, node), variables=variables, entities=entities)
    same = [fault.code for fault in as_written.faults] == [fault.code for fault in checked.faults]
    return as_written if same and as_written.refs.keys() == checked.refs.keys() else checked


def _as_written(document: Document, node: Node) -> str:
    first, *rest = document.lines[node.line - 1 : node.last_line]
    if node.style == ">":
        return "\n".join(rest)
    text = "\n".join((first[node.column - 1 :], *rest)).strip()
    return text.removeprefix(node.style).removesuffix(node.style)


def span_of_line(document: Document, node: Node, line: int) -> Span:
    """The place of a line of a template's text, counted from 1; of the value itself for its first line."""
    number = min(node.line + line - (0 if node.style in ("|", ">") else 1), max(node.last_line, node.line))
    if number == node.line or number > len(document.lines):
        return document.at(node)
    text = document.lines[number - 1]
    return Span(document.file, number, len(text) - len(text.lstrip()) + 1)


def _check_cycles(references: References, problems: Problems) -> None:
    for cycle in cycles(references):
        first, second = next(pairwise(cycle))
        span = references[first][second]
        message = f"entities refer to each other in a circle: {' → '.join(cycle)}"
        problems.add(Code.CYCLE, span, message, "create one side without the reference")
