"""Fixtures every test may use, and which tests may not be parted when several processes share them."""

from __future__ import annotations

import pytest

from tests.lab.fixture import lab

__all__ = ["lab"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together, and all that use the city: it is built once, and its faults are for everyone."""
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        item.add_marker(pytest.mark.xdist_group("lab" if "lab" in fixtures else item.path.name))
