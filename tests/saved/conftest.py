"""Fixtures."""

from tests.plan.fixtures import portal, process, project  # noqa: F401  # fixtures
