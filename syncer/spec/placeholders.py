"""`${NAME}` and `${NAME:-default}`: read from the environment in four sections of a spec, text elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from syncer.spec.codes import Code
from syncer.spec.document import Document, Node, typed
from syncer.spec.problems import Problems

SECTIONS = ("portal", "state", "sources", "vars")
LIMITS = ("portal", "limits")

_PLACEHOLDER = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}|[^}]*\}?)")


def unresolved(text: str) -> bool:
    """Whether a text still holds a `${…}`, so that what it will be is not known."""
    return "${" in text


def within(node: Node | None) -> bool:
    """Whether any text below a node is unresolved."""
    match node.value if node is not None else None:
        case str() as text:
            return unresolved(text)
        case dict() as entries:
            return any(map(within, entries.values()))
        case list() as nodes:
            return any(map(within, nodes))
    return False


def resolve(document: Document, environment: Mapping[str, str] | None, problems: Problems) -> Document:
    """The document with its `${…}` replaced; without an environment they are only checked and stay.

    Text that came from the environment stays text, but for the numbers of `portal.limits`, which have their
    default while they are unresolved. As in a shell, `:-default` is for a name that is not set or empty.
    """
    entries = dict(document.root.mapping)
    resolver = _Resolver(document, environment, problems)
    for section in SECTIONS:
        if section in entries:
            entries[section] = resolver.node(entries[section], (section,))
    return document.with_root(replace(document.root, value=entries))


class _Resolver:
    def __init__(self, document: Document, environment: Mapping[str, str] | None, problems: Problems) -> None:
        self._document = document
        self._environment = environment
        self._problems = problems

    def node(self, node: Node, path: tuple[str, ...]) -> Node:
        match node.value:
            case dict():
                entries = {key: self.node(each, (*path, key)) for key, each in node.value.items()}
                if path == LIMITS:
                    entries = {key: each for key, each in entries.items() if not (each.text and unresolved(each.text))}
                return replace(node, value=entries)
            case list():
                return replace(node, value=[self.node(each, path) for each in node.value])
            case str() if unresolved(node.value):
                return self._text(node, node.value, path)
            case _:
                return node

    def _text(self, node: Node, text: str, path: tuple[str, ...]) -> Node:
        used: list[str] = []

        def value(match: re.Match[str]) -> str:
            name, default = match.groups()
            if name is None:
                self._problems.add(
                    Code.BAD_PLACEHOLDER,
                    self._document.at(node),
                    "a `${` that is neither ${NAME} nor ${NAME:-default}",
                    "a name has letters, digits and _; a default has no braces",
                )
                return match.group()
            if self._environment is None:
                return match.group()
            found = self._environment.get(name)
            if found is None and default is None:
                self._problems.add(
                    Code.UNSET_NAME,
                    self._document.at(node),
                    f"${{{name}}} is not set in the environment",
                    f"set {name}" + ("" if path[0] == "portal" else f", or write ${{{name}:-default}}"),
                )
                return match.group()
            if found == "" and default is None and path[0] == "portal":
                self._problems.add(
                    Code.UNSET_NAME,
                    self._document.at(node),
                    f"${{{name}}} is empty in the environment",
                    f"set {name}; a pipeline gives an empty one for a secret that it does not have",
                )
                return match.group()
            if found or default is None:
                used.append(name)
                return found or ""
            return default

        replaced: object = _PLACEHOLDER.sub(value, text)
        if path[:2] == LIMITS and isinstance(replaced, str):
            replaced = typed(replaced)
        return replace(node, value=replaced, written=text, from_environment=bool(used))  # type: ignore[arg-type]
