"""One name server of a zone: where it is, and whether it answers for the zone at every address, over UDP and TCP."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from probes.addressing import NATIVE, classify, usable
from probes.observation import Failure, GapReason
from probes.target import Address, Family, Transport
from probes.wire import DnsAnswer, DnsQuery, NotLooked, Unreached, Wire
from probes.wire.zone import Zone, serial_in

ADDRESS_LIMIT = 8
"""Addresses asked of one server; those beyond are not asked."""
PATIENCE = 4.0


class Standing(StrEnum):
    """What a name server at one address is to the zone."""

    AUTHORITATIVE = "authoritative"
    LAME = "lame"
    """It answers, and not for the zone: without authority, with an rcode of failure, or of another name."""
    SILENT = "silent"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one address of a name server said over one transport.

    *failure* is set when it was silent, *gap* when it was not asked, *rcode* when it answered. Both are set when all
    servers of the zone were silent, though our resolver reaches them: then it is we who do not hear.
    """

    server: str
    address: Address
    family: Family
    transport: Transport
    standing: Standing
    rcode: str = ""
    failure: Failure | None = None
    gap: GapReason | None = None


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server as measured. *unsettled* are the families whose addresses could not be found out.

    *serials* and *seconds* are of the authoritative answers, the latter of those over UDP, by family.
    """

    name: str
    answers: tuple[ServerAnswer, ...]
    unsettled: frozenset[Family]
    serials: frozenset[int] = frozenset()
    seconds: tuple[tuple[Family, float], ...] = ()

    def has(self, family: Family) -> bool | None:
        """Say whether it has an address of *family*; None when that is not known."""
        if any(answer.family is family for answer in self.answers):
            return True
        return None if family in self.unsettled else False

    def serves(self, family: Family, transport: Transport) -> bool | None:
        """Say whether every address of *family* answers for the zone; without one, none does."""
        here = [a for a in self.answers if a.family is family and a.transport is transport]
        if any(answer.standing in (Standing.LAME, Standing.SILENT) for answer in here):
            return False
        if family in self.unsettled or any(answer.standing is Standing.NOT_ASKED for answer in here):
            return None
        return bool(here)

    @property
    def lame(self) -> bool | None:
        """Whether it answers anywhere without authority; silence is no such answer, and None is not to have asked."""
        standings = {answer.standing for answer in self.answers}
        if Standing.LAME in standings:
            return True
        asked = not self.unsettled and Standing.NOT_ASKED not in standings
        return False if asked or Standing.AUTHORITATIVE in standings else None

    def unheard(self, families: Collection[Family] = tuple(Family)) -> NameServer:
        """Return it with its silences over *families* taken for deafness of ours."""
        return replace(
            self,
            answers=tuple(
                replace(answer, standing=Standing.NOT_ASKED, gap=GapReason.blind(answer.family))
                if answer.standing is Standing.SILENT and answer.family in families
                else answer
                for answer in self.answers
            ),
        )


async def measure(zone: Zone, name: str, wire: Wire) -> NameServer:
    """Find *name*'s addresses and ask each for the zone's SOA, one address after the other."""
    addresses, unsettled = await _addresses(zone, name, wire)
    met: list[tuple[ServerAnswer, DnsAnswer | None]] = []
    for place, address in enumerate(addresses):
        asked = place < ADDRESS_LIMIT
        met += await asyncio.gather(*(_ask(zone.apex, name, address, via, wire, asked=asked) for via in Transport))
    good = [(answer, reply) for answer, reply in met if reply and answer.standing is Standing.AUTHORITATIVE]
    return NameServer(
        name=name,
        answers=tuple(answer for answer, _ in met),
        unsettled=unsettled,
        serials=frozenset(serial for _, reply in good if (serial := serial_in(reply, zone.apex)) is not None),
        seconds=tuple((answer.family, reply.seconds) for answer, reply in good if answer.transport is Transport.UDP),
    )


async def _addresses(zone: Zone, name: str, wire: Wire) -> tuple[list[Address], frozenset[Family]]:
    """Return the server's addresses, families in turn; the parent's glue stands in for what cannot be resolved."""
    found = await wire.resolve(name)
    unsettled, by_family = set(), []
    for family in Family:
        addresses = sorted(found[family].addresses, key=int)
        if found[family].presence is None:
            addresses = [address for address in zone.glued(name) if Family.of(address) is family]
            if not addresses:
                unsettled.add(family)
        by_family.append(addresses)
    return list(_in_turn(by_family)), frozenset(unsettled)


def _in_turn(by_family: Iterable[list[Address]]) -> Iterator[Address]:
    waiting = [list(addresses) for addresses in by_family]
    while any(waiting):
        for addresses in waiting:
            if addresses:
                yield addresses.pop(0)


async def _ask(
    apex: str, name: str, address: Address, transport: Transport, wire: Wire, *, asked: bool
) -> tuple[ServerAnswer, DnsAnswer | None]:
    met = ServerAnswer(name, address, Family.of(address), transport, Standing.NOT_ASKED)
    kind = classify(address)
    if kind not in NATIVE and not usable(address, kind, wire.surroundings.native):
        return replace(met, standing=Standing.SILENT, failure=Failure.NETWORK_UNREACHABLE), None
    if not asked:
        return replace(met, gap=GapReason.BUDGET_SPENT), None
    query = DnsQuery(address, apex, "SOA", tcp=transport is Transport.TCP, recursive=False, timeout=PATIENCE)
    try:
        reply = await wire.ask(query)
    except Unreached as refusal:
        return replace(met, standing=Standing.SILENT, failure=refusal.failure), None
    except NotLooked as refusal:
        return replace(met, gap=refusal.reason), None
    standing = Standing.LAME if serial_in(reply, apex) is None else Standing.AUTHORITATIVE
    return replace(met, standing=standing, rcode=reply.rcode), reply
