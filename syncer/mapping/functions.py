"""The functions of templates. Answers of the portal's directories are kept, so that a name is asked once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from syncer.mapping.bounds import Budget
from syncer.mapping.keys import key_text
from syncer.mapping.names import Files, NameNotFound, Names
from syncer.mapping.text import as_text
from syncer.mapping.unfit import Unfit, shown
from syncer.model.attachment import NoAttachment
from syncer.model.change import Reference
from syncer.model.identity import COMPANY, CONTACT, DEAL, INVOICE, LEAD, QUOTE, EntityTypeId
from syncer.spec.template import ALLOWED_FUNCTIONS

_PREFIXES = {LEAD: "L", DEAL: "D", CONTACT: "C", COMPANY: "CO", QUOTE: "Q", INVOICE: "SI"}
_MOST_KEPT = 10_000


def link_prefix(entity_type_id: EntityTypeId) -> str:
    """What stands before an id in a crm link field: `CO`, `T80` (hexadecimal) for an SPA.

    Source: api-reference/crm/data-types.md.
    """
    return _PREFIXES.get(entity_type_id) or f"T{entity_type_id:x}"


class Functions:
    """The functions of one entity, bound to its type, the other entities' types and the portal's names."""

    def __init__(
        self,
        entity_type_id: EntityTypeId,
        entity_types: Mapping[str, EntityTypeId],
        names: Names,
        budget: Budget,
        files: Files | None,
    ) -> None:
        self._entity_type_id = entity_type_id
        self._entity_types = entity_types
        self._names = names
        self._budget = budget
        self._files = files
        self._kept: dict[tuple[Any, ...], Any] = {}

    def table(self) -> dict[str, Callable[..., Any]]:
        """The functions by the names templates use."""
        own = {name: getattr(self, name) for name in ALLOWED_FUNCTIONS}
        return own | {"range": self._budget.range, "dict": lambda **values: values}

    def ref(self, entity: str, key: Any) -> Reference | None:
        """The id of another entity's item; None in, None out."""
        return None if key is None else self._reference(entity, key, "")

    def link(self, entity: str, key: Any) -> Reference | None:
        """The same with the prefix that crm link fields want (`CO_3`)."""
        return None if key is None else self._reference(entity, key, link_prefix(self._type_of(entity)))

    def status(self, entity_id: str, name: Any) -> Any:
        return self._asked(name, "status", entity_id)

    def stage(self, name: Any, category: Any = None) -> Any:
        if name is None:
            return None
        asked = ("stage", as_text(name), category)
        return self._keep(asked, lambda: self._names.stage(self._entity_type_id, asked[1], category))

    def category(self, name: Any) -> Any:
        return self._asked(name, "category", self._entity_type_id)

    def enum(self, field: str, label: Any) -> Any:
        return self._asked(label, "enum", self._entity_type_id, field)

    def user(self, email: Any) -> Any:
        return self._asked(email, "user")

    def currency(self, name: Any) -> Any:
        return self._asked(name, "currency")

    def file(self, path: Any) -> Any:
        """The file of that path below `attachments`; of a list of paths a list of files. None in, None out."""
        if path is None:
            return None
        if isinstance(path, list | tuple):
            return [self.file(each) for each in self._budget.each(path)]
        if self._files is None:
            raise Unfit("the spec does not say where files are: write `attachments: data/files`")
        try:
            return self._files.describe(as_text(path))
        except NoAttachment as error:
            raise Unfit(str(error)) from None

    def _type_of(self, entity: str) -> EntityTypeId:
        if entity not in self._entity_types:
            raise Unfit(f"the spec has no entity {shown(entity)}")
        return self._entity_types[entity]

    def _reference(self, entity: str, key: Any, prefix: str) -> Reference:
        self._type_of(entity)
        try:
            return Reference(entity, key_text(key), prefix)
        except Unfit as error:
            advice = "; write `ref(…, row.x or none)` to leave the field out" if key == "" else ""
            raise Unfit(f"reference to {entity!r}: {error}{advice}") from None

    def _asked(self, name: Any, directory: str, *within: Any) -> Any:
        """What a directory says of a name; None stays None."""
        if name is None:
            return None
        text = as_text(name)
        return self._keep((directory, *within, text), lambda: getattr(self._names, directory)(*within, text))

    def _keep(self, asked: tuple[Any, ...], ask: Callable[[], Any]) -> Any:
        """The kept answer; a refusal is kept too."""
        if asked not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            try:
                self._kept[asked] = ask()
            except NameNotFound as error:
                self._kept[asked] = error
        answer = self._kept[asked]
        if isinstance(answer, NameNotFound):
            raise Unfit(str(answer))
        return answer
