"""The clock, to be handed in; and the jumps of the one on the wall."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol

JUMP = 30.0
"""Seconds that the wall clock may drift between two glances before it is said to have jumped."""


class Clock(Protocol):
    """What time it is, and how much of it has passed."""

    def now(self) -> dt.datetime:
        """Return the time on the wall, aware and UTC; somebody may set it."""

    def elapsed(self) -> float:
        """Return seconds since some beginning; nobody sets it, and it goes on while the machine sleeps."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> dt.datetime:
        """Return the time on the wall, aware and UTC."""
        return dt.datetime.now(dt.UTC)

    def elapsed(self) -> float:
        """Return seconds since the machine began."""
        # Unlike CLOCK_MONOTONIC this one counts a suspend, which is time that passed and no jump.
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class Jumps:
    """Notices when the time on the wall was set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now, self._elapsed = clock.now(), clock.elapsed()
        self.count = 0

    def glance(self) -> dt.timedelta | None:
        """Return by how much the clock was set since the last glance, backwards if negative; None if it was not."""
        now, elapsed = self._clock.now(), self._clock.elapsed()
        step = (now - self._now) - dt.timedelta(seconds=elapsed - self._elapsed)
        self._now, self._elapsed = now, elapsed
        if abs(step.total_seconds()) < JUMP:
            return None
        self.count += 1
        return step
