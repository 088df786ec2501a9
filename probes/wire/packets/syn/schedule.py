"""A rate kept against an absolute schedule, so that no lateness adds up."""

from __future__ import annotations

_FORGIVEN = 0.05
"""Seconds a schedule may be behind and still make it good."""


class Schedule:
    """So many packets a second, counted from the first. Time is any clock that never runs backwards, in seconds."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate, self._begin, self._sent = rate, now, 0

    def due(self, now: float) -> int:
        """Return how many packets are due and not sent."""
        behind = now - self._begin - self._sent / self._rate
        if behind > _FORGIVEN:
            self._begin += behind - _FORGIVEN
            behind = _FORGIVEN
        return int(behind * self._rate) + 1 if behind >= 0 else 0

    def sent(self, count: int) -> None:
        """Note that *count* packets have been sent."""
        self._sent += count

    @property
    def next_at(self) -> float:
        """The moment at which the next packet is due."""
        return self._begin + self._sent / self._rate
