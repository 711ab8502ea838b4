"""What a template may say: the functions, filters and statements that exist, and a check of one template.

The mapping package gives these names their meaning; they are listed here so that a spec is checked offline.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, TemplateSyntaxError, meta, nodes
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.tests import TESTS as DEFAULT_TESTS

from syncer.spec.codes import Code
from syncer.spec.problems import did_you_mean, quoted

REFERENCES: Final = frozenset({"ref", "link"})
ALLOWED_FUNCTIONS: Final = REFERENCES | {"status", "stage", "category", "enum", "user", "currency", "file"}
JINJA_FUNCTIONS: Final = frozenset({"range", "dict"})
REMOVED_FILTERS: Final = frozenset({"attr", "pprint", "random", "urlize", "xmlattr"})
VALUES: Final = frozenset({"row", "vars"})
FILTERS: Final = frozenset({"phone", "date", "datetime", "money"} | (set(DEFAULT_FILTERS) - REMOVED_FILTERS))
TESTS: Final = frozenset(DEFAULT_TESTS)

_COLUMNS_ALONE: Final = re.compile(r"(?:[^{}]|\{\{\s*row\.[A-Za-z_]\w*\s*\}\})*")  # most templates: nothing to find
LONGEST_LIST: Final = 12  # names; a longer list helps nobody


class _AllKnown(dict[str, Any]):
    """Filters or tests of which Jinja's compiler misses none: the unknown ones are told by our own walk."""

    def get(self, _name: str, _default: Any = None) -> Any:
        return str


_STATEMENTS: Final = (nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.AssignBlock)
_FUNCTIONS: Final = ALLOWED_FUNCTIONS | JINJA_FUNCTIONS
_RESERVED: Final = _FUNCTIONS | VALUES
_SYNTAX: Final = Environment(autoescape=False)  # noqa: S701 -- parses only, nothing is rendered
_SYNTAX.filters, _SYNTAX.tests = _AllKnown(), _AllKnown()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template; `line` counts from 1 within its text."""

    code: Code
    line: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Faults of a template, and the entities it refers to with the line of each."""

    faults: list[Fault] = field(default_factory=list)
    refs: dict[str, int] = field(default_factory=dict)
    functions: dict[str, int] = field(default_factory=dict)


def check(text: str, *, variables: Collection[str] | None = None, entities: Collection[str] | None = None) -> Checked:
    """Everything that can be known of a template without a row.

    `variables` are the keys of `vars`, `entities` the names that may be referred to; None: not checked.
    """
    checked = Checked()
    if _COLUMNS_ALONE.fullmatch(text):
        return checked
    try:
        _Reader(checked, variables, entities).read(_SYNTAX.parse(text))
    except TemplateSyntaxError as error:
        checked.faults.append(_syntax_fault(error))
    except RecursionError:
        checked.faults.append(Fault(Code.TEMPLATE_SYNTAX, 1, "the template is nested too deeply"))
    return checked


@lru_cache(maxsize=4096)
def tree_of(text: str) -> nodes.Template | None:
    """The template's tree, which is not to be changed; None for plain text, and for what cannot be parsed."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return None
    try:
        return _SYNTAX.parse(text)
    except (TemplateSyntaxError, RecursionError):
        return None


def _syntax_fault(error: TemplateSyntaxError) -> Fault:
    message = error.message or "it cannot be parsed"
    hint = ""
    if "Encountered unknown tag" in message:
        return Fault(Code.STATEMENT, error.lineno, f"template: {message}", "there are if, set and for")
    if "unexpected end of template" in message or "Unexpected end of template" in message:
        hint = "close what is open: `}}`, `%}`, a quote, `{% endif %}` or `{% endfor %}`"
    return Fault(Code.TEMPLATE_SYNTAX, error.lineno, f"template: {message}", hint)


class _Reader:
    """One walk over a template's tree."""

    def __init__(self, checked: Checked, variables: Collection[str] | None, entities: Collection[str] | None) -> None:
        self._checked = checked
        self._variables = variables
        self._entities = entities
        self._called: set[int] = set()  # names and attributes that stand in a call, by identity
        self._on_condition: nodes.Node | None = None  # what a template that is one `… if …` gives
        self._in_scope = True  # whether each name is known wherever it stands

    def read(self, tree: nodes.Template) -> None:
        alone = only_expression(tree)
        self._on_condition = alone.expr1 if isinstance(alone, nodes.CondExpr) else None
        for node in _walk(tree):
            match node:
                case nodes.Call():
                    self._call(node, whole=node is alone)
                case nodes.Filter(name=name):
                    self._known(name, FILTERS, "filter", node.lineno)
                case nodes.Test(name=name):
                    self._known(name, TESTS, "test", node.lineno)
                case nodes.Name():
                    self._name(node)
                case nodes.NSRef():
                    self._fault(
                        Code.STATEMENT, node.lineno, f"`set {node.name}.{node.attr}` is not allowed in a template"
                    )
                case nodes.Getattr() | nodes.Getitem():
                    self._variable(node)
                case nodes.Stmt():
                    self._statement(node)
        if not self._in_scope:
            self._undefined(tree)

    def _fault(self, code: Code, line: int, message: str, hint: str = "") -> None:
        self._checked.faults.append(Fault(code, line, message, hint))

    def _statement(self, node: nodes.Stmt) -> None:
        self._in_scope &= isinstance(node, nodes.Output | nodes.If)
        if isinstance(node, nodes.For) and node.recursive:
            self._fault(Code.STATEMENT, node.lineno, "a `for` cannot be recursive", "nest one `for` in another")
        if isinstance(node, _STATEMENTS):
            return
        name = _STATEMENT_NAMES.get(type(node), type(node).__name__.lower())
        self._fault(
            Code.STATEMENT,
            node.lineno,
            f"the statement `{name}` is not allowed in a template",
            "there are if, set and for",
        )

    def _known(self, name: str, known: Collection[str], kind: str, line: int) -> None:
        if name not in known:
            self._fault(Code.UNKNOWN_FILTER, line, f"there is no {kind} `{name}`", _nearest(name, known))

    def _call(self, node: nodes.Call, *, whole: bool) -> None:
        self._called.add(id(node.node))
        if not isinstance(node.node, nodes.Name):
            return
        name = node.node.name
        if name not in _FUNCTIONS:
            self._fault(
                Code.UNKNOWN_FUNCTION,
                node.lineno,
                f"there is no function `{name}`",
                _nearest(name, ALLOWED_FUNCTIONS),
            )
            return
        self._checked.functions.setdefault(name, node.lineno)
        if name in REFERENCES:
            self._reference(name, node, whole=whole)

    def _reference(self, name: str, node: nodes.Call, *, whole: bool) -> None:
        if not whole:
            advice = f'write "{{{{ {name}(…) }}}}" and nothing around it'
            if node is self._on_condition:
                advice = f"none gives none: write \"{{{{ {name}('ENTITY', row.key if …) }}}}\", the condition within"
            self._fault(
                Code.REFERENCE_PLACE,
                node.lineno,
                f"{name}() gives an id that is known only later, so it must be the whole value",
                advice,
            )
        first = node.args[0] if node.args else None
        if not isinstance(first, nodes.Const) or not isinstance(first.value, str) or len(node.args) != 2 or node.kwargs:
            self._fault(
                Code.REFERENCE_NAME,
                node.lineno,
                f"{name}() takes an entity's name in quotes, and the parent's originId",
                f"write {name}('companies', row.CustomerID)",
            )
            return
        entity = first.value
        self._checked.refs.setdefault(entity, node.lineno)
        if self._entities is not None and entity not in self._entities:
            self._fault(
                Code.UNKNOWN_ENTITY,
                node.lineno,
                f"{name}() names {quoted(entity)}, which is no entity of this spec",
                did_you_mean(entity, self._entities),
            )

    def _name(self, node: nodes.Name) -> None:
        self._in_scope &= node.name in _RESERVED
        if node.ctx == "load" and node.name in _FUNCTIONS and id(node) not in self._called:
            self._fault(Code.UNKNOWN_NAME, node.lineno, f"`{node.name}` is a function", f"call it: {node.name}(…)")
        elif node.ctx != "load" and node.name in _RESERVED:
            self._fault(Code.UNKNOWN_NAME, node.lineno, f"`{node.name}` has a meaning of its own and cannot be set")

    def _variable(self, node: nodes.Getattr | nodes.Getitem) -> None:
        if self._variables is None or id(node) in self._called:
            return
        if not isinstance(node.node, nodes.Name) or node.node.name != "vars":
            return
        name = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        if isinstance(name, str) and name not in self._variables:
            self._fault(
                Code.UNKNOWN_VARIABLE,
                node.lineno,
                f"`vars` has no {quoted(name)}",
                did_you_mean(name, self._variables),
            )

    def _undefined(self, tree: nodes.Template) -> None:
        try:
            unknown = meta.find_undeclared_variables(tree) - _RESERVED
        except TemplateSyntaxError as error:  # what only Jinja's compiler sees, such as setting `loop`
            self._checked.faults.append(_syntax_fault(error))
            return
        told: set[str] = set()
        for node in tree.find_all(nodes.Name):
            if node.name in unknown and node.name not in told and id(node) not in self._called:
                told.add(node.name)
                self._fault(
                    Code.UNKNOWN_NAME,
                    node.lineno,
                    f"there is no name `{node.name}`",
                    f"a column is `row.{node.name}`, a variable `vars.{node.name}`, text stands in quotes",
                )


_STATEMENT_NAMES: Final[dict[type[nodes.Node], str]] = {
    nodes.FromImport: "from … import",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.ExprStmt: "do",
}


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    """Every node within a template, a call before what it calls."""
    for child in node.iter_child_nodes():
        yield child
        yield from _walk(child)


def only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """The expression of a template that is one `{{ … }}`, None for any other."""
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as expression])]:
            return expression
    return None


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else None


def _nearest(name: str, known: Collection[str]) -> str:
    advice = did_you_mean(name, sorted(known))
    return advice if advice.startswith("did") or len(known) < LONGEST_LIST else ""
