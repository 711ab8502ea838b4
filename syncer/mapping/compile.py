"""An entity's templates, compiled once its columns are known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from syncer.errors import Finding, Span, SpecError
from syncer.mapping.batch import Batch, Origin, place_lines
from syncer.mapping.bounds import Budget
from syncer.mapping.environment import RowEnvironment
from syncer.mapping.functions import Functions
from syncer.mapping.keys import FILTERED, Keys
from syncer.mapping.names import Files, Names
from syncer.mapping.rewrite import Complaint, Rewritten, call, load, rewrite, store
from syncer.mapping.row import row_maker
from syncer.mapping.rows import RowMapping
from syncer.mapping.whole import Whole, filled, present, present_fm
from syncer.model.identity import EntityTypeId, Stamp
from syncer.model.mask import Mask
from syncer.spec.codes import Code

Where = Callable[..., Span]


def compile_entity(
    *,
    columns: Sequence[str],
    origin_id: Any,
    when: Any = None,
    fields: Mapping[str, Any],
    variables: Mapping[str, Any],
    stamp: Stamp,
    entity_type_id: EntityTypeId,
    entity_types: Mapping[str, EntityTypeId],
    names: Names,
    files: Files | None = None,
    where: Where,
    mask: Collection[str] = (),
) -> RowMapping:
    """Compiles the templates of one entity.

    `origin_id`, `when` and the leaves of `fields` are template texts; other YAML scalars are constants. `entity_types`
    has every entity that `ref()` and `link()` may name. `where("fields", "fm", 0, "value")` gives the place of a value
    of the entity, `where()` that of the entity. `files` are those that `file()` finds. Values of the fields in `mask`
    are not repeated in messages.

    Raises SpecError with everything that can be known without a row: unknown columns, names, functions, filters.
    """
    budget = Budget()
    functions = Functions(entity_type_id, entity_types, names, budget, files)
    whole = Whole(budget)
    environment = RowEnvironment(budget, functions.table())
    environment.globals |= {
        "vars": dict(variables),
        "0row": row_maker(columns),
        "0each": budget.each,
        "0joined": environment.joined,
        "0whole": whole.value,
        "0present": present,
        "0fm": present_fm,
        "0filled": filled,
        "0filtered": FILTERED,
    }
    keys, rendered = (_Loop(environment, columns, variables, where, Mask(mask)) for _ in range(2))
    key = keys.key(origin_id, when)
    values = rendered.fields(fields)
    findings = [*keys.findings, *rendered.findings]
    if findings:
        raise SpecError(findings)
    try:
        return RowMapping(
            keys=Batch(environment, keys.body, key, keys.origins, columns),
            checks=Keys(stamp, f"originId ({where('originId')})"),
            fields=Batch(environment, rendered.body, values, rendered.origins, columns),
            names=tuple(fields),
            masked=(name for origin in rendered.origins if origin.masked for name in origin.columns),
            unused=tuple(each for each in columns if each not in {*keys.columns_read(), *rendered.columns_read()}),
        )
    except (SyntaxError, RecursionError, MemoryError) as error:
        nested = Complaint(Code.TEMPLATE_SYNTAX, f"a template cannot be compiled: {error}", "nest it less deeply")
        raise SpecError([_finding(nested, where(), ("fields",))]) from None


def template_findings(
    *,
    columns: Sequence[str],
    origin_id: Any,
    when: Any,
    fields: Mapping[str, Any],
    variables: Mapping[str, Any],
    where: Where,
) -> list[Finding]:
    """What `compile_entity` would find, where the types of the entities are not known."""
    loop = _Loop(RowEnvironment(Budget(), {}), columns, variables, where, Mask(()))
    loop.key(origin_id, when)
    loop.fields(fields)
    return loop.findings


class _Loop:
    """Collects the statements of one loop over a batch, and where each comes from."""

    def __init__(
        self,
        environment: RowEnvironment,
        columns: Sequence[str],
        variables: Mapping[str, Any],
        where: Where,
        mask: Mask,
    ) -> None:
        self.body: list[nodes.Node] = []
        self.origins: list[Origin] = []
        self.findings: list[Finding] = []
        self._environment = environment
        self._columns = columns
        self._variables = variables
        self._where = where
        self._mask = mask

    def columns_read(self) -> Iterator[str]:
        """The columns that its templates use."""
        return (name for origin in self.origins for name in origin.columns)

    def key(self, origin_id: Any, when: Any) -> nodes.Expr:
        """The key, or FILTERED where `when` is falsy; the key is not rendered then."""
        if when is None:
            self.body.append(self._statement(origin_id, "0k", "originId"))
            return load("0k")
        self.body += [self._statement(when, "0w", "when"), nodes.Assign(store("0k"), load("0filtered"))]
        key = self._statement(origin_id, "0k", "originId")
        self.body.append(nodes.If(load("0w"), [key], [], []))
        return load("0k")

    def fields(self, fields: Mapping[str, Any]) -> nodes.Expr:
        """A tuple of the values of the fields."""
        values = [self._tree(value, "fields", name) for name, value in fields.items()]
        return nodes.Tuple(values, "load")

    def _tree(self, value: Any, *path: str | int) -> nodes.Expr:
        match value:
            case str():
                target = f"0v{len(self.origins)}"
                self.body.append(self._statement(value, target, *path))
                rendered: nodes.Expr = load(target)
            case Mapping():
                pairs = [nodes.Pair(nodes.Const(key), self._tree(inner, *path, key)) for key, inner in value.items()]
                rendered = call("0filled", nodes.Dict(pairs))
            case list() | tuple():
                elements = [self._tree(inner, *path, place) for place, inner in enumerate(value)]
                rendered = nodes.List(elements) if path == _FM else call("0present", nodes.List(elements))
            case _:
                return nodes.Const(value)
        return call("0fm", rendered) if path == _FM else rendered

    def _statement(self, template: Any, target: str, *path: str | int) -> nodes.Stmt:
        """A statement that gives the target the template's value."""
        text = template if isinstance(template, str) else None
        rewritten = (
            Rewritten([nodes.Output([nodes.Const(template)])])
            if text is None
            else rewrite(text, len(self.origins) + 1, self._environment, self._columns, self._variables)
        )
        span = self._where(*path)
        self.findings += [_finding(complaint, span, path) for complaint in rewritten.complaints]
        self.origins.append(
            Origin(label(path), span, tuple(rewritten.columns), path[-1 if len(path) == 1 else 1] in self._mask)
        )
        expression = rewritten.expression()
        if expression is not None:
            statement: nodes.Stmt = nodes.Assign(store(target), _wholly(expression))
        elif rewritten.is_text():
            statement = nodes.Assign(store(target), rewritten.text())
        else:
            statement = nodes.AssignBlock(store(target), None, rewritten.body)
        place_lines(statement, len(self.origins))
        return statement


_FM = ("fields", "fm")


def _wholly(expression: nodes.Expr) -> nodes.Expr:
    """The expression, its value made plain."""
    return expression if isinstance(expression, nodes.Const) else call("0whole", expression)


def label(path: Sequence[str | int]) -> str:
    """`fields.fm[0].value`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _finding(complaint: Complaint, span: Span, path: Sequence[str | int]) -> Finding:
    return Finding(complaint.code, "error", span, f"{label(path)}: {complaint.message}", complaint.hint)
