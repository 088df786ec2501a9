"""The city for tests: up once for a whole session, gone at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.lifecycle import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Yield the running city; where no namespaces are allowed the tests that need it fail and say why."""
    running = Lab(tmp_path_factory.mktemp("city") / "state")
    running.up()
    try:
        yield running
    finally:
        running.down()
