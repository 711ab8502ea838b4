"""The portal and the project of these tests."""

from tests.plan.fixtures import portal, process, project  # noqa: F401  # fixtures
