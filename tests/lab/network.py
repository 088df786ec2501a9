"""Which namespaces there are, which addresses each owns, and what its firewall does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from probes.target import Address, Family
from tests.lab import city, ground, hostile, loopback
from tests.lab.model import BOTH, ONLY_IPV4, ONLY_IPV6, Host, Name, Site, ipv4, ipv6

ROUTER = "isp"
VANTAGE = "vantage"
MANY = "scale"
ROUTER_HOST = 1
NAME_SERVERS = {Name.NS1: 2, Name.NS2: 3, Name.NS3: 4, Name.NS4: 6, Name.NS5: 7, Name.LAME: 8}
"""The site number of each name server."""


@dataclass(frozen=True, slots=True)
class Node:
    """One namespace: a name, a site number, its addresses, and the nftables rules for what comes in."""

    name: str
    number: int
    addresses: tuple[Address, ...]
    incoming: tuple[str, ...] = ()
    loss: float = 0.0
    mtu6: int = 0
    tunnel6: int = 0


def server_addresses(name: Name) -> tuple[Address, ...]:
    """Return the addresses a name server owns."""
    dual = name in loopback.DUAL if ground.ON_LOOPBACK else name is not Name.NS2
    return tuple(_pair(NAME_SERVERS[name], 53, BOTH if dual else ONLY_IPV4))


def addresses_at(number: int) -> tuple[Address, ...]:
    """Return the addresses of the root server or the resolver; on loopback IPv6 has room for neither."""
    return tuple(_pair(number, 53, ONLY_IPV4 if ground.ON_LOOPBACK else BOTH))


def _pair(number: int, host: int, families: frozenset[Family] = BOTH) -> Iterator[Address]:
    if Family.IPV4 in families:
        yield ipv4(number, host)
    if Family.IPV6 in families:
        yield ipv6(number, host)


def _match(address: Address) -> str:
    return f"{'ip' if address.version == 4 else 'ip6'} daddr {address}"


def _drops(site: Site, host: Host) -> Iterator[str]:
    for family in sorted(host.drops):
        ports = ", ".join(map(str, sorted(host.drops[family])))
        yield f"{_match(site.address(host, family))} tcp dport {{ {ports} }} drop"


def of_site(site: Site) -> Node:
    """Return the namespace an agency's network lives in."""
    rules = [rule for host in site.hosts for rule in _drops(site, host)]
    if not site.echo6:
        rules.append("icmpv6 type { echo-request, echo-reply } drop")
    owned = tuple(site.address(host, family) for host in site.hosts for family in sorted(host.families))
    return Node(site.key, site.number, owned, tuple(rules), site.loss, site.mtu6, site.tunnel6)


def nodes(scale: int = 0) -> tuple[Node, ...]:
    """Return every namespace but the router, the vantages first; with *scale* also the one of the many hosts."""
    servers = []
    for name, number in NAME_SERVERS.items():
        own = server_addresses(name)
        rules = (f"{_match(own[-1])} meta l4proto {{ tcp, udp }} th dport 53 drop",) if name is Name.NS4 else ()
        servers.append(Node(name.value, number, own, rules))
    foe = of_site(hostile.site())
    return (
        Node(VANTAGE, city.VANTAGE, tuple(_pair(city.VANTAGE, 10))),
        Node(f"{VANTAGE}4", city.VANTAGE4, tuple(_pair(city.VANTAGE4, 10, ONLY_IPV4))),
        Node(f"{VANTAGE}6", city.VANTAGE6, tuple(_pair(city.VANTAGE6, 10, ONLY_IPV6))),
        Node("root", city.ROOT, addresses_at(city.ROOT)),
        Node("resolver", city.RESOLVER, addresses_at(city.RESOLVER)),
        *servers,
        *(of_site(site) for site in city.SITES),
        dataclasses.replace(foe, addresses=(*_pair(city.HOSTILE, 53), *foe.addresses)),
        *([Node(MANY, city.SCALE, tuple(_pair(city.SCALE, 10)))] if scale else []),
    )
