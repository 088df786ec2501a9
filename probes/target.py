"""What is measured: a target is a name in the inventory, never an address it happens to have."""

from __future__ import annotations

import datetime as dt
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address


class Family(StrEnum):
    """An address family; the two are measured apart and never stand in for each other."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"

    @classmethod
    def of(cls, address: Address) -> Family:
        """Return the family *address* belongs to; an IPv4-mapped IPv6 address is IPv6."""
        return cls.IPV4 if address.version == 4 else cls.IPV6

    @property
    def socket_family(self) -> socket.AddressFamily:
        """The AF_ constant a socket of this family is opened with."""
        return socket.AF_INET if self is Family.IPV4 else socket.AF_INET6

    @property
    def other(self) -> Family:
        """The family this one is compared with."""
        return Family.IPV6 if self is Family.IPV4 else Family.IPV4


class Kind(StrEnum):
    """What a target is for."""

    WEBSITE = "website"
    SERVER = "server"
    DNS = "dns"
    MAIL = "mail"
    NETWORK_DEVICE = "network_device"
    LINK = "link"
    """A link we stand on: no host, and only what is made for links looks at it."""


class Transport(StrEnum):
    """The transport a service is offered on."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True, order=True)
class Service:
    """One service a target is meant to offer, over one family."""

    family: Family
    transport: Transport
    port: int


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A daily span of local time in which a target is left alone; *end* before *start* crosses midnight."""

    start: dt.time
    end: dt.time

    def covers(self, moment: dt.time) -> bool:
        """Say whether *moment*, a local time, lies inside; the end itself does not."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """How a device is asked by SNMP: with which credentials, by name, and which of its interfaces are *uplinks*."""

    credentials: str
    port: int = 161
    uplinks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One inventory entry: a host an agency answers for.

    *host* is a lower-case A-label name without trailing dot, or an address literal. *value* is the asset value
    of GB/T 20984, 1 (lowest) to 5. *paths* are the URL paths assessed, because a town's website is often a
    channel of the city portal. *declared* may be empty: then nothing is meant to be open. *zones* are the
    vantage zones it must be seen from; empty means every zone.
    """

    host: str
    agency: str
    kind: Kind = Kind.SERVER
    value: int = 3
    paths: tuple[str, ...] = ("/",)
    declared: frozenset[Service] = frozenset()
    zones: frozenset[str] = frozenset()
    quiet: tuple[QuietHours, ...] = ()
    ipv6_exempt: bool = False
    """Intentionally without IPv6: the rollout shows it apart and no finding is opened."""
    snmp: SnmpAccess | None = None

    @property
    def literal(self) -> Address | None:
        """The address, when the inventory names the target by address."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    def declares(self, family: Family, port: int, transport: Transport = Transport.TCP) -> bool:
        """Say whether the service is one the target is meant to offer."""
        return Service(family, transport, port) in self.declared


@dataclass(frozen=True, slots=True)
class Vantage:
    """Where we look from; *families* are those it has been configured to have, proven anew every round."""

    name: str
    zone: str = "default"
    families: frozenset[Family] = field(default_factory=lambda: frozenset(Family))

    def sees(self, target: Target) -> bool:
        """Say whether *target* is one to be seen from here."""
        return not target.zones or self.zone in target.zones
