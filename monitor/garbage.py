"""Garbage collection for a process that holds much for long and leaves few circles behind."""

from __future__ import annotations

import gc

THRESHOLDS = (10_000, 20, 50)
"""Of the three generations, as `gc.set_threshold` has them."""


def settle() -> None:
    """Take what is loaded by now out of the collector's sight, and have it look at the rest seldom.

    Memory comes back by reference counts; the collector is for circles, of which looks and judgements leave next to
    none. Left to itself it goes through everything under way so often that it takes a good third of a round, and the
    event loop stands still for up to a second each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
