"""Names and codes that a spec writes itself, against the portal's directories: before a row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from typing import Any

from syncer.check.facts import Facts, LockLacks
from syncer.check.written import FunctionCall, Known, Leaf, leaves
from syncer.errors import Finding, PortalRefused, Span
from syncer.mapping.directories import Directories, Scope, category_of, directory_of
from syncer.mapping.names import AmbiguousName, NameNotFound
from syncer.mapping.text import as_text
from syncer.model.field import FieldType, spelling
from syncer.model.identity import LEAD, QUOTE, EntityTypeId
from syncer.spec import Code, EntitySpec, Spec


def check_names(spec: Spec, entity: EntitySpec, kind: EntityTypeId, facts: Facts) -> Iterator[Finding]:
    """Findings for what the directories do not have, at the place where it is written."""
    if facts.names is not None:
        yield from _Names(spec, entity, kind, facts, facts.names).all()


class _Names:
    def __init__(self, spec: Spec, entity: EntitySpec, kind: EntityTypeId, facts: Facts, names: Directories) -> None:
        self._spec = spec
        self._entity = entity
        self._kind = kind
        self._names = names
        self._lock_again = facts.lock_again
        self._catalog = facts.catalogs.get(kind, {})

    def all(self) -> Iterator[Finding]:
        for path in (("when",), ("originId",)):
            for leaf in leaves(self._spec, self._entity, *path):
                yield from self._calls(leaf)
        for name in self._entity.fields:
            known = spelling(name, self._catalog)
            for leaf in leaves(self._spec, self._entity, "fields", name):
                yield from self._calls(leaf)
                if known is not None:
                    yield from self._constants(leaf, known)
                    yield from self._misplaced(leaf, known)
        yield from self._pipeline()

    # -- calls -------------------------------------------------------------------------------------------------

    def _calls(self, leaf: Leaf) -> Iterator[Finding]:
        for call in leaf.calls:
            for ask, code in self._questions(call):
                yield from self._asked(ask, code, call.span, [])

    def _questions(self, call: FunctionCall) -> Iterator[tuple[Callable[[], Any], Code]]:
        """What to ask for each known argument, and the code of a finding when the answer is no."""
        names, kind = self._names, self._kind
        first, second, *_ = (*call.arguments, Known(), Known())
        within = [as_text(each) for each in second.values if each is not None]
        for text in (as_text(each) for each in first.values if each is not None):
            match call.name:
                case "status":
                    yield from ((partial(names.status, text, each), Code.UNKNOWN_STATUS) for each in within)
                case "enum":
                    yield from ((partial(names.enum, kind, text, each), Code.UNKNOWN_OPTION) for each in within)
                case "category":
                    yield partial(names.category, kind, text), Code.UNKNOWN_CATEGORY
                case "user":
                    yield partial(names.user, text), Code.UNKNOWN_USER
                case "currency":
                    yield partial(names.currency, text), Code.UNKNOWN_CURRENCY
                case "stage":
                    yield from self._stage_questions(call, text)

    def _stage_questions(self, call: FunctionCall, text: str) -> Iterator[tuple[Callable[[], Any], Code]]:
        names, kind = self._names, self._kind
        if call.category is None or call.category.values == (None,):
            yield partial(names.stage, kind, text, None), Code.UNKNOWN_STAGE
            return
        for category in call.category.values:
            if category is None:
                continue
            if kind in (LEAD, QUOTE) or self._has(partial(names.category, kind, as_text(category))):
                yield partial(names.stage, kind, text, category), Code.UNKNOWN_STAGE
            else:
                yield partial(names.category, kind, as_text(category)), Code.UNKNOWN_CATEGORY

    @staticmethod
    def _has(ask: Callable[[], Any]) -> bool:
        try:
            ask()
        except NameNotFound:
            return False
        except (LockLacks, PortalRefused):
            return True  # told by the question that follows
        return True

    def _asked(self, ask: Callable[[], Any], code: Code, span: Span, given: list[Any]) -> Iterator[Finding]:
        try:
            given.append(ask())
        except AmbiguousName as error:
            yield Finding(Code.AMBIGUOUS_NAME, "error", span, str(error))
        except NameNotFound as error:
            yield Finding(code, "error", span, *_parted(str(error)))
        except LockLacks as error:
            yield Finding(Code.LOCK_INCOMPLETE, "error", span, str(error), self._lock_again)
        except PortalRefused as error:
            yield Finding(Code.RIGHTS, "error", span, f"{error.summary}: {error.detail}", error.hint)

    # -- constants ---------------------------------------------------------------------------------------------

    def _constants(self, leaf: Leaf, known: FieldType) -> Iterator[Finding]:
        """Codes and ids that stand in the spec themselves, in fields of directories."""
        for value in leaf.known.values:
            if value is None or value == "" or isinstance(value, bool | list):
                continue
            text = as_text(value)
            if known.type == "crm_status" and known.name == "stageId":
                scope: Scope = ("stage", self._kind)
                yield from self._coded(text, leaf, Code.UNKNOWN_STAGE, "stage('{}')", scope, self._stage_codes(text))
            elif known.type == "crm_status" and known.status_type:
                call, scope = f"status('{known.status_type}', '{{}}')", ("status", known.status_type)
                entries = partial(self._names.codes, known.status_type)
                yield from self._coded(text, leaf, Code.UNKNOWN_STATUS, call, scope, entries)
            elif known.type == "crm_currency":
                codes = self._names.currency_codes
                yield from self._coded(text, leaf, Code.UNKNOWN_CURRENCY, "currency('{}')", ("currency",), codes)
            elif known.type == "crm_category" and text.isdecimal():
                ask_id = partial(self._names.category, self._kind, text)
                yield from self._asked(ask_id, Code.UNKNOWN_CATEGORY, leaf.span, [])

    def _stage_codes(self, text: str) -> Callable[[], dict[str, str]]:
        def codes() -> dict[str, str]:
            fixed = {LEAD: "STATUS", QUOTE: "QUOTE_STATUS"}.get(self._kind)
            return self._names.codes(fixed or directory_of(self._kind, category_of(text)))

        return codes

    def _coded(
        self, text: str, leaf: Leaf, code: Code, call: str, scope: Scope, ask: Callable[[], dict[str, str]]
    ) -> Iterator[Finding]:
        """A code as the portal wants it: its name would be refused."""
        found: list[Any] = []
        for finding in self._asked(ask, code, leaf.span, found):
            if finding.code != Code.RIGHTS:  # what may not be read cannot be checked; the portal will tell
                yield finding
        if not found:
            return
        if text in found[0]:
            self._names.found.setdefault(scope, {})[text] = found[0][text]
            return
        names = {name.casefold(): each for each, name in found[0].items()}
        if text.casefold() in names:
            hint = f'write "{{{{ {call.format(text)} }}}}", or the code {names[text.casefold()]}'
        else:
            hint = _nearest(text, found[0])
        yield Finding(code, "error", leaf.span, f"the portal has no code {text!r} here", hint)

    def _misplaced(self, leaf: Leaf, known: FieldType) -> Iterator[Finding]:
        """A directory, or an enumeration, other than the field's own."""
        call = leaf.call
        if call is None or not call.arguments or len(call.arguments[0].values) != 1:
            return
        own = call.arguments[0].values[0]
        if call.name == "status" and known.type == "crm_status" and known.name != "stageId":
            if known.status_type and own != known.status_type and self._is_right(leaf):
                message = f"{known.name!r} takes entries of the directory {known.status_type}, not of {own}"
                yield Finding(
                    Code.UNKNOWN_STATUS, "error", call.span, message, f"write status('{known.status_type}', …)"
                )
        elif call.name == "enum" and known.type == "enumeration" and own not in (known.name, known.upper_name):
            message = f"an option of {own!r} is none of {known.name!r}"
            if self._is_right(leaf):
                yield Finding(Code.UNKNOWN_OPTION, "error", call.span, message, f"write enum('{known.name}', …)")

    def _is_right(self, leaf: Leaf) -> bool:
        """Whether nothing is wrong with a call in itself."""
        return not any(True for _ in self._calls(leaf))

    # -- stage and pipeline ------------------------------------------------------------------------------------

    def _pipeline(self) -> Iterator[Finding]:
        """A stage of a pipeline that the item does not go to; without `categoryId` it goes to the default one."""
        fields = self._entity.fields
        if "stageId" not in fields or "categoryId" not in self._catalog or isinstance(fields["stageId"], list | dict):
            return
        (stage,) = leaves(self._spec, self._entity, "fields", "stageId")
        stages = self._values(stage)
        wanted = self._categories()
        for code in stages if wanted is not None else ():
            if wanted is not None and category_of(str(code)) not in wanted:
                mine = self._pipeline_name(category_of(str(code)))
                theirs = " or ".join(map(self._pipeline_name, sorted(wanted)))
                message = f"the stage {code} is of the pipeline {mine}, and the item goes to {theirs}"
                quoted = self._names.found.get(("category", self._kind), {}).get(str(category_of(str(code))), "NAME")
                hint = f"set categoryId: \"{{{{ category('{quoted}') }}}}\", or choose a stage of the other pipeline"
                yield Finding(Code.STAGE_CATEGORY, "error", stage.span, message, hint)

    def _categories(self) -> set[int] | None:
        """Where the item goes; None where the row decides, or nobody knows."""
        if "categoryId" not in self._entity.fields:
            try:
                default = self._names.default_category(self._kind)
            except (LockLacks, PortalRefused):
                return None
            return None if default is None else {default}
        if isinstance(self._entity.fields["categoryId"], list | dict):
            return None
        (leaf,) = leaves(self._spec, self._entity, "fields", "categoryId")
        exact = leaf.known.exact or (
            leaf.call is not None and bool(leaf.call.arguments) and leaf.call.arguments[0].exact
        )
        values = self._values(leaf)
        if not exact or not values or any(not str(each).isdecimal() for each in values):
            return None
        return {int(each) for each in values}

    def _values(self, leaf: Leaf) -> list[Any]:
        """The ids that a leaf can be seen to give."""
        given: list[Any] = []
        for ask, _ in self._questions(leaf.call) if leaf.call is not None else ():
            with suppress(NameNotFound, LockLacks, PortalRefused):
                given.append(ask())
        return [*given, *(each for each in leaf.known.values if each not in (None, ""))]

    def _pipeline_name(self, category: int) -> str:
        try:
            self._names.category(self._kind, str(category))
        except (NameNotFound, LockLacks, PortalRefused):
            return str(category)
        name = self._names.found.get(("category", self._kind), {}).get(str(category))
        return f"{name!r} ({category})" if name else str(category)


def _parted(text: str) -> tuple[str, str]:
    """What is wrong, and what may have been meant."""
    message, mark, rest = text.partition("; nearest: ")
    return (message, f"did you mean {rest}?") if mark else (text, "")


def _nearest(text: str, known: dict[str, str]) -> str:
    near = get_close_matches(text.upper(), known, n=3, cutoff=0.5)
    listed = [f"{each} ({known[each]})" for each in near or list(known)[:8]]
    return ("did you mean " if near else "there are ") + ", ".join(listed) + ("?" if near else "")
