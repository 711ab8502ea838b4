"""What people call the ids in a plan: `Won` for the stage `C9:WON`. Kept beside a plan, whose values stay plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ByValue = Mapping[str, str]
"""A value as text → its name."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of values, by the place of their entity in the plan, then by field."""

    names: Mapping[int, Mapping[str, ByValue]] = field(default_factory=dict)

    def of(self, index: int, field: str, value: Any) -> str | None:
        """The name of a value, or of one element of a list; None where the value says it all."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        return self.names.get(index, {}).get(field, {}).get(str(value))

    def to_json(self) -> dict[str, dict[str, dict[str, str]]]:
        """As plain JSON, sorted."""
        return {
            str(index): {name: dict(sorted(values.items())) for name, values in sorted(fields.items())}
            for index, fields in sorted(self.names.items())
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Mapping[str, ByValue]]) -> Labels:
        """The reverse of `to_json`."""
        return cls({int(index): fields for index, fields in told.items()})
