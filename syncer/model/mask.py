"""Fields whose values people are not shown."""

from __future__ import annotations

from collections.abc import Iterable


class Mask:
    """Names of fields, in whichever spelling: `ufCrm_5` masks `UF_CRM_5` too, `comments` masks `COMMENTS`."""

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(map(_plain, names))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _plain(name) in self._names

    def __bool__(self) -> bool:
        return bool(self._names)


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()
