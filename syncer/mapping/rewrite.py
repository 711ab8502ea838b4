"""One template's syntax tree, checked and made ready to stand with others in one compiled loop.

Columns become loop variables, `vars.x` its value; the template's own variables get names that no other template can
say. Whatever is known to be wrong before a row is read is collected as complaints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

from syncer.mapping.environment import RowEnvironment
from syncer.mapping.phone import phone_available
from syncer.mapping.row import nearest
from syncer.mapping.text import words
from syncer.spec.codes import Code
from syncer.spec.template import ALLOWED_FUNCTIONS, JINJA_FUNCTIONS

_FUNCTIONS = ALLOWED_FUNCTIONS | JINJA_FUNCTIONS
_RESERVED = frozenset({"row", "vars", "loop"})
_ALLOWED = words(
    "Template Output TemplateData If For Assign AssignBlock Name Const Tuple List Dict Pair Keyword CondExpr Filter "
    "Test Call Getitem Getattr Slice Concat Compare Operand Mul Div FloorDiv Add Sub Mod Pow And Or Not Neg Pos"
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a template: a finding without its place."""

    code: str
    message: str
    hint: str = ""


def column(place: int) -> str:
    """The loop variable of a column; no template can say a name that starts with a digit."""
    return f"0c{place}"


def load(name: str) -> nodes.Name:
    return nodes.Name(name, "load")


def store(name: str) -> nodes.Name:
    return nodes.Name(name, "store")


def call(name: str, *args: nodes.Expr) -> nodes.Call:
    return nodes.Call(load(name), list(args), [], None, None)


@dataclass
class Rewritten:
    """A template's statements, and the columns it reads, in the order of their first use."""

    body: list[nodes.Node]
    columns: list[str] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)

    def expression(self) -> nodes.Expr | None:
        """The expression of a template that is one `{{ … }}`."""
        pieces = list(self._pieces())
        alone = len(pieces) == 1 and not isinstance(pieces[0], nodes.TemplateData)
        return pieces[0] if alone and self.is_text() else None

    def is_text(self) -> bool:
        """Whether there are no statements in it."""
        return all(isinstance(node, nodes.Output) for node in self.body)

    def text(self) -> nodes.Concat:
        return nodes.Concat(list(self._pieces()))

    def _pieces(self) -> Iterator[nodes.Expr]:
        for node in self.body:
            yield from node.nodes if isinstance(node, nodes.Output) else ()


def rewrite(
    text: str, number: int, environment: RowEnvironment, columns: Sequence[str], variables: Mapping[str, Any]
) -> Rewritten:
    """Parses and rewrites one template; `number` makes its variables its own."""
    try:
        tree = environment.parse(text)
        _refuse_strangers(tree)
        rewriter = _Rewriter(tree, number, environment, columns, variables)
        body = [rewriter.visit(node) for node in tree.body]
    except TemplateSyntaxError as error:
        return Rewritten([], complaints=[Complaint(Code.TEMPLATE_SYNTAX, f"{error.message} (line {error.lineno})")])
    except _Strange as error:
        return Rewritten([], complaints=[error.complaint])
    except (RecursionError, ValueError, MemoryError) as error:
        return Rewritten([], complaints=[Complaint(Code.TEMPLATE_SYNTAX, f"the template cannot be read: {error}")])
    return Rewritten(body, rewriter.columns_read, rewriter.complaints)


class _Strange(Exception):  # it carries a complaint, and ends the reading of one template
    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.message)
        self.complaint = complaint


def _refuse_strangers(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        name = type(node).__name__
        if name not in _ALLOWED or (isinstance(node, nodes.For) and node.recursive):
            raise _Strange(
                Complaint(
                    Code.STATEMENT,
                    f"the template uses {name.lower()}, which is not allowed",
                    "statements are if, set and for",
                )
            )


class _Rewriter(NodeTransformer):
    def __init__(
        self,
        tree: nodes.Template,
        number: int,
        environment: RowEnvironment,
        columns: Sequence[str],
        variables: Mapping[str, Any],
    ) -> None:
        self.complaints: list[Complaint] = []
        self.columns_read: list[str] = []
        self._number = number
        self._environment = environment
        self._places = {name: place for place, name in enumerate(columns)}
        self._variables = variables
        self._loops = 0
        self._own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
        for name in sorted(self._own & _RESERVED):
            self._complain(Code.UNKNOWN_NAME, f"{name!r} cannot be set: it is a name of syncer's")

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:  # noqa: N802
        if node.name in self._own:
            return nodes.Name(f"{self._number}_{node.name}", node.ctx)
        match node.name:
            case "row":
                self._read(*self._places)
                return call("0row", nodes.Tuple([load(column(place)) for place in self._places.values()], "load"))
            case "vars":
                return node
            case "loop" if self._loops:
                return node
        if node.name in _FUNCTIONS:
            self._complain(Code.UNKNOWN_NAME, f"{node.name} is a function: write {node.name}(…)")
        else:
            known = sorted({*self._own, *_RESERVED, *_FUNCTIONS})
            hint = f"a column is row.{node.name}" if node.name in self._places else ""
            self._complain(Code.UNKNOWN_NAME, f"{node.name!r} is undefined{nearest(node.name, known)}", hint)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802
        """A name that is called is a function of ours, for a value is never called."""
        function = node.node
        if not isinstance(function, nodes.Name):
            return self._children(node)
        if function.name not in _FUNCTIONS:
            near = nearest(function.name, sorted(_FUNCTIONS))
            self._complain(Code.UNKNOWN_FUNCTION, f"there is no function {function.name!r}{near}")
        node.node = nodes.Const(None)
        self._children(node)
        node.node = function
        return node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Expr:  # noqa: N802
        return self._member(node, node.node, node.attr)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:  # noqa: N802
        name = node.arg.value if isinstance(node.arg, nodes.Const) else None
        return self._member(node, node.node, name) if isinstance(name, str) else self._children(node)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Expr:  # noqa: N802
        """An `if` without `else` gives None, and so leaves the field out."""
        if node.expr2 is None:
            node.expr2 = nodes.Const(None)
        return self._children(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        return call("0joined", *map(self.visit, node.nodes))

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        node.iter = call("0each", self.visit(node.iter))
        node.target = self.visit(node.target)
        self._loops += 1
        node.test = self.visit(node.test) if node.test is not None else None
        node.body = [self.visit(inner) for inner in node.body]
        self._loops -= 1
        node.else_ = [self.visit(inner) for inner in node.else_]
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Expr:  # noqa: N802
        self._known("filter", node.name, self._environment.filters)
        return self._children(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Expr:  # noqa: N802
        self._known("test", node.name, self._environment.tests)
        return self._children(node)

    def _known(self, what: str, name: str, known: Mapping[str, Any]) -> None:
        if name not in known:
            self._complain(Code.UNKNOWN_FILTER, f"there is no {what} {name!r}{nearest(name, sorted(known))}")
        if (what, name) == ("filter", "phone") and not phone_available():
            self._complain(
                Code.UNKNOWN_FILTER, "phone() needs a library", "install syncer with its extra: syncer[phone]"
            )

    def _member(self, node: nodes.Expr, owner: nodes.Node, name: str) -> nodes.Expr:
        if not isinstance(owner, nodes.Name) or owner.name in self._own or owner.name not in ("row", "vars"):
            return self._children(node)
        if owner.name == "row":
            return self._column(name)
        if name not in self._variables:
            self._complain(Code.UNKNOWN_VARIABLE, f"vars has no {name!r}{nearest(name, sorted(self._variables))}")
            return node
        value = self._variables[name]
        return nodes.Const(value) if isinstance(value, str | int | float | bool | None) else node

    def _column(self, name: str) -> nodes.Expr:
        if name not in self._places:
            some = ", ".join(list(self._places)[:12]) + (", …" if len(self._places) > 12 else "")
            self._complain(
                Code.UNKNOWN_COLUMN, f"the query has no column {name!r}{nearest(name, self._places)}", f"it has {some}"
            )
            return nodes.Const(None)
        self._read(name)
        return load(column(self._places[name]))

    def _read(self, *names: str) -> None:
        self.columns_read += [name for name in names if name not in self.columns_read]

    def _children(self, node: nodes.Expr) -> nodes.Expr:
        return self.generic_visit(node)  # type: ignore[return-value]

    def _complain(self, code: str, message: str, hint: str = "") -> None:
        complaint = Complaint(code, message, hint)
        if complaint not in self.complaints:
            self.complaints.append(complaint)
