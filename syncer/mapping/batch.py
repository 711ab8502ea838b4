"""Templates of one entity, compiled into one generator function that loops over a batch.

Each template is a statement of its own in that loop, on a line of its own, so that the line of an exception tells
which template failed on which row; rendering goes on with the row after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import CodeType
from typing import Any

from jinja2 import Template, nodes

from syncer.errors import Span, SyncerError
from syncer.mapping.environment import RowEnvironment
from syncer.mapping.rewrite import column, load
from syncer.mapping.unfit import Unfit, told
from syncer.model.change import Reason, RowProblem

LINES = 100_000
"""Line numbers that one template may use; a template's own line is the remainder."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a piece of the compiled loop comes from: what messages name."""

    label: str
    span: Span
    columns: tuple[str, ...]
    masked: bool = False

    def problem(self, error: Exception, row: Row, places: Mapping[str, int], line: int) -> RowProblem:
        """Why the row cannot be rendered."""
        used = f", row.{', row.'.join(self.columns[:4])}" if self.columns else ""
        within = f", line {line} of the template" if line > 1 else ""
        reason = "more is not told, for the field is masked" if self.masked else told(error)
        if isinstance(error, Unfit):
            return RowProblem(error.reason, f"{self.label} ({self.span}{within}{used}): {reason}")
        nulls = [name for name in self.columns if row[places[name]] is None]
        hint = f"; row.{nulls[0]} is None here: give it a default, such as (row.{nulls[0]} or '')" if nulls else ""
        return RowProblem(Reason.RENDER, f"{self.label} ({self.span}{within}{used}): {reason}{hint}")


class Batch:
    """A compiled loop. `values` is one name (raw values come out) or several (tuples come out)."""

    def __init__(
        self,
        environment: RowEnvironment,
        body: Sequence[nodes.Node],
        value: nodes.Expr,
        origins: Sequence[Origin],
        columns: Sequence[str],
    ) -> None:
        self._environment = environment
        self._origins = origins
        self._places = {name: place for place, name in enumerate(columns)}
        read = sorted({self._places[name] for origin in origins for name in origin.columns})
        tree = _loop(body, value, read, environment)
        code = environment.compile(tree, filename=f"<templates {id(self):x}>")
        self._template = Template.from_code(environment, code, environment.globals)
        self._root: Callable[[Any], Iterator[Any]] = self._template.root_render_func
        self._code: CodeType = self._root.__code__
        self._pick = itemgetter(*read) if read else None

    def render(self, rows: Sequence[Row]) -> list[Any]:
        """Per row what its templates gave, or a RowProblem.

        What was yielded before an exception is kept, and the feed has moved past the row that raised it. Raises the
        SyncerErrors of the portal's directories.
        """
        feed = iter(rows) if self._pick is None else map(self._pick, rows)
        rendered: list[Any] = []
        while True:
            try:
                rendered.extend(self._root(self._template.new_context({"0batch": feed})))
            except SyncerError:
                raise  # the portal's directories cannot be read: no row's fault
            except Exception as error:  # a template may raise anything; one row is blocked for it
                if len(rendered) >= len(rows):
                    raise
                rendered.append(self._problem(error, rows[len(rendered)]))
            else:
                return rendered

    def _problem(self, error: Exception, row: Row) -> RowProblem:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code is not self._code:
            trace = trace.tb_next
        if trace is None:
            raise error
        number, line = divmod(self._template.get_corresponding_lineno(trace.tb_lineno), LINES)
        if not number:
            raise error  # not a template's doing: the row itself is not of the query's shape
        return self._origins[number - 1].problem(error, row, self._places, line)


def _loop(
    body: Sequence[nodes.Node], value: nodes.Expr, read: Sequence[int], environment: RowEnvironment
) -> nodes.Template:
    names: list[nodes.Expr] = [nodes.Name(column(place), "store") for place in read] or [nodes.Name("0", "store")]
    target = names[0] if len(names) == 1 else nodes.Tuple(names, "store")
    output = nodes.Output([value])
    loop = nodes.For(target, load("0batch"), [*body, output], [], None, False, lineno=1)
    tree = nodes.Template([loop], lineno=1)
    tree.set_environment(environment)
    for node in tree.find_all(nodes.Node):
        if node.lineno is None:
            node.lineno = 1
    return tree


def place_lines(node: nodes.Node, number: int) -> nodes.Node:
    """Gives every piece of a template the line numbers by which an exception finds it; `number` counts from 1."""
    for piece in (node, *node.find_all(nodes.Node)):
        piece.lineno = number * LINES + min(piece.lineno or 1, LINES - 1)
    return node
