"""A link that we stand on ourselves: who tells its hosts where to send packets and which addresses to take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from probes.target import Address

LinkPrefix = IPv4Network | IPv6Network

ALL_ROUTERS = IPv6Address("ff02::2")
"""Whom a solicitation is for; it never leaves the link. Source: RFC 4861 6.3.7."""
SOLICITATIONS = 2
"""Packets that ask a link once: for routers, and for DHCPv6 servers."""


class Role(StrEnum):
    """What somebody on a link is to its hosts."""

    ROUTER = "router"
    DHCPV6 = "dhcpv6"
    DHCPV4 = "dhcpv4"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who was heard: by hardware address (lower case, colons) and address, with the *prefixes* offered.

    *lifetime* is for how many seconds a router offers itself as the way out, 0 for none; *age* how long ago it was
    last heard.
    """

    role: Role
    mac: str
    address: Address
    prefixes: tuple[LinkPrefix, ...]
    lifetime: int
    age: float


@dataclass(frozen=True, slots=True)
class Overheard:
    """Everybody heard lately, by role, hardware address and address; *asked* is how many solicitations were sent."""

    speakers: tuple[Speaker, ...]
    asked: int


@dataclass(frozen=True, slots=True)
class Router:
    """A router that is meant to be on a link; it may offer *prefixes* and no others."""

    mac: str
    prefixes: tuple[LinkPrefix, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is meant to be: our *interface* to it, its routers, and the hardware addresses of DHCP servers."""

    interface: str
    routers: tuple[Router, ...] = ()
    dhcp_servers: tuple[str, ...] = ()
