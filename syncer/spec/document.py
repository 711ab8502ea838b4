"""YAML text → a tree of nodes, each knowing where it stands.

YAML 1.2 core, read strictly: true, false, null and plain decimal numbers are typed, all else is text. A
plain decimal number has no `+`, no leading zero and no exponent, so that a phone number, an article code or a
commit hash stays what was written. Aliases share their anchor's node; a tree is bounded in size and depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from syncer.errors import Span
from syncer.spec.advice import advice, not_text
from syncer.spec.codes import Code
from syncer.spec.problems import Problems, quoted

Scalar = str | int | float | bool | None

DEEPEST = 60
LARGEST = 500_000  # nodes, with every alias written out
LONGEST_NUMBER = 40  # digits; a longer one is text, as no database's number is longer
MERGE = "<<"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)")
_PARSER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml where it is built in: the same marks, 10 times faster
_KNOWN_TAGS = {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


def typed(text: str) -> Scalar:
    """What a plain (unquoted) scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= LONGEST_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value and its place: lines and columns are 1-based.

    `style` is how a scalar was written: `""` plain, `'`, `"`, `|` or `>`. `keys` holds the place of each key
    of a mapping. `written` is the text before `${…}` was replaced, None where there was none;
    `from_environment` says that a part of the text was read from the environment.
    """

    value: Scalar | dict[str, Node] | list[Node]
    line: int
    column: int
    last_line: int
    style: str = ""
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 1
    written: str | None = None
    from_environment: bool = False

    @property
    def mapping(self) -> dict[str, Node]:
        """The entries of a mapping; none when it is something else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def text(self) -> str | None:
        """The text of a text scalar; None when it is something else."""
        return self.value if isinstance(self.value, str) else None

    def plain(self) -> Any:
        """The value as plain Python: dict, list, str, int, float, bool, None."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case scalar:
                return scalar

    def get(self, *path: str | int) -> Node | None:
        """The node at a path of keys and list positions."""
        node = self
        for step in path:
            match node.value:
                case dict() if isinstance(step, str) and step in node.value:
                    node = node.value[step]
                case list() if isinstance(step, int) and step < len(node.value):
                    node = node.value[step]
                case _:
                    return None
        return node


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed file: its name as the user gave it, its lines, and the root of its tree.

    It does not print: the values from the environment are in it.
    """

    file: str
    lines: tuple[str, ...] = field(repr=False)
    root: Node = field(repr=False)

    def span(self, *path: str | int) -> Span:
        """The place of a value; of the nearest value above it when the path leads nowhere."""
        node = self.root
        for step in path:
            inner = node.get(step)
            if inner is None:
                break
            node = inner
        return self.at(node)

    def key_span(self, *path: str | int) -> Span:
        """The place of a key; of the value where the last step is a list position."""
        *above, last = path
        node = self.root.get(*above)
        if node is not None and isinstance(last, str) and last in node.keys:
            return Span(self.file, *node.keys[last])
        return self.span(*path)

    def at(self, node: Node) -> Span:
        return Span(self.file, node.line, node.column)

    def with_root(self, root: Node) -> Document:
        return replace(self, root=root)


def parse(content: bytes, file: str, problems: Problems) -> Document | None:
    """The tree of a spec file; None when it has none worth looking at. What is wrong goes to `problems`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        problems.add(Code.NOT_TEXT, Span(file, line, column), "the file is not UTF-8 text", "save it as UTF-8")
        return None
    stranger = not_text(text)
    if stranger is not None:
        line, column, name = stranger
        problems.add(
            Code.NOT_TEXT,
            Span(file, line, column),
            f"the file holds the control character {name}: a spec is text",
            "remove it, or write it as an escape in double quotes",
        )
        return None
    lines = tuple(text.splitlines())
    root = _Composer(text, file, problems).compose()
    return None if root is None else Document(file, lines, root)


class _Stop(Exception):
    """The rest of the document is not worth reading; the finding is recorded."""


class _Composer:
    """Events of the YAML parser → nodes."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self._text = text
        self._file = file
        self._problems = problems
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, Node | None] = {}  # None while the anchored node is still being read

    def compose(self) -> Node | None:
        try:
            self._events = iter(yaml.parse(self._text, Loader=_PARSER))
            return self._document()
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            self._syntax_error(error)
            return None

    def _document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                self._add(
                    Code.DOCUMENTS,
                    event,
                    "a second YAML document starts here: a file holds one spec",
                    "give it a file of its own",
                )
                return root
            root = self._node(next(self._events), 0)
        if root is None or root.value is None:
            self._problems.add(
                Code.NOT_A_SPEC,
                Span(self._file, 1, 1),
                "the file is empty",
                "specs/quickstart has one to start from",
            )
            return None
        if not isinstance(root.value, dict):
            self._problems.add(
                Code.NOT_A_SPEC,
                Span(self._file, root.line, root.column),
                "a spec is a mapping of keys to values",
                "start with `version: 1` and `name: …`",
            )
            return None
        return root

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > DEEPEST:
            self._add(Code.TOO_DEEP, event, f"values are nested more than {DEEPEST} levels deep")
            raise _Stop
        if event.anchor:
            self._anchors[event.anchor] = None
        if event.tag is not None and event.tag not in _KNOWN_TAGS:
            self._add(
                Code.TAG,
                event,
                f"the tag {quoted(event.tag)} has no meaning here",
                "write the value without it",
            )
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if node.size > LARGEST:
            self._add(Code.ALIAS, event, "the aliases in it make this value too large")
            raise _Stop
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self._anchors
            message = f"the alias *{event.anchor} " + (
                "stands within the value it stands for" if known else "has no anchor"
            )
            self._add(
                Code.ALIAS,
                event,
                message,
                "" if known else f"write &{event.anchor} before the value it is for",
            )
            raise _Stop
        return node

    def _scalar(self, event: Any) -> Node:
        plain = event.implicit[0] and not event.style
        return self._made(event, typed(event.value) if plain else event.value, event, style=event.style or "")

    def _sequence(self, start: Any, depth: int) -> Node:
        nodes: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return self._made(start, nodes, event, size=1 + sum(node.size for node in nodes))
            nodes.append(self._node(event, depth + 1))
        raise _Stop

    def _mapping(self, start: Any, depth: int) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        merged: dict[str, Node] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                for name, inner in merged.items():
                    entries.setdefault(name, inner)
                size = 1 + sum(node.size for node in entries.values())
                return self._made(start, entries, event, size=size, keys=keys)
            key = self._key(event, start, depth)
            node = self._node(next(self._events), depth + 1)
            if key is None:
                continue
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            if key in keys:
                line, column = keys[key]
                self._add(
                    Code.DUPLICATE_KEY,
                    event,
                    f"the key `{key}` is already in line {line}, column {column}",
                    "keep one of the two",
                )
                continue
            keys[key] = place
            if key == MERGE and not getattr(event, "style", None):
                self._merge(node, event, merged)
            else:
                entries[key] = node
        raise _Stop

    def _key(self, event: Any, start: Any, depth: int) -> str | None:
        """The text of a key; None, and a finding, when it is not text."""
        node = self._node(event, depth + 1)
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        if isinstance(event, yaml.AliasEvent) and isinstance(node.value, str):
            return node.value
        if isinstance(event, yaml.MappingStartEvent) and start.flow_style:
            self._add(
                Code.BAD_KEY,
                start,
                "`{{` without quotes starts a YAML mapping, not a template",
                'put the template in quotes: "{{ … }}"',
            )
        else:
            self._add(Code.BAD_KEY, event, "a key is text, not a list or a mapping")
        return None

    def _merge(self, node: Node, event: Any, merged: dict[str, Node]) -> None:
        """Takes over the entries of `<<: *other` or `<<: [*one, *other]`; the earlier one wins."""
        for each in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(each.value, dict):
                self._add(Code.ALIAS, event, "`<<` takes a mapping, or a list of mappings")
                continue
            for key, inner in each.value.items():
                merged.setdefault(key, inner)

    def _made(self, start: Any, value: Any, end: Any, **more: Any) -> Node:
        mark = start.start_mark
        return Node(value, mark.line + 1, mark.column + 1, end.end_mark.line + 1, **more)

    def _add(self, code: Code, event: Any, message: str, hint: str = "") -> None:
        mark = event.start_mark
        self._problems.add(code, Span(self._file, mark.line + 1, mark.column + 1), message, hint)

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        if mark is not None and error.context_mark is not None and mark.line >= self._text.count("\n"):
            mark = error.context_mark  # the end of the file says nothing; what is open there does
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        message, hint = advice(error, self._text)
        self._problems.add(Code.SYNTAX, Span(self._file, line, column), message, hint)
