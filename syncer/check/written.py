"""What a spec writes into a field, as far as it is known before a row is read: constants and calls of functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from syncer.errors import Span
from syncer.spec import EntitySpec, Spec
from syncer.spec.template import ALLOWED_FUNCTIONS, only_expression, tree_of
from syncer.spec.templates import span_of_line

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """The values that an expression can be seen to give; `exact` when it gives no others."""

    values: tuple[Any, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of one of syncer's functions, with what is known of its arguments; `category` by its name."""

    name: str
    arguments: tuple[Known, ...]
    category: Known | None
    span: Span


@dataclass(frozen=True, slots=True)
class Leaf:
    """One text or other scalar of a field's value.

    `constant`: it is no template. `known` is what the whole value may be; nothing for text around `{{ … }}`.
    `call` is the call of a function that is the whole value, `calls` are all within it.
    """

    path: Path
    span: Span
    constant: bool
    known: Known
    call: FunctionCall | None = None
    calls: tuple[FunctionCall, ...] = ()


def leaves(spec: Spec, entity: EntitySpec, *path: str | int) -> Iterator[Leaf]:
    """The leaves below a path of the entity, such as `fields`, `title`."""
    value: Any = {"fields": entity.fields, "when": entity.when, "originId": entity.origin_id}
    for step in path:
        value = value[step]
    yield from _leaves(spec, entity, value, path)


def _leaves(spec: Spec, entity: EntitySpec, value: Any, path: Path) -> Iterator[Leaf]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _leaves(spec, entity, inner, (*path, key))
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _leaves(spec, entity, inner, (*path, place))
        case _:
            yield _leaf(spec, entity, value, path)


def _leaf(spec: Spec, entity: EntitySpec, value: Any, path: Path) -> Leaf:
    span = spec.span("entities", entity.name, *path)
    tree = tree_of(value) if isinstance(value, str) else None
    if tree is None:
        return Leaf(path, span, True, Known((value,), True))
    node = spec.document.root.get("entities", entity.name, *path)

    def placed(line: int) -> Span:
        return span if node is None else span_of_line(spec.document, node, line)

    whole = only_expression(tree)
    found = {
        id(each): call
        for each in tree.find_all(nodes.Call)
        if (call := _call(each, spec.vars, placed(each.lineno))) is not None
    }
    known = Known() if whole is None else possible(whole, spec.vars)
    return Leaf(path, span, False, known, found.get(id(whole)), tuple(found.values()))


def _call(node: nodes.Call, variables: Mapping[str, Any], span: Span) -> FunctionCall | None:
    if not isinstance(node.node, nodes.Name) or node.node.name not in ALLOWED_FUNCTIONS:
        return None
    named = {each.key: possible(each.value, variables) for each in node.kwargs}
    arguments = tuple(possible(each, variables) for each in node.args)
    category = named.get("category")
    if node.node.name == "stage" and category is None and len(arguments) > 1:
        category = arguments[1]
    return FunctionCall(node.node.name, arguments, category, span)


def possible(node: nodes.Node, variables: Mapping[str, Any]) -> Known:
    """The constants that an expression may give: those of both ways of a condition, of a table, behind `or`."""
    match node:
        case nodes.Const(value=value):
            return Known((value,), True)
        case nodes.CondExpr(expr1=one, expr2=other):
            return _either(possible(one, variables), possible(other, variables) if other else Known())
        case nodes.Getattr(node=nodes.Name(name="vars"), attr=name) if name in variables:
            return Known((variables[name],), True)
        case nodes.Getitem(node=nodes.Name(name="vars"), arg=nodes.Const(value=name)) if name in variables:
            return Known((variables[name],), True)
        case nodes.Or(left=left, right=right):
            first = possible(left, variables)
            return _either(Known(tuple(filter(None, first.values)), first.exact), possible(right, variables))
        case nodes.Call(node=nodes.Getattr(node=nodes.Dict() as table, attr="get"), args=[_, *rest]):
            default = possible(rest[0], variables) if rest else Known((None,), True)
            return _either(_table(table, variables), default)
        case nodes.Getitem(node=nodes.Dict() as table):
            return _table(table, variables)
        case nodes.Filter(name="default" | "d", node=inner, args=[default, *_]) if inner is not None:
            return _either(possible(inner, variables), possible(default, variables))
    return Known()


def _table(table: nodes.Dict, variables: Mapping[str, Any]) -> Known:
    known = Known((), True)
    for pair in table.items:
        known = _either(known, possible(pair.value, variables))
    return known


def _either(one: Known, other: Known) -> Known:
    return Known((*one.values, *other.values), one.exact and other.exact)
