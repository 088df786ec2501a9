"""The name servers of one zone on the way down from the root, asked over IPv6 alone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from probes.addressing import NATIVE, classify, usable
from probes.nameserver import PATIENCE, Standing
from probes.observation import Failure, GapReason
from probes.wire import DnsAnswer, DnsQuery, NotLooked, Unreached, Wire
from probes.wire.dns_codec import name_of
from probes.wire.recursion import OURS, failure_of
from probes.wire.trail import within
from probes.wire.zone import serial_in

ADDRESSES = 4
"""IPv6 addresses asked of one server."""


@dataclass(frozen=True, slots=True)
class Server:
    """A name server over IPv6: `AUTHORITATIVE` when one of its addresses answers for the zone.

    *glue* is what the parent said its addresses are, *own* what the zone says itself, None where it was not heard.
    *gap* is why its addresses could not be found out, or not all of them could be asked, for reasons of ours.
    *circular*: to find it, one would have to have found the zone's servers.
    """

    name: str
    addresses: tuple[IPv6Address, ...] = ()
    glue: tuple[IPv6Address, ...] = ()
    own: tuple[IPv6Address, ...] | None = None
    gap: GapReason | None = None
    circular: bool = False
    standing: Standing | None = None
    failure: Failure | None = None
    working: tuple[IPv6Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What was met at a zone's servers. *named* is the zone's own list of them, None where it was not heard."""

    servers: tuple[Server, ...]
    named: tuple[str, ...] | None

    @property
    def working(self) -> tuple[IPv6Address, ...]:
        """The addresses that answer for the zone, in order and each once."""
        return tuple(dict.fromkeys(address for server in self.servers for address in server.working))


async def survey(apex: str, servers: Iterable[Server], shared: Collection[IPv6Address], wire: Wire) -> Survey:
    """Ask each of *servers* for the zone's SOA, then one that works for its list of servers and their addresses.

    *shared* are servers of the parent that answer for the zone too. A server without an address whose name lies in
    the zone is looked up at those that work: no others can know.
    """
    met = list(await asyncio.gather(*(_stand(apex, server, wire) for server in servers)))
    heard = Survey(tuple(met), None).working or tuple(shared)
    if not heard:
        return Survey(tuple(met), None)
    at = heard[0]
    met = list(await asyncio.gather(*(_own(apex, server, at, wire) for server in met)))
    late = [replace(s, addresses=s.own) if s.own and not s.addresses else None for s in met]
    again = await asyncio.gather(*(_stand(apex, server, wire) for server in late if server))
    found = {server.name: server for server in again}
    listed = await put(at, apex, "NS", wire)
    named = None
    if isinstance(listed, DnsAnswer) and listed.authoritative:
        names = {name_of(r.value) for r in listed.answer if r.rdtype == "NS" and r.owner == apex}
        named = tuple(sorted(names)) or None
    return Survey(tuple(found.get(server.name, server) for server in met), named)


async def put(address: IPv6Address, name: str, rdtype: str, wire: Wire) -> DnsAnswer | Failure | GapReason:
    """Ask one server one question; a gap is what kept us from it.

    Raises:
        NotLooked: we would be kept from any other server too.
    """
    kind = classify(address)
    if kind not in NATIVE and not usable(address, kind, wire.surroundings.native):
        return Failure.NETWORK_UNREACHABLE
    try:
        return await wire.ask(DnsQuery(address, name, rdtype, recursive=False, timeout=PATIENCE))
    except Unreached as refusal:
        return refusal.failure
    except NotLooked as refusal:
        if refusal.reason in OURS:
            raise
        return refusal.reason


def six(answer: DnsAnswer, name: str) -> tuple[IPv6Address, ...]:
    """Return the AAAA records of *name* in any section of *answer*, smallest first."""
    records = (*answer.answer, *answer.additional)
    return tuple(sorted({IPv6Address(r.value) for r in records if r.rdtype == "AAAA" and r.owner == name}))


async def _stand(apex: str, server: Server, wire: Wire) -> Server:
    if not server.addresses:
        return replace(server, standing=Standing.NOT_ASKED if server.gap else None)
    asked = server.addresses[:ADDRESSES]
    met = await asyncio.gather(*(put(address, apex, "SOA", wire) for address in asked))
    working = tuple(
        address
        for address, said in zip(asked, met, strict=True)
        if isinstance(said, DnsAnswer) and serial_in(said, apex) is not None
    )
    if working:
        return replace(server, standing=Standing.AUTHORITATIVE, working=working)
    gap = next((said for said in met if isinstance(said, GapReason)), None)
    if len(server.addresses) > len(asked):
        gap = gap or GapReason.BUDGET_SPENT
    if gap is not None:
        return replace(server, standing=Standing.NOT_ASKED, gap=gap)
    answers = [said for said in met if isinstance(said, DnsAnswer)]
    if answers:
        bad = next((answer.rcode for answer in answers if answer.rcode not in ("NOERROR", "NXDOMAIN")), "")
        return replace(server, standing=Standing.LAME, failure=failure_of(bad) if bad else None)
    return replace(server, standing=Standing.SILENT, failure=next(said for said in met if isinstance(said, Failure)))


async def _own(apex: str, server: Server, at: IPv6Address, wire: Wire) -> Server:
    """Return *server* with the addresses the zone itself gives for it, where it lies in the zone."""
    if not within(server.name, apex) or apex == ".":
        return server
    said = await put(at, server.name, "AAAA", wire)
    if not isinstance(said, DnsAnswer) or not said.authoritative or said.rcode != "NOERROR":
        return server
    return replace(server, own=six(replace(said, additional=()), server.name))
