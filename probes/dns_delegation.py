"""Who serves the target's zone, and over what they can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Self

from probes.nameserver import ADDRESS_LIMIT, NameServer, ServerAnswer, Standing, measure
from probes.observation import SAMPLE, WHOLE, Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, asking, resolving
from probes.registry import probe
from probes.target import Family, Target, Transport
from probes.wire import NotLooked, Wire
from probes.wire.recursion import Recursion
from probes.wire.zone import Side, Zone, Zones

SERVER_LIMIT = 16
"""Name servers measured of one zone."""


@dataclass(frozen=True, slots=True)
class DnsDelegation(Facts):
    """What is known of the name servers of a zone: of all (16 at most), or of the one that the subject names.

    Numbers count name servers, so they are 0 or 1 where the subject names one; None means that it is not known of
    some of them. A server counts as answering over a family and transport when every address it has there answers
    for the zone, and as lame when it answers anywhere without doing so. *side* is `parent` when the zone does not
    work and only its parent's delegation is known. *ipv4_seconds* and *ipv6_seconds* are medians over UDP.
    """

    zone: str
    side: Side
    servers: tuple[str, ...]
    count: int
    with_ipv4: int | None
    with_ipv6: int | None
    ipv4_udp: int | None
    ipv4_tcp: int | None
    ipv6_udp: int | None
    ipv6_tcp: int | None
    lame: int | None
    serials_agree: bool | None
    answers: tuple[ServerAnswer, ...]
    serials: tuple[int, ...] = field(metadata=SAMPLE)
    ipv4_seconds: float | None = field(metadata=SAMPLE)
    ipv6_seconds: float | None = field(metadata=SAMPLE)

    def unheard(self, families: Collection[Family]) -> Self:
        """Return the facts with silence over *families* taken for deafness of ours; what was not known stays so."""
        if not any(answer.standing is Standing.SILENT and answer.family in families for answer in self.answers):
            return self
        servers = tuple(
            NameServer(name, tuple(answer for answer in self.answers if answer.server == name), frozenset())
            for name in self.servers
        )
        left = tuple(server.unheard(families) for server in servers)

        def still(known: int | None, answers: Iterable[bool | None]) -> int | None:
            return None if known is None else _count(answers)

        return replace(
            self,
            ipv4_udp=still(self.ipv4_udp, (server.serves(Family.IPV4, Transport.UDP) for server in left)),
            ipv4_tcp=still(self.ipv4_tcp, (server.serves(Family.IPV4, Transport.TCP) for server in left)),
            ipv6_udp=still(self.ipv6_udp, (server.serves(Family.IPV6, Transport.UDP) for server in left)),
            ipv6_tcp=still(self.ipv6_tcp, (server.serves(Family.IPV6, Transport.TCP) for server in left)),
            lame=still(self.lame, (server.lame for server in left)),
            answers=tuple(answer for server in left for answer in server.answers),
        )


_WORDS = {
    "zone": ("区", "zone"),
    "side": ("依据的一侧", "side"),
    "servers": ("域名服务器", "servers"),
    "count": ("个数", "count"),
    "with_ipv4": ("有 IPv4 的服务器", "with IPv4"),
    "with_ipv6": ("有 IPv6 的服务器", "with IPv6"),
    "ipv4_udp": ("IPv4 UDP 可用的服务器", "answer over IPv4 UDP"),
    "ipv4_tcp": ("IPv4 TCP 可用的服务器", "answer over IPv4 TCP"),
    "ipv6_udp": ("IPv6 UDP 可用的服务器", "answer over IPv6 UDP"),
    "ipv6_tcp": ("IPv6 TCP 可用的服务器", "answer over IPv6 TCP"),
    "lame": ("失效的服务器", "lame"),
    "serials_agree": ("SOA 序列号一致", "serials agree"),
    "answers": ("各服务器的应答", "answers"),
    "server": ("服务器", "server"),
    "address": ("地址", "address"),
    "family": ("协议族", "family"),
    "transport": ("传输", "transport"),
    "standing": ("状况", "standing"),
    "rcode": ("应答码", "rcode"),
    "failure": ("失败", "failure"),
    "gap": ("未能查看", "gap"),
}


USUAL = 4
"""Name servers a zone usually has, each with an address of either family."""


def _sends(outlook: Outlook) -> Iterator[Sending]:
    if outlook.target.literal is None:
        # The way up to the zone costs about as much as a name.
        yield resolving(2 + SERVER_LIMIT, usual=1 + USUAL)
        asked = SERVER_LIMIT * ADDRESS_LIMIT * len(Transport)
        yield asking(asked, usual=USUAL * len(Family) * len(Transport))


@probe(
    facts=DnsDelegation,
    words=_WORDS,
    doing=("检查权威域名服务器", "asking name servers"),
    every=6 * 3600.0,
    deadline=240.0,
    stage=2,
    sends=_sends,
)
async def dns_delegation(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which name servers is the target's zone delegated to, and do they answer for it over IPv4 and IPv6, UDP and TCP?

    Servers are asked themselves, at every address of both families, for the zone's SOA; targets of one zone share
    the measurement. A target named by an address lies in no zone.

    Source: RFC 1034 4.2.2 and RFC 2182 5 (several servers); RFC 7766 5 (TCP); RFC 9499 7 (lame); RFC 3901 4 (IPv6).
    """
    if target.literal is not None:
        return
    for found in (await wire.resolve(target.host)).values():
        if found.gap is not None:
            raise NotLooked(found.gap, found.detail)
    recursion = Recursion(wire.surroundings, nonce=lambda: f"{wire.now():%Y%m%d%H%M}")
    zone = await Zones(recursion, wire.once).find(target.host, wire.ask)
    key = ("delegation", zone.apex, zone.side)
    servers = await wire.once(key, lambda: _measure(zone, wire, recursion))
    yield _sighting(zone, WHOLE, servers)
    for server in servers:
        yield _sighting(zone, Subject(server=server.name), [server])


async def _measure(zone: Zone, wire: Wire, recursion: Recursion) -> tuple[NameServer, ...]:
    servers = await asyncio.gather(*(measure(zone, name, wire) for name in zone.servers[:SERVER_LIMIT]))
    # Silent to everybody, or to us alone, whose firewall may let nobody but the resolver ask?
    if _all_silent(servers) and await recursion.reaches(zone.apex, wire.ask):
        return tuple(server.unheard() for server in servers)
    return tuple(servers)


def _all_silent(servers: Iterable[NameServer]) -> bool:
    standings = {answer.standing for server in servers for answer in server.answers}
    return Standing.SILENT in standings and standings <= {Standing.SILENT, Standing.NOT_ASKED}


def _sighting(zone: Zone, subject: Subject, servers: Sequence[NameServer]) -> Sighting:
    serials = {serial for server in servers for serial in server.serials}
    facts = DnsDelegation(
        zone=zone.apex,
        side=zone.side,
        servers=tuple(server.name for server in servers),
        count=len(servers),
        with_ipv4=_count(server.has(Family.IPV4) for server in servers),
        with_ipv6=_count(server.has(Family.IPV6) for server in servers),
        ipv4_udp=_count(server.serves(Family.IPV4, Transport.UDP) for server in servers),
        ipv4_tcp=_count(server.serves(Family.IPV4, Transport.TCP) for server in servers),
        ipv6_udp=_count(server.serves(Family.IPV6, Transport.UDP) for server in servers),
        ipv6_tcp=_count(server.serves(Family.IPV6, Transport.TCP) for server in servers),
        lame=_count(server.lame for server in servers),
        serials_agree=len(serials) == 1 if serials else None,
        answers=tuple(answer for server in servers for answer in server.answers),
        serials=tuple(sorted(serials)),
        ipv4_seconds=_median(servers, Family.IPV4),
        ipv6_seconds=_median(servers, Family.IPV6),
    )
    return Sighting(subject, facts, _median(servers, *Family) or 0.0)


def _count(answers: Iterable[bool | None]) -> int | None:
    known = list(answers)
    return None if None in known else sum(map(bool, known))


def _median(servers: Iterable[NameServer], *families: Family) -> float | None:
    times = [seconds for server in servers for family, seconds in server.seconds if family in families]
    return median(times) if times else None
