"""The city's zones as data: the root, the city and its children, and who serves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Self

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probes.target import Address, Family
from tests.lab import city, hostile, scale
from tests.lab.model import NOBODY, SUFFIX, Name, Site, addresses, ipv4, ipv6
from tests.lab.network import NAME_SERVERS, addresses_at, server_addresses
from tests.lab.sheets import DUAL_ELSEWHERE, ELSEWHERE, IPV4_ONLY_ELSEWHERE

ROOT_SERVER = f"a.root.{SUFFIX}"
ODD_ZONE = f"odd.{SUFFIX}"
ODD_SERVERS = (ipv4(city.HOSTILE, 53), ipv6(city.HOSTILE, 53))
TTL = 60

Invent = Callable[[dns.name.Name, dns.rdatatype.RdataType], list[dns.rrset.RRset] | None]
"""Makes up the records of a name; None: there is no such name."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: its records, the names that exist, and the cuts below its apex."""

    origin: dns.name.Name
    records: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]
    names: frozenset[dns.name.Name]
    cuts: frozenset[dns.name.Name]
    invent: Invent | None = None

    @classmethod
    def of(cls, origin: str, lines: Iterator[tuple[str, str, str]], invent: Invent | None = None) -> Self:
        """Build a zone from (owner, type, data), owners absolute without trailing dot."""
        apex = absolute(origin)
        records: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset] = {}
        for owner, kind, data in lines:
            made = dns.rrset.from_text(absolute(owner), TTL, "IN", kind, data)
            known = records.setdefault((made.name, made.rdtype), made)
            known.update(made)  # type: ignore[no-untyped-call]
        names = {ancestor for name, _ in records for ancestor in _up_to(name, apex)}
        cuts = {name for name, kind in records if kind == dns.rdatatype.NS and name != apex}
        return cls(apex, records, frozenset(names), frozenset(cuts), invent)


def absolute(name: str) -> dns.name.Name:
    """Return a name written without its trailing dot."""
    return dns.name.from_text(name if name.endswith(".") else f"{name}.")


def _up_to(name: dns.name.Name, apex: dns.name.Name) -> Iterator[dns.name.Name]:
    while name.is_subdomain(apex):
        yield name
        if name == apex:
            return
        name = name.parent()


def kind_of(address: Address) -> str:
    """Return the record type an address is published as."""
    return "A" if address.version == 4 else "AAAA"


def server_name(name: Name) -> str:
    """Return the full name of a name server."""
    return f"{name.value}.{SUFFIX}"


def _soa(origin: str, server: str) -> tuple[str, str, str]:
    return origin or ".", "SOA", f"{server}. hostmaster.{SUFFIX}. 1 3600 600 86400 {TTL}"


def sites() -> tuple[Site, ...]:
    """Return every site with names: the agencies' and the hostile one."""
    return (*city.SITES, hostile.site())


def _city_servers() -> tuple[Name, ...]:
    return next(site.servers for site in city.SITES if not site.domain)


def _glue(names: tuple[Name, ...]) -> Iterator[tuple[str, str, str]]:
    for name in names:
        for address in server_addresses(name):
            yield server_name(name), kind_of(address), str(address)


def root_zone() -> Zone:
    """Return the root: itself, and the delegation of the city."""

    def lines() -> Iterator[tuple[str, str, str]]:
        yield _soa("", ROOT_SERVER)
        yield ".", "NS", f"{ROOT_SERVER}."
        for name in _city_servers():
            yield SUFFIX, "NS", f"{server_name(name)}."
        yield from ((ELSEWHERE, "NS", f"{server_name(name)}.") for name in _city_servers())
        yield from _glue(_city_servers())

    return Zone.of(".", lines())


def city_zone() -> Zone:
    """Return the city's own zone with the delegations of every agency's."""

    def lines() -> Iterator[tuple[str, str, str]]:
        yield _soa(SUFFIX, server_name(Name.NS1))
        for name in _city_servers():
            yield SUFFIX, "NS", f"{server_name(name)}."
        yield from _glue(tuple(NAME_SERVERS))
        for address in addresses_at(city.ROOT):
            yield ROOT_SERVER, kind_of(address), str(address)
        for site in sites():
            if site.domain:
                yield from ((site.zone, "NS", f"{server_name(name)}.") for name in site.servers)
            else:
                yield from _hosts(site)
        yield from ((scale.ZONE, "NS", f"{server_name(name)}.") for name in _city_servers())
        yield ODD_ZONE, "NS", f"ns.{ODD_ZONE}."
        for address in ODD_SERVERS:
            yield f"ns.{ODD_ZONE}", kind_of(address), str(address)

    return Zone.of(SUFFIX, lines())


def elsewhere_zone() -> Zone:
    """Return the zone of hosts that no agency owns."""

    def lines() -> Iterator[tuple[str, str, str]]:
        yield _soa(ELSEWHERE, server_name(Name.NS1))
        for name in _city_servers():
            yield ELSEWHERE, "NS", f"{server_name(name)}."
        for number, host in enumerate(sorted(IPV4_ONLY_ELSEWHERE | DUAL_ELSEWHERE), 10):
            yield host, "A", str(ipv4(NOBODY, number))
            if host in DUAL_ELSEWHERE:
                yield host, "AAAA", str(ipv6(NOBODY, number))

    return Zone.of(ELSEWHERE, lines())


def _hosts(site: Site) -> Iterator[tuple[str, str, str]]:
    for host in site.hosts:
        for family in Family:
            for address in addresses(site, host, family):
                yield site.fqdn(host), kind_of(address), str(address)


def agency_zone(site: Site) -> Zone:
    """Return the zone of an agency that has one of its own."""

    def lines() -> Iterator[tuple[str, str, str]]:
        yield _soa(site.zone, server_name(site.servers[0]))
        for name in site.servers:
            yield site.zone, "NS", f"{server_name(name)}."
        yield from _hosts(site)

    return Zone.of(site.zone, lines())


def scale_zone(count: int) -> Zone:
    """Return the zone of the many hosts, whose records are made up on the way."""
    lines = [_soa(scale.ZONE, server_name(Name.NS1))]
    lines += [(scale.ZONE, "NS", f"{server_name(name)}.") for name in _city_servers()]
    return Zone.of(scale.ZONE, iter(lines), partial(scale.invent, count))


def served_by(name: Name, many: int = 0) -> tuple[Zone, ...]:
    """Return the zones a name server answers for, of *many* hosts too; a lame one answers for none."""
    if name is Name.LAME:
        return ()
    own = [agency_zone(site) for site in sites() if site.domain and name in site.servers]
    if name not in _city_servers():
        return tuple(own)
    return (city_zone(), elsewhere_zone(), *own, *([scale_zone(many)] if many else []))
