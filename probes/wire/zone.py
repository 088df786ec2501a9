"""The zone a name lies in, and the name servers it is delegated to, found even when they do not work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from ipaddress import ip_address
from itertools import zip_longest
from typing import Protocol, TypeVar

from probes.target import Address
from probes.wire import DnsAnswer, DnsQuery, DnsRecord, NotLooked, Unreached
from probes.wire.dns_codec import name_of
from probes.wire.recursion import OURS, SETTLED, Ask, Recursion
from probes.wire.trail import parent, within

T = TypeVar("T")
SERVERS = 16
"""Name servers whose addresses are looked up at most: a zone may name hundreds, all of them elsewhere."""
ADDRESSES = 6
"""Addresses of a zone's servers asked at most for one answer."""
PATIENCE = 3
"""Names that fail before those in between are skipped: somebody may have made a name of a hundred labels."""
DEPTH = 8
"""Delegations followed at most below the last zone that works."""


class Once(Protocol):
    """Takes a measurement that many share, as `Wire.once` does."""

    async def __call__(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Return what is known under *key*, measuring it first when nothing is."""


class Side(StrEnum):
    """Which side of a zone cut named the servers."""

    CHILD = "child"
    PARENT = "parent"
    """The zone itself does not work; this is what its parent delegates to."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone and its *servers* by name, in order. *glue* holds (server, address) as the parent gave them."""

    apex: str
    servers: tuple[str, ...]
    side: Side
    glue: tuple[tuple[str, Address], ...] = ()

    def glued(self, server: str) -> tuple[Address, ...]:
        """Return the addresses the parent gave for *server*."""
        return tuple(address for name, address in self.glue if name == server)


class Zones:
    """Finds zones with the resolvers' help, and without it below the point where they fail."""

    def __init__(self, recursion: Recursion, once: Once) -> None:
        self._recursion, self._once = recursion, once

    async def find(self, name: str, ask: Ask) -> Zone:
        """Return the zone *name* lies in.

        Raises:
            NotLooked: no resolver works.
        """
        return await self._once(("zone of", name), lambda: self._find(name, ask))

    async def addresses(self, zone: Zone, ask: Ask) -> tuple[Address, ...]:
        """Return where the zone's servers are, families in turn, as far as the resolvers and the glue say."""
        return await self._once(("servers", zone.apex, zone.side), lambda: self._addresses(zone, ask))

    async def _find(self, name: str, ask: Ask) -> Zone:
        apex, broken = await self._apex(name, ask)
        zone = await self._once(("zone", apex), lambda: self._servers(apex, ask))
        return await self._descend(zone, name, ask) if broken or not zone.servers else zone

    async def _apex(self, name: str, ask: Ask) -> tuple[str, bool]:
        """Return the nearest zone that works, and whether names between it and *name* did not."""
        failures, here = 0, name
        while here != ".":
            answer = await self._recurse(here, "SOA", ask)
            if answer is None or answer.rcode not in SETTLED:
                failures += 1
                if failures == PATIENCE:
                    here = ".".join(here.split(".")[-PATIENCE - 1 :])
            elif not any(record.rdtype == "CNAME" and record.owner == here for record in answer.answer):
                apex = _apex_in(answer, here)
                if apex is not None:
                    return apex, failures > 0
            here = parent(here)
        return ".", failures > 0

    async def _servers(self, apex: str, ask: Ask) -> Zone:
        answer = await self._recurse(apex, "NS", ask)
        return Zone(apex, _named(answer.answer if answer else (), apex), Side.CHILD)

    async def _descend(self, zone: Zone, name: str, ask: Ask) -> Zone:
        """Ask the servers themselves for the cuts between *zone* and *name*."""
        for _ in range(DEPTH):
            below = await self._once(("cut", zone.apex, name), partial(self._cut, zone, name, ask))
            if below is None:
                break
            zone = below
        return zone

    async def _cut(self, zone: Zone, name: str, ask: Ask) -> Zone | None:
        for address in (await self.addresses(zone, ask))[:ADDRESSES]:
            try:
                answer = await ask(DnsQuery(address, name, "SOA", recursive=False))
                if answer.authoritative and (apex := _apex_in(answer, name)) not in (None, zone.apex):
                    # One server for both sides of the cut: it answers from below at once.
                    below = await ask(DnsQuery(address, apex, "NS", recursive=False))
                    return Zone(apex, _named(below.answer, apex), Side.CHILD)
            except Unreached:
                continue
            except NotLooked as refusal:
                if refusal.reason in OURS:
                    raise
                continue
            if not answer.authoritative and (cut := _cut_in(answer, zone.apex, name)) is not None:
                return cut
        return None

    async def _addresses(self, zone: Zone, ask: Ask) -> tuple[Address, ...]:
        found: dict[str, list[Address]] = {"A": [], "AAAA": []}
        for server in zone.servers[:SERVERS]:
            for address in zone.glued(server):
                found["A" if address.version == 4 else "AAAA"].append(address)
            for rdtype, addresses in found.items() if not zone.glued(server) else ():
                answer = await self._recurse(server, rdtype, ask)
                records = answer.answer if answer else ()
                addresses += [ip_address(record.value) for record in records if record.rdtype == rdtype]
        turns = zip_longest(found["A"], found["AAAA"])
        return tuple(dict.fromkeys(address for turn in turns for address in turn if address is not None))

    async def _recurse(self, name: str, rdtype: str, ask: Ask) -> DnsAnswer | None:
        """Ask a resolver, with checking disabled: who serves a zone does not depend on its signatures."""
        try:
            return await self._recursion.ask(ask, name, rdtype, checking_disabled=True)
        except Unreached:
            return None


def serial_in(answer: DnsAnswer, apex: str) -> int | None:
    """Return the zone's serial if *answer*, to a question for the SOA of *apex*, is that of one of its servers."""
    if not answer.authoritative or answer.rcode != "NOERROR":
        return None
    for record in answer.answer:
        if record.rdtype == "SOA" and record.owner == apex:
            parts = record.value.split()
            # Of names made to be long a clipped value is left, and of that no serial.
            return int(parts[2]) if len(parts) == 7 and parts[2].isdecimal() else None
    return None


def _apex_in(answer: DnsAnswer, name: str) -> str | None:
    owners = [record.owner for record in (*answer.answer, *answer.authority) if record.rdtype == "SOA"]
    return next((owner for owner in owners if within(name, owner)), None)


def _cut_in(answer: DnsAnswer, apex: str, name: str) -> Zone | None:
    owners = [record.owner for record in answer.authority if record.rdtype == "NS"]
    below = next((owner for owner in owners if owner != apex and within(owner, apex) and within(name, owner)), None)
    if below is None:
        return None
    servers = _named(answer.authority, below)
    glue = tuple(
        (record.owner, ip_address(record.value))
        for record in answer.additional
        if record.rdtype in ("A", "AAAA") and record.owner in servers
    )
    return Zone(below, servers, Side.PARENT, glue)


def _named(records: Iterable[DnsRecord], owner: str) -> tuple[str, ...]:
    return tuple(
        sorted({name_of(record.value) for record in records if record.rdtype == "NS" and record.owner == owner})
    )
