"""Is our own resolver making up AAAA records? Then an AAAA proves nothing of its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from probes.addressing import classify, usable
from probes.target import Address
from probes.wire import DnsQuery, NotLooked, Unreached, Wire

NAME = "ipv4only.arpa"
"""Has A records, and by definition no AAAA: one that comes was made up."""
_WELL_KNOWN = (IPv4Address("192.0.0.170"), IPv4Address("192.0.0.171"))
_LENGTHS = (96, 64, 56, 48, 40, 32)


async def translated_prefixes(wire: Wire) -> tuple[IPv6Network, ...]:
    """Return the prefixes our resolvers make AAAA records with; a resolver that does not answer has none.

    Source: RFC 7050 3.
    """
    return await wire.once(("dns64",), lambda: _discover(wire))


async def usable_among(addresses: Iterable[Address], wire: Wire) -> list[Address]:
    """Return those of *addresses* that can be anyone's and that nobody made up, smallest first."""
    found = sorted(set(addresses), key=int)
    translated = await translated_prefixes(wire) if any(address.version == 6 for address in found) else ()
    native = wire.surroundings.native
    return [address for address in found if usable(address, classify(address, translated), native)]


def prefixes_in(addresses: Iterable[IPv6Address]) -> Iterator[IPv6Network]:
    """Yield the prefix of each address that has a well-known IPv4 address embedded. Source: RFC 6052 2.2."""
    for address in addresses:
        for length in _LENGTHS:
            if _embedded(address, length) in _WELL_KNOWN:
                yield IPv6Network((address, length), strict=False)
                break


async def _discover(wire: Wire) -> tuple[IPv6Network, ...]:
    found: set[IPv6Network] = set()
    own = wire.surroundings
    for resolver in own.resolvers:
        try:
            answer = await wire.ask(DnsQuery(resolver, NAME, "AAAA", port=own.resolver_port))
        except (Unreached, NotLooked):
            continue
        found.update(prefixes_in(IPv6Address(record.value) for record in answer.answer if record.rdtype == "AAAA"))
    return tuple(sorted(found))


def _embedded(address: IPv6Address, length: int) -> IPv4Address:
    octets = address.packed[length // 8 :]
    # Bits 64 to 71 are skipped, whatever the prefix length.
    gap = 8 - length // 8
    if 0 <= gap < 4:
        octets = octets[:gap] + octets[gap + 1 :]
    return IPv4Address(octets[:4])
