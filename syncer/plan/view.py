"""What a report may ask of a plan. A plan that was just made fulfils it, and so does a saved one that was loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from syncer.model.change import Cause, Change, Drifted, EntityName
from syncer.model.forecast import Forecast
from syncer.model.identity import EntityTypeId, PortalName, Stamp
from syncer.model.tally import DriftTally, PlanTally


class SpecView(Protocol):
    """A spec that a plan was made of. `files`: path from the project's root → `sha256:…`."""

    @property
    def name(self) -> str: ...

    @property
    def files(self) -> Mapping[str, str]: ...


class TargetView(Protocol):
    """One entity of one spec. `index` is its place in the plan; `mask` are the fields shown as `***`."""

    @property
    def index(self) -> int: ...

    @property
    def name(self) -> EntityName: ...

    @property
    def entity_type_id(self) -> EntityTypeId: ...

    @property
    def stamp(self) -> Stamp: ...

    @property
    def mask(self) -> Sequence[str]: ...


class PlanView(Protocol):
    """A finished plan. `tallies` are those of `targets`, in their order; `total` is their sum."""

    @property
    def portal(self) -> PortalName: ...

    @property
    def specs(self) -> Sequence[SpecView]: ...

    @property
    def targets(self) -> Sequence[TargetView]: ...

    @property
    def tallies(self) -> Sequence[PlanTally]: ...

    @property
    def total(self) -> PlanTally: ...

    @property
    def forecast(self) -> Forecast: ...

    def changes(self, target: TargetView) -> Iterator[Change]:
        """The changes of one of `targets` in key order, streamed. Can be gone through again and again."""
        ...

    def causes(self, target: TargetView, keys: int) -> Iterator[Cause]:
        """What blocks rows of one of `targets`, what blocks most of them first, with the first `keys` of its rows."""
        ...

    @property
    def drift(self) -> Sequence[DriftTally] | None:
        """What has drifted of each of `targets`; None: nobody asked for it."""
        ...

    def drifted(self, target: TargetView) -> Iterator[Drifted]:
        """Rows of one of `targets` that are changed, or whose items are deleted, in key order, streamed."""
        ...

    def label(self, target: TargetView, field: str, value: Any) -> str | None:
        """What people call a value of a field, or one element of a list: `Won` for `C9:WON`. None: nothing else.

        To be shown as `Won (C9:WON)`; values, JSON and the digest stay plain.
        """
        ...

    def digest(self) -> str:
        """`sha256:…`: what an approval names."""
        ...
