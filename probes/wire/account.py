"""On whose account something is sent, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass, field


class Budget:
    """What one look at one target may cost: octets read, and seconds with an exchange open. Waiting is free."""

    __slots__ = ("_octets", "_seconds")

    def __init__(self, octets: int = 64 * 1024 * 1024, seconds: float = 900.0) -> None:
        self._octets, self._seconds = octets, seconds

    def spend(self, *, octets: int = 0, seconds: float = 0.0) -> None:
        """Take from the budget; what cannot be known beforehand may exceed it."""
        self._octets -= octets
        self._seconds -= seconds

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self._octets <= 0 or self._seconds <= 0


@dataclass(frozen=True, slots=True)
class Account:
    """The inventory name something is sent for, its agency, and what the look may still cost.

    An empty *agency* is ourselves, which has no pace of its own.
    """

    target: str
    agency: str = ""
    budget: Budget = field(default_factory=Budget)
