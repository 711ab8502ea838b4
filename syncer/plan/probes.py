"""What was found out about a portal's look-ups, by entity type and stamped field; the state keeps it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final, Protocol

from syncer.errors import PortalError
from syncer.model.identity import LONGEST_STAMP, EntityTypeId, Stamp
from syncer.model.key_rules import UNSEEN, KeyRules
from syncer.store import PortalId
from syncer.store.portals import Portals

ORIGINATOR: Final = "originatorId"


class Stamped(Protocol):
    """What is stamped, and in which field: an entity of a spec."""

    @property
    def entity_type_id(self) -> EntityTypeId: ...

    @property
    def stamp(self) -> Stamp: ...


class Probes:
    """The rules by which a portal keeps keys. What a run learns is kept by `save`."""

    def __init__(self, portals: Portals, portal_id: PortalId) -> None:
        self._portals = portals
        self._portal_id = portal_id
        self._rules: dict[str, KeyRules] = {}
        self._kept: dict[str, KeyRules] = {}

    def rules(self, target: Stamped) -> KeyRules:
        """What is known of the field that the target's identities are stamped in."""
        return self._find(_name(target, target.stamp.field))

    def learn(self, target: Stamped, rules: KeyRules) -> None:
        self._rules[_name(target, target.stamp.field)] = rules

    def learn_echo(self, target: Stamped, sent: str, stored: str, originator: str | None) -> None:
        """What the portal's answer to a create shows: the stamped text, and the originatorId where that is a field."""
        self.learn(target, self.rules(target).seen(sent, stored))
        if originator is not None:
            name = _name(target, ORIGINATOR)
            self._rules[name] = self._find(name).seen(target.stamp.originator_id, originator)

    def check_kept(self, target: Stamped) -> None:
        """Raises PortalError when the portal is known not to keep enough of a target's identities."""
        stamp = target.stamp
        if stamp.split:
            kept = self._find(_name(target, ORIGINATOR)).stored(stamp.originator_id)
            whole = kept == stamp.originator_id
        else:
            kept = self.rules(target).stored(stamp.text("x" * LONGEST_STAMP))
            whole = bool(stamp.origin_id(kept))
        if not whole:
            raise PortalError(
                f"the portal keeps no more than {kept!r} of the originatorId {stamp.originator_id!r}",
                detail=f"so the identities of entityTypeId {target.entity_type_id} cannot be told from those of others",
                hint="Choose an originatorId that it keeps whole, or an `origin_field` with room for it.",
            )

    def save(self) -> None:
        """Writes what is new to the state."""
        for name, rules in self._rules.items():
            if rules != self._kept.get(name, UNSEEN):
                self._portals.put_catalog(self._portal_id, name, asdict(rules))
                self._kept[name] = rules

    def _find(self, name: str) -> KeyRules:
        if name not in self._rules:
            copy = self._portals.catalog(self._portal_id, name)
            self._rules[name] = self._kept[name] = UNSEEN if copy is None else _read(copy.body)
        return self._rules[name]


def _name(target: Stamped, field: str) -> str:
    return f"keys:{target.entity_type_id}:{field}"


def _read(body: dict[str, Any]) -> KeyRules:
    return KeyRules(**{name: value for name, value in body.items() if name in KeyRules.__slots__})
