"""On whose account something is sent, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.target import Address


class Budget:
    """What one look at one target may cost: octets read, and seconds with an exchange open at each address.

    Waiting is free. An address that lets everything hang uses up its own seconds, not those of the others.
    """

    __slots__ = ("_hung", "_octets", "_seconds")

    def __init__(self, octets: int = 64 * 1024 * 1024, seconds: float = 900.0) -> None:
        self._octets, self._seconds = octets, seconds
        self._hung: dict[Address, float] = {}

    def read(self, octets: int) -> None:
        """Take *octets* from the budget; what cannot be known beforehand may exceed it."""
        self._octets -= octets

    def wait(self, address: Address, seconds: float) -> None:
        """Take *seconds* at *address* from the budget, beyond it if need be."""
        self._hung[address] = self._hung.get(address, 0.0) + seconds

    def spent(self, address: Address) -> bool:
        """Say whether nothing is left for *address*."""
        return self._octets <= 0 or self._hung.get(address, 0.0) >= self._seconds


@dataclass(frozen=True, slots=True)
class Account:
    """The inventory name something is sent for, its agency, and what the look may still cost.

    An empty *agency* is ourselves, which has no pace of its own.
    """

    target: str
    agency: str = ""
    budget: Budget = field(default_factory=Budget)
