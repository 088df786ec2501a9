"""A small honest recursive resolver: iterates from the city's root, caches briefly, says SERVFAIL when it must."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.lab.dns_server import Respond, pack, read

Kind = dns.rdatatype.RdataType
_PATIENCE = 0.8
"""Seconds one server is given for one answer."""
_DEADLINE = 4.5
_MEMORY = 5.0
"""Seconds an answer, a delegation or a silent server is remembered; short, so that faults heal in sight."""
_AT_ONCE = 100
_DEEPEST = 24
_ADDRESS = (dns.rdatatype.A, dns.rdatatype.AAAA)


class Failed(Exception):
    """No server gave a usable answer: SERVFAIL."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a name was found to have."""

    rcode: dns.rcode.Rcode
    answer: tuple[dns.rrset.RRset, ...]
    authority: tuple[dns.rrset.RRset, ...] = ()


@dataclass(slots=True)
class Resolver:
    """The resolver's knowledge: the root's addresses, and what it has seen lately."""

    roots: Sequence[str]
    _answers: dict[tuple[dns.name.Name, Kind], tuple[float, Result]] = field(default_factory=dict)
    _cuts: dict[dns.name.Name, tuple[float, tuple[str, ...]]] = field(default_factory=dict)
    _silent: dict[str, float] = field(default_factory=dict)

    def respond(self) -> Respond:
        """Return the manner of answering clients."""
        # Questions beyond these wait for their turn, so that a flood makes the resolver slow and not wrong.
        places = asyncio.Semaphore(_AT_ONCE)

        async def respond(query: bytes, udp: bool) -> bytes | None:
            message = read(query)
            if message is None:
                return None
            reply = dns.message.make_response(message, recursion_available=True, our_payload=1232)
            question = message.question[0]
            try:
                async with places, asyncio.timeout(_DEADLINE):
                    result = await self.resolve(question.name, question.rdtype)
            except (Failed, TimeoutError):
                reply.set_rcode(dns.rcode.SERVFAIL)
            else:
                reply.set_rcode(result.rcode)
                reply.answer.extend(result.answer)
                reply.authority.extend(result.authority)
            return pack(message, reply, udp=udp)

        return respond

    async def resolve(self, name: dns.name.Name, kind: Kind, depth: int = 0) -> Result:
        """Find *name*, following aliases across zones.

        Raises:
            Failed: no usable answer.
        """
        chain: list[dns.rrset.RRset] = []
        for _ in range(_DEEPEST):
            result = await self._one(name, kind, depth)
            chain.extend(result.answer)
            target = _end_of_chain(name, result.answer)
            if target == name or kind == dns.rdatatype.CNAME or _has(result.answer, target, kind):
                return Result(result.rcode, tuple(chain), result.authority)
            if result.rcode != dns.rcode.NOERROR or result.authority:
                # The server that gave the alias also said what is, or is not, at its end.
                return Result(result.rcode, tuple(chain), result.authority)
            if any(rrset.name == target for rrset in chain):
                raise Failed(f"{name} is an alias of itself")
            name = target
        raise Failed(f"{name} has too many aliases")

    async def _one(self, name: dns.name.Name, kind: Kind, depth: int) -> Result:
        known = self._answers.get((name, kind))
        if known and known[0] > time.monotonic():
            return known[1]
        result = await self._iterate(name, kind, depth)
        self._answers[name, kind] = (time.monotonic() + _MEMORY, result)
        return result

    async def _iterate(self, name: dns.name.Name, kind: Kind, depth: int) -> Result:
        """Walk down from the nearest known cut."""
        if depth > 4:
            raise Failed("servers whose names need servers whose names ...")
        zone, servers = self._nearest(name)
        for _ in range(_DEEPEST):
            reply = await self._ask(servers, zone, name, kind)
            referral = _referral(reply, zone, name)
            if referral is None:
                soa = tuple(rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.SOA)
                return Result(reply.rcode(), tuple(_relevant(reply, name, kind)), soa)
            zone = referral.name
            servers = await self._addresses(reply, referral, depth)
            self._cuts[zone] = (time.monotonic() + _MEMORY, servers)
        raise Failed("too many referrals")

    def _nearest(self, name: dns.name.Name) -> tuple[dns.name.Name, tuple[str, ...]]:
        now = time.monotonic()
        while name != dns.name.root:
            until, servers = self._cuts.get(name, (0.0, ()))
            if until > now:
                return name, servers
            name = name.parent()
        return dns.name.root, tuple(self.roots)

    async def _addresses(self, reply: dns.message.Message, referral: dns.rrset.RRset, depth: int) -> tuple[str, ...]:
        """Return the addresses of the servers a referral names: from its glue, else looked up."""
        wanted = {record.target for record in referral}
        glue = [
            record.address
            for rrset in reply.additional
            if rrset.name in wanted and rrset.rdtype in _ADDRESS
            for record in rrset
        ]
        if glue:
            return tuple(glue)
        found: list[str] = []
        for server in sorted(wanted):
            for kind in _ADDRESS:
                try:
                    result = await self.resolve(server, kind, depth + 1)
                except Failed:
                    continue
                found += [record.address for rrset in result.answer if rrset.rdtype == kind for record in rrset]
        return tuple(found)

    async def _ask(
        self, servers: Sequence[str], zone: dns.name.Name, name: dns.name.Name, kind: Kind
    ) -> dns.message.Message:
        """Ask the servers of *zone* in turn, those that were silent lately last, twice around.

        Raises:
            Failed: none of them gave an answer that is one.
        """
        order = sorted(servers, key=lambda server: self._silent.get(server, 0.0) > time.monotonic())
        for server in (*order, *order):
            reply = await self._exchange(server, name, kind)
            if reply is None:
                self._silent[server] = time.monotonic() + _MEMORY
            elif _usable(reply, zone, name):
                self._silent.pop(server, None)
                return reply
        raise Failed(f"no server of {zone} answers for {name}")

    async def _exchange(self, server: str, name: dns.name.Name, kind: Kind) -> dns.message.Message | None:
        """Ask one server: with EDNS, without it when it says FORMERR, over TCP when cut short."""
        for edns in (True, False):
            query = dns.message.make_query(name, kind, use_edns=edns, payload=1232)
            query.flags &= ~dns.flags.RD
            try:
                reply: dns.message.Message = await dns.asyncquery.udp(query, server, timeout=_PATIENCE)
                if reply.flags & dns.flags.TC:
                    reply = await dns.asyncquery.tcp(query, server, timeout=_PATIENCE)
            except (dns.exception.DNSException, OSError, EOFError):
                return None
            if reply.rcode() != dns.rcode.FORMERR:
                break
        return reply


def _usable(reply: dns.message.Message, zone: dns.name.Name, name: dns.name.Name) -> bool:
    """Say whether *reply* answers, denies or refers; a lame server's does none of these."""
    if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return False
    return bool(reply.flags & dns.flags.AA) or _referral(reply, zone, name) is not None


def _referral(reply: dns.message.Message, zone: dns.name.Name, name: dns.name.Name) -> dns.rrset.RRset | None:
    """Return the delegation in *reply*, if it leads further down towards *name*."""
    if reply.answer or reply.flags & dns.flags.AA:
        return None
    for rrset in reply.authority:
        below = rrset.name != zone and rrset.name.is_subdomain(zone) and name.is_subdomain(rrset.name)
        if rrset.rdtype == dns.rdatatype.NS and below:
            return rrset
    return None


def _relevant(reply: dns.message.Message, name: dns.name.Name, kind: Kind) -> Iterator[dns.rrset.RRset]:
    """Yield the aliases from *name* and the records at their end; nothing else was asked for."""
    for _ in range(_DEEPEST):
        alias = _at(reply.answer, name, dns.rdatatype.CNAME)
        if found := _at(reply.answer, name, kind):
            yield found
            return
        if alias is None:
            return
        yield alias
        name = alias[0].target


def _at(rrsets: Sequence[dns.rrset.RRset], name: dns.name.Name, kind: Kind) -> dns.rrset.RRset | None:
    return next((rrset for rrset in rrsets if rrset.name == name and rrset.rdtype == kind), None)


def _has(rrsets: Sequence[dns.rrset.RRset], name: dns.name.Name, kind: Kind) -> bool:
    return _at(rrsets, name, kind) is not None


def _end_of_chain(name: dns.name.Name, rrsets: Sequence[dns.rrset.RRset]) -> dns.name.Name:
    for _ in range(_DEEPEST):
        alias = _at(rrsets, name, dns.rdatatype.CNAME)
        if alias is None:
            return name
        name = alias[0].target
    return name
