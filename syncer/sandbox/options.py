"""What a sandbox is started with, and the switches that may change while it runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

SCOPES = ("crm", "user", "user_basic", "department", "userfieldconfig")


class SandboxError(Exception):
    """The sandbox cannot be started, or a switch has no such name or value. The text is for people."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches of a running portal.

    All can be changed through `/_sandbox/settings`; none is kept in the file. Limits are the documented
    ones of a commercial cloud plan (limits.md).
    """

    limits: bool = True
    requests_per_second: float = 2.0  # how fast the leaky bucket drains
    burst: int = 50  # requests the bucket holds
    operating_seconds: float = 480.0  # per method in the window
    operating_window: float = 600.0  # seconds; ten buckets
    operating_keys: bool = True  # `operating` in the envelope and in every result_time
    cost: Mapping[str, float] = field(default_factory=dict)  # method -> seconds it is said to take
    sleep: bool = False  # really spend that time
    workers: int = 0  # requests worked on at once, others stand in line (0: any number)

    admin: bool = True
    intranet: bool = True
    scopes: tuple[str, ...] = SCOPES
    denied: tuple[str, ...] = ()  # "add", "add:2", "read:1302", "import", "update", "delete", "settings", ...
    hidden: tuple[int, ...] = ()  # types whose items the caller does not see: lists are empty, get finds nothing
    unfilterable: tuple[str, ...] = ()  # fields refused in filter
    ignored_filters: tuple[str, ...] = ()  # fields whose conditions have no effect
    required_at: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)  # type -> stage -> fields
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # type -> fields passed over without an error
    plan_without_spa: bool = False  # CREATE_DYNAMIC_ITEM_RESTRICTED
    overloaded: bool = False  # OVERLOAD_LIMIT
    https_required: bool = False  # INVALID_REQUEST to everything, as a cloud portal asked by plain http
    moved_to: str = ""  # the portal was renamed: 302 to this address

    key_trim: bool = False  # outside keys lose surrounding white space
    key_cut: int = 0  # ... are cut to so many characters (0: never)
    key_fold: bool = False  # ... compare without case and accents


_LISTS = {"scopes": str, "denied": str, "hidden": int, "unfilterable": str, "ignored_filters": str}


def changed(settings: Settings, patch: Mapping[str, Any]) -> Settings:
    """`settings` with the values of `patch`.

    Raises SandboxError for an unknown name or a value of a wrong type.
    """
    known = {each.name: getattr(settings, each.name) for each in fields(settings)}
    checked: dict[str, Any] = {}
    for name, value in patch.items():
        if name not in known:
            raise SandboxError(f"no switch is named {name!r}; there are {', '.join(sorted(known))}")
        checked[name] = _typed(name, known[name], value)
    return replace(settings, **checked)


def _typed(name: str, now: object, value: object) -> object:
    if name in _LISTS:
        if isinstance(value, list | tuple) and all(isinstance(each, _LISTS[name]) for each in value):
            return tuple(value)
    elif isinstance(now, bool) or isinstance(value, bool):
        if isinstance(now, bool) and isinstance(value, bool):
            return value
    elif isinstance(now, int | float):
        if isinstance(value, int | float) and value >= 0:
            return value
    elif isinstance(now, str):
        if isinstance(value, str):
            return value
    elif isinstance(value, Mapping):
        return dict(value)
    raise SandboxError(f"the switch {name!r} cannot be {value!r}")


@dataclass(frozen=True, slots=True)
class Options:
    """Everything a sandbox is started with.

    `port` 0 lets the system choose one; `host` must be a loopback one.
    """

    db: Path
    host: str = "127.0.0.1"
    port: int = 0
    follow_stdin: bool = False
    zone: str = "+03:00"  # the portal's time zone; counts when the file is made
    settings: Settings = field(default_factory=Settings)
    faults: tuple[Mapping[str, Any], ...] = ()  # faults.Fault: those that wait from the start
    seed: str = ""  # of what faults leave to chance; empty: another one each time

    def check(self) -> None:
        """Raises SandboxError when these options cannot work."""
        if not is_loopback(self.host):
            raise SandboxError(f"{self.host} is not a loopback address; a sandbox serves this machine alone")
        if not 0 <= self.port <= 65535:
            raise SandboxError(f"{self.port} is not a port")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
