"""What a host's packet filter is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from probes.target import Address, Family, Service, Transport
from probes.wire.scope import Network
from rules.finding import Finding
from rules.text import Text


class Dialect(StrEnum):
    """How a filter is written: for nftables on the host, or for a switch of that make."""

    NFTABLES = "nftables"
    HUAWEI = "huawei"
    H3C = "h3c"
    CISCO = "cisco"
    RUIJIE = "ruijie"


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """A service let in, over both families alike."""

    transport: Transport
    port: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A finding about a port, and the title of its rule. *declared*: the port stays open, for it is declared."""

    finding: Finding
    title: Text
    declared: bool


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The filter of one host.

    *declared* are its services as the inventory has them, *addresses* those within our scope, *beyond* those outside
    of it, which we write no rule for. *trusted* are prefixes that may reach everything. *vantage* and *contact* say who
    looks at it from outside, *policy* by which policy.
    """

    host: str
    agency: Text
    declared: frozenset[Service]
    addresses: tuple[Address, ...]
    beyond: tuple[Address, ...]
    trusted: tuple[Network, ...]
    closings: tuple[Closing, ...]
    vantage: str
    contact: str
    policy: str

    @property
    def doors(self) -> tuple[Door, ...]:
        """What is let in: whatever is declared over one family is let in over both."""
        return tuple(sorted({Door(service.transport, service.port) for service in self.declared}))

    def ports(self, transport: Transport) -> tuple[int, ...]:
        """Return the ports of *transport* that are let in."""
        return tuple(door.port for door in self.doors if door.transport is transport)

    def lopsided(self) -> Iterable[tuple[Door, Family]]:
        """Yield the services declared over one family alone, and which."""
        for door in self.doors:
            over = [family for family in Family if Service(family, door.transport, door.port) in self.declared]
            if len(over) == 1:
                yield door, over[0]
