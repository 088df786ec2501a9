from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from monitor.garbage import THRESHOLDS, settle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_loaded_is_out_of_sight() -> None:
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == THRESHOLDS


def test_circles_made_later_are_still_found() -> None:
    settle()
    knots = weakref.WeakSet(Knot() for _ in range(100))
    gc.collect()
    assert not knots
