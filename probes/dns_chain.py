"""Whether a name can be found by a resolver that has no IPv4, from the root on down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from probes.descent import SERVERS, STEPS, TRIES, ZONES, Descent, Halted, Passed, Stop
from probes.nameserver import Standing
from probes.observation import WHOLE, Facts, Failure, GapReason, Sighting
from probes.outlook import Outlook, Sending, asking
from probes.registry import probe
from probes.survey import ADDRESSES
from probes.target import Family, Target
from probes.wire import NotLooked, Presence, Wire
from probes.wire.resolve import canonical


@dataclass(frozen=True, slots=True)
class ChainZone:
    """A zone on the way. Numbers count its servers as the parent names them, over IPv6; None where some are not known.

    *sides_agree*: parent and zone name the same servers. *glue_agrees*: the parent gives the IPv6 addresses that the
    zone itself gives, for servers that lie in it.
    """

    zone: str
    count: int
    with_ipv6: int | None
    answering: int | None
    lame: int
    silent: int
    sides_agree: bool | None
    glue_agrees: bool | None


@dataclass(frozen=True, slots=True)
class DnsChain(Facts):
    """The way from the root to the target's AAAA over IPv6 alone.

    *resolves*: it leads to an answer, be it that there is no AAAA (*presence*); None where we gave up. Where it does
    not, *stop* says why, at the servers of *stopped_at*, and *met* what was met there. *zones* are all it touched,
    those of aliases and of name servers too, in order. Of them *unserved* have no server that answers over IPv6,
    *single* exactly one, *sides_differ* other servers at the parent, *glue_differs* other addresses there; None where
    that is not known.
    """

    resolves: bool | None
    presence: Presence | None
    aliases: tuple[str, ...]
    stop: Stop | None
    stopped_at: str
    met: Failure | None
    zones: tuple[ChainZone, ...]
    unserved: tuple[str, ...] | None
    single: tuple[str, ...] | None
    sides_differ: tuple[str, ...]
    glue_differs: tuple[str, ...]

    def unheard(self, families: Collection[Family]) -> Self:
        """Return the facts with silence over IPv6 taken for deafness of ours."""
        if Family.IPV6 not in families or not (self.stop or any(zone.silent for zone in self.zones)):
            return self
        zones = tuple(replace(zone, answering=None) if zone.silent else zone for zone in self.zones)
        left = replace(self, zones=zones, unserved=_named(zones, 0), single=_named(zones, 1))
        if self.stop in (Stop.SILENT, Stop.NO_ANSWER):
            return replace(left, resolves=None, stop=None, stopped_at="", met=None)
        return left


_WORDS = {
    "resolves": ("可查到", "resolves"),
    "presence": ("记录", "presence"),
    "aliases": ("别名", "aliases"),
    "stop": ("止步原因", "why it stops"),
    "stopped_at": ("止步的区", "stops at"),
    "met": ("遇到的失败", "failure met"),
    "zones": ("经过的区", "zones on the way"),
    "unserved": ("没有服务器经 IPv6 应答的区", "zones that nobody serves over IPv6"),
    "single": ("仅一台服务器经 IPv6 应答的区", "zones served over IPv6 by one server"),
    "sides_differ": ("上级所列服务器不同的区", "zones whose parent names other servers"),
    "glue_differs": ("上级所给地址不同的区", "zones whose parent gives other addresses"),
    "zone": ("区", "zone"),
    "count": ("服务器数", "servers"),
    "with_ipv6": ("有 IPv6 的服务器", "with IPv6"),
    "answering": ("经 IPv6 应答的服务器", "answer over IPv6"),
    "lame": ("失效的服务器", "lame"),
    "silent": ("不应答的服务器", "silent"),
    "sides_agree": ("上下级一致", "sides agree"),
    "glue_agrees": ("glue 一致", "glue agrees"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    if outlook.target.literal is None and outlook.surroundings.roots:
        # A zone: its servers' SOA, at first or later, their own addresses, and its list of them.
        zone = SERVERS * (2 * ADDRESSES + 1) + 1
        yield asking(ZONES * zone + STEPS * TRIES, usual=8)


@probe(
    facts=DnsChain,
    words=_WORDS,
    doing=("从根域起只用 IPv6 解析", "resolving from the root by IPv6 alone"),
    every=6 * 3600.0,
    deadline=240.0,
    stage=2,
    sends=_sends,
)
async def dns_chain(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Does a resolver without IPv4 find the target's name, from the root through every zone on the way?

    Our own iterative resolver takes the way, with the root servers of our configuration; zones of name servers and
    aliases are passed too. Servers out of scope are not asked; where that decides, the way is a gap. A target named
    by an address lies in no zone.

    Source: RFC 1034 5.3.3; RFC 3901 4; RFC 9156 (asking for one label more each time); RFC 9471 (glue).
    """
    if target.literal is not None:
        return
    if not wire.surroundings.roots:
        raise NotLooked(GapReason.ADDRESS_UNKNOWN, "no root servers configured")
    descent = Descent(wire)
    begun = wire.now()
    outcome: Facts | GapReason
    detail = ""
    try:
        end = await descent.walk(canonical(target.host))
    except Halted as halted:
        halt = halted.halt
        detail = str(halted)
        # How deep is too deep is our own bound; others may go further.
        resolves = None if halt.stop is Stop.TOO_DEEP else False
        facts = replace(_facts(descent), resolves=resolves)
        outcome = halt.gap or replace(facts, stop=halt.stop, stopped_at=halt.zone, met=halt.failure)
    else:
        outcome = replace(_facts(descent), resolves=True, presence=end.presence)
    yield Sighting(WHOLE, outcome, max(0.0, (wire.now() - begun).total_seconds()), detail)


def _facts(descent: Descent) -> DnsChain:
    zones = tuple(_zone(zone) for zone in descent.passed.values() if zone.apex != ".")
    return DnsChain(
        resolves=False,
        presence=None,
        aliases=tuple(descent.aliases),
        stop=None,
        stopped_at="",
        met=None,
        zones=zones,
        unserved=_named(zones, 0),
        single=_named(zones, 1),
        sides_differ=tuple(zone.zone for zone in zones if zone.sides_agree is False),
        glue_differs=tuple(zone.zone for zone in zones if zone.glue_agrees is False),
    )


def _named(zones: Iterable[ChainZone], answering: int) -> tuple[str, ...] | None:
    """Return the zones with so many servers that answer; None where that is not known of one."""
    known = list(zones)
    return None if any(z.answering is None for z in known) else tuple(z.zone for z in known if z.answering == answering)


def _zone(zone: Passed) -> ChainZone:
    servers, named = zone.survey.servers, zone.survey.named
    standings = [server.standing for server in servers]
    unsettled = any(server.gap and not server.addresses for server in servers)
    glued = [set(server.glue) == set(server.own) for server in servers if server.own is not None and server.glue]
    return ChainZone(
        zone=zone.apex,
        count=len(zone.delegated),
        with_ipv6=None if unsettled else sum(bool(server.addresses) for server in servers),
        answering=None if Standing.NOT_ASKED in standings else standings.count(Standing.AUTHORITATIVE),
        lame=standings.count(Standing.LAME),
        silent=standings.count(Standing.SILENT),
        sides_agree=None if named is None else set(named) == set(zone.delegated),
        glue_agrees=all(glued) if glued else None,
    )
