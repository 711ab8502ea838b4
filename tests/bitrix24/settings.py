"""Limits as a spec gives them, quick where a test does not care."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TestLimits:
    __test__ = False

    burst: int = 1000
    requests_per_second: float = 500.0
    operating_seconds: float = 480.0
    operating_share: float = 1.0
    request_seconds: float = 60.0
    in_flight: int | Literal["auto"] = 4
