"""The addresses of a name, each family apart: by our resolvers, and past them where they fail."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from probes.observation import Failure
from probes.target import Address, Family
from probes.wire import (
    DnsQuery,
    FamilyResolution,
    NotLooked,
    Presence,
    Resolution,
    Source,
    Surroundings,
    Unreached,
)
from probes.wire.memo import Memo
from probes.wire.recursion import OURS, SETTLED, Ask, Recursion, failure_of
from probes.wire.trail import CHAIN, Trail, follow
from probes.wire.zone import ADDRESSES, Zone, Zones, serial_in

RDTYPES = {Family.IPV4: "A", Family.IPV6: "AAAA"}


class Resolver:
    """Finds addresses for all targets of a vantage; one instance serves them all, its *memo* keeps what it found.

    A resolver of ours that fails for one family of a name but works otherwise proves nothing about the name: then
    the zone's own servers are asked, and what they say, or fail to say, is the outcome.
    """

    def __init__(self, surroundings: Surroundings, memo: Memo | None = None) -> None:
        self.memo = memo or Memo()
        self.recursion = Recursion(surroundings)
        self._zones = Zones(self.recursion, self.memo.once)

    async def resolve(self, name: str, ask: Ask) -> Resolution:
        """Return the addresses of *name*, or the address it is, in both families; asked for once and kept.

        What our own resolvers kept us from finding out is not kept. *ask* is the asking target's `Wire.ask`.
        """
        literal = _literal(name)
        if literal is not None:
            return {family: _literally(family, literal) for family in Family}
        name = canonical(name)
        key = _key(name)
        resolution = await self.memo.once(key, lambda: self._both(name, ask))
        if any(found.gap for found in resolution.values()):
            self.memo.forget(key)
        return resolution

    def knows(self, name: str) -> bool:
        """Say whether *name*, a `canonical` one, would be answered from memory."""
        return self.memo.knows(_key(name))

    def learn(self, name: str, resolution: Resolution) -> None:
        """Keep the *resolution* of *name* as if it had been asked for; it must be what `resolve` would find."""
        self.memo.keep(_key(name), resolution)

    async def _both(self, name: str, ask: Ask) -> Resolution:
        found = await asyncio.gather(*(self._family(name, family, ask) for family in Family))
        return {resolution.family: resolution for resolution in found}

    async def _family(self, name: str, family: Family, ask: Ask) -> FamilyResolution:
        begun = time.monotonic()
        search = _Search(family, name, ask)
        try:
            outcome = await self._search(search)
        except NotLooked as refusal:
            outcome = FamilyResolution(family, None, None, gap=refusal.reason, detail=refusal.detail)
        return replace(outcome, chain=tuple(search.chain), source=search.source, seconds=time.monotonic() - begun)

    async def _search(self, search: _Search) -> FamilyResolution:
        """Follow the name from answer to answer until one says what is at its end."""
        ttls: list[int] = []
        while True:
            met = await self._step(search)
            if isinstance(met, _Trouble):
                return FamilyResolution(search.family, None, met.failure, detail=met.detail)
            search.chain += met.aliases
            if met.looped or len(set(search.chain)) < len(search.chain) or search.name in search.chain:
                return FamilyResolution(search.family, None, Failure.DNS_CNAME_LOOP, detail="an alias of itself")
            if len(search.chain) > CHAIN:
                detail = f"more than {CHAIN} aliases"
                return FamilyResolution(search.family, None, Failure.DNS_CNAME_LOOP, detail=detail)
            ttls += [met.ttl] if met.ttl is not None else []
            if met.presence is not None:
                ttl = min(ttls, default=None) if met.addresses else None
                return FamilyResolution(search.family, met.presence, None, met.addresses, ttl=ttl)

    async def _step(self, search: _Search) -> Trail | _Trouble:
        """Ask for the name where the search has come to: a resolver, and the zone's own servers if it fails."""
        try:
            answer = await self.recursion.ask(search.ask, search.here, search.rdtype)
        except Unreached as refusal:
            return await self._authoritative(search, _Trouble(refusal.failure, refusal.detail))
        trail = follow(answer, search.here, search.rdtype)
        if trail.looped or trail.aliases or trail.presence is not None:
            return trail
        if answer.rcode == "SERVFAIL" and (bogus := await self._bogus(search)) is not None:
            return bogus
        return await self._authoritative(search, _Trouble(failure_of(answer.rcode), answer.rcode))

    async def _bogus(self, search: _Search) -> _Trouble | None:
        """Say that the name is bogus if only validation keeps it from being resolved.

        That it resolves with checking disabled is not enough, since a second try may meet with better luck: the
        name must also lie in a zone that has a secure delegation, or below one that is bogus itself.
        """
        try:
            unchecked = await self.recursion.ask(search.ask, search.here, search.rdtype, checking_disabled=True)
            if unchecked.rcode not in SETTLED:
                return None
            zone = await self._zones.find(search.here, search.ask)
            delegation = await self.recursion.ask(search.ask, zone.apex, "DS")
        except Unreached:
            return None
        if delegation.rcode == "SERVFAIL" or any(record.rdtype == "DS" for record in delegation.answer):
            values = [record.value for record in unchecked.answer if record.rdtype == search.rdtype]
            return _Trouble(Failure.DNS_BOGUS, f"unchecked: {', '.join(values) or unchecked.rcode}")
        return None

    async def _authoritative(self, search: _Search, trouble: _Trouble) -> Trail | _Trouble:
        """Ask the zone's servers in turn; where none of them has a say, the resolver's *trouble* stands.

        A server that does not answer for the zone's SOA either has none: it is lame, or dead, or out of our reach
        while our resolvers reach it, and then they know better.
        """
        zone = await self._zones.find(search.here, search.ask)
        met: list[_Trouble] = []
        for address in (await self._zones.addresses(zone, search.ask))[:ADDRESSES]:
            try:
                answer = await search.ask(DnsQuery(address, search.here, search.rdtype, recursive=False))
            except Unreached as refusal:
                told = _Trouble(refusal.failure, f"{address}: {refusal.detail or refusal.failure}")
            except NotLooked as refusal:
                if refusal.reason in OURS:
                    raise
                continue
            else:
                trail = follow(answer, search.here, search.rdtype)
                if answer.authoritative and (trail.looped or trail.aliases or trail.presence is not None):
                    search.source = Source.AUTHORITATIVE
                    return trail
                if answer.rcode in SETTLED:
                    continue
                told = _Trouble(failure_of(answer.rcode), f"{address}: {answer.rcode}")
            if await self._serves(zone, address, search.ask):
                met.append(told)
        if not met:
            return trouble
        search.source = Source.AUTHORITATIVE
        return next((told for told in met if told.failure is not Failure.DNS_TIMEOUT), met[0])

    async def _serves(self, zone: Zone, address: Address, ask: Ask) -> bool:
        """Say whether the server at *address* answers for *zone* at all."""

        async def measure() -> bool:
            try:
                answer = await ask(DnsQuery(address, zone.apex, "SOA", recursive=False))
            except Unreached:
                return False
            return serial_in(answer, zone.apex) is not None

        return await self.memo.once(("serves", zone.apex, str(address)), measure)


@dataclass(slots=True)
class _Search:
    """How far the way from a name has been followed."""

    family: Family
    name: str
    ask: Ask
    chain: list[str] = field(default_factory=list)
    source: Source = Source.RECURSIVE

    @property
    def here(self) -> str:
        return self.chain[-1] if self.chain else self.name

    @property
    def rdtype(self) -> str:
        return RDTYPES[self.family]


@dataclass(frozen=True, slots=True)
class _Trouble:
    failure: Failure
    detail: str


def canonical(name: str) -> str:
    """Return *name* lower-case and without trailing dot; the root is "."."""
    return name.lower().removesuffix(".") or "."


def _key(name: str) -> tuple[str, ...]:
    return ("resolve", name)


def _literal(name: str) -> Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _literally(family: Family, address: Address) -> FamilyResolution:
    if Family.of(address) is family:
        return FamilyResolution(family, Presence.PRESENT, None, (address,), source=Source.LITERAL)
    return FamilyResolution(family, Presence.NODATA, None, source=Source.LITERAL)
