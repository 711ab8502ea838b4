"""The desk of a person who uses the installed command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.installed import Desk
from tests.plan.fixtures import portal, process  # noqa: F401  # fixtures


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three customers, two purchases, and an embedded portal that has none of them."""
    return Desk(tmp_path)
