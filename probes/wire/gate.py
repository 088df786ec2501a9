"""One limit on what leaves: so many a second, so many at a time, and slower while the other side is in distress."""

from __future__ import annotations

TOLERANCE = 0.02
"""Seconds a gate may catch up after a late wake-up; the refill is slower by as much, so no second is overrun."""

SLOWEST = 8.0
"""The most a gate is slowed down by distress, as a factor."""

PATIENCE = 4.0
"""The strain in a row after which a gate slows down, and again after every half of it."""


class Gate:
    """A token bucket kept as a virtual schedule (GCRA), and a count of those who are through and not yet done.

    No half-open second sees more than *rate*, rounded up. Rates and caps may be infinite.
    """

    __slots__ = ("_interval", "_strain", "_theoretical", "busy", "cap", "slowdown")

    def __init__(self, rate: float, cap: float) -> None:
        self._theoretical = float("-inf")
        self._strain = 0.0
        self.busy, self.slowdown = 0, 1.0
        self.adopt(rate, cap)

    def adopt(self, rate: float, cap: float) -> None:
        """Keep to *rate* and *cap* from now on; what went before still counts."""
        self._interval = (1.0 + TOLERANCE) / rate
        self.cap = cap

    @property
    def ready_at(self) -> float:
        """The moment from which the next one may go."""
        return self._theoretical - TOLERANCE

    @property
    def full(self) -> bool:
        """Whether as many are under way as may be."""
        return self.busy >= self.cap

    def take(self, now: float, packets: int) -> None:
        """Let one go now; it counts as *packets*."""
        self.charge(now, packets)
        self.busy += 1

    def charge(self, now: float, packets: int) -> None:
        """Count *packets* that went without asking; those to come wait the longer."""
        self._theoretical = max(now, self._theoretical) + packets * self._interval * self.slowdown

    def feel(self, strain: float) -> None:
        """Note how an exchange went: 0 is well, 1 is bad; what strains in a row slows down."""
        if strain == 0.0:
            self._strain, self.slowdown = 0.0, max(1.0, self.slowdown / 2)
            return
        self._strain += strain
        if self._strain >= PATIENCE:
            self._strain, self.slowdown = PATIENCE / 2, min(SLOWEST, self.slowdown * 2)

    def forgettable(self, now: float) -> bool:
        """Whether nobody would go sooner if this gate were made anew."""
        return not self.busy and self.slowdown == 1.0 and self.ready_at <= now
