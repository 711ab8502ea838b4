"""The sandboxed Jinja environment, and how it writes the Python of a compiled template.

Nothing of Python is reachable from a template but the attributes that `attributes.py` lists, the operators are
bounded, nothing is undefined in silence, and text is put together by `as_text` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syncer.mapping.attributes import MISSING, Attributes
from syncer.mapping.bounds import Budget, Operators
from syncer.mapping.filters import filters
from syncer.mapping.row import Row
from syncer.mapping.text import as_text
from syncer.mapping.unfit import kind
from syncer.mapping.whole import PLAIN

_CALLABLE = (BuiltinMethodType, FunctionType, MethodType, partial)


class RowUndefined(StrictUndefined):
    """What is undefined raises on any use. Names that the compiler made are shown as the user wrote them."""

    def __init__(self, hint: Any = None, obj: Any = None, name: Any = None, exc: Any = None) -> None:
        if isinstance(name, str) and name[:1].isdigit():
            name = name.partition("_")[2]
        if exc is None:
            super().__init__(hint, obj, name)
        else:
            super().__init__(hint, obj, name, exc)


class RowCode(CodeGenerator):
    """Writes one generator function: a plain loop over the batch that yields a tuple of raw values a row."""

    environment: RowEnvironment

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("as_text = environment.as_text")
        self.writeline("spend_text = environment.spend_text")
        self.writeline("budget = environment.budget")
        self.writeline("plain = environment.plain")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802  # Jinja's names
        """The only loop at top level is the one over the batch; all others are the templates' own."""
        if not frame.toplevel:
            super().visit_For(node, frame)
            return
        globals_read = {name.name for name in node.find_all(nodes.Name) if name.name in self.environment.globals}
        for name in sorted(globals_read):  # once a batch, not once a row
            frame.symbols.load(name)
            self.writeline(f"{frame.symbols.ref(name)} = resolve({name!r})")
        loop_frame = frame.inner()
        loop_frame.symbols.analyze_node(node, for_branch="body")
        self.writeline("for ", node)
        self.visit(node.target, loop_frame)
        self.write(" in ")
        self.visit(node.iter, frame)
        self.write(":")
        self.indent()
        self.writeline(f"budget.left = {self.environment.row_budget}")
        self.enter_frame(loop_frame)
        self.blockvisit(node.body, loop_frame)
        self.outdent()

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:  # noqa: N802
        if node.ctx == "load" and (node.name[0] == "0" or node.name in self.environment.globals):
            self.write(frame.symbols.ref(node.name))
        else:
            super().visit_Name(node, frame)

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.value, float) and not math.isfinite(node.value):
            self.write(f"float({str(node.value)!r})")
        else:
            super().visit_Const(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        """The text of a template: its constant pieces, and its values by `as_text`."""
        self.write("concat((")
        for part in node.nodes:
            constant = isinstance(part, nodes.TemplateData)
            self.write("" if constant else "as_text(")
            self.visit(part, frame)
            self.write(", " if constant else "), ")
        self.write("))")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        """Our own functions are called directly, all else through the sandbox."""
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name == "0whole" and isinstance(node.args[0], nodes.Name):
            value = frame.symbols.ref(node.args[0].name)
            self.write(f"({value} if {value}.__class__ in plain else {frame.symbols.ref(name)}({value}))")
            return
        if name in self.environment.globals and node.args:
            self.visit(node.node, frame)
            self.write("(")
            self.visit(node.args[0], frame)
            rest = nodes.Call(node.node, node.args[1:], node.kwargs, node.dyn_args, node.dyn_kwargs)
        else:
            self.write("environment.call(context, ")
            self.visit(node.node, frame)
            rest = node
        self.signature(rest, frame)
        self.write(")")

    def _output_const_repr(self, group: Any) -> str:
        return f"spend_text({''.join(group)!r})"

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            return node.data
        raise nodes.Impossible

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.buffer is not None:
            self.write("spend_text(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.buffer is not None:
            self.write(")")


class RowEnvironment(ImmutableSandboxedEnvironment):
    """The environment of one entity: its functions and variables, and the budget of the row being rendered."""

    code_generator_class = RowCode
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, budget: Budget, names: Mapping[str, Any]) -> None:
        super().__init__(autoescape=False, undefined=RowUndefined, optimized=False, cache_size=0)
        self.budget = budget
        self.row_budget = budget.left
        self.plain = PLAIN
        self.as_text: Callable[[Any], str] = as_text
        self.attributes = Attributes(budget, self.getattr)
        self.binop_table.update(Operators(budget).table)
        self.filters = filters(budget, self.attributes)
        self.globals = dict(names)

    def spend_text(self, value: Any) -> str:
        """A piece of text within a statement's output."""
        text = as_text(value)
        self.budget.text(len(text))
        return text

    def joined(self, *values: Any) -> str:
        """`a ~ b`."""
        texts = [as_text(value) for value in values]
        self.budget.text(sum(map(len, texts)))
        return "".join(texts)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A column of a row, a key of a mapping, or an attribute that is listed; else undefined."""
        if isinstance(obj, Row):
            return obj[attribute]
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, Undefined):
            return obj[attribute]  # raises, and names it
        found = self.attributes.get(obj, attribute)
        if found is not MISSING:
            return found
        return self.undefined(f"{kind(obj)} has no attribute {attribute!r} in a template", obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An element; with a name, what `getattr` gives."""
        try:
            return obj[argument]
        except (TypeError, LookupError):
            if isinstance(argument, str):
                return self.getattr(obj, argument)
            return self.undefined(f"{kind(obj)} has no element {argument!r}", obj, str(argument))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Calls what the sandbox itself handed out; data is never called."""
        if isinstance(__obj, Undefined):
            return __obj(*args, **kwargs)  # raises, and names it
        if not isinstance(__obj, _CALLABLE):
            raise TypeError(f"a value of type {kind(__obj)} cannot be called")
        return __obj(*args, **kwargs)
