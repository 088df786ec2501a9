"""Which routers lie on the way to an address, and where the way ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering
from probes.registry import probe
from probes.target import Address, Family, Target, Transport
from probes.wire import NotLooked, Unreached, Wire
from probes.wire.ledger import What
from probes.wire.sounding import Sounded, Sounding, Word, flow_to

FARTHEST = 30
"""Hops followed."""
TRIES = 2
"""Packets sent to one distance before it counts as silent."""
AT_ONCE = 3
"""Distances asked at the same time."""
SILENT = 5
"""Silent distances in a row after which nobody further on is expected to answer."""
_CONNECTING = 3.0

_END = frozenset({Word.ANSWERED, Word.UNREACHABLE, Word.REFUSED})


@dataclass(frozen=True, slots=True)
class RouteTrace(Facts):
    """The way to one address. *reached* is whether the address itself answered; *ended* what the last word was.

    *last* is the last who answered, None where nobody did, and *length* at what distance. *route* holds who answered
    at each distance up to that, "*" where nobody did; *trip_seconds* is the round trip to the last.
    """

    reached: bool
    ended: Word
    last: Address | None
    length: int
    route: tuple[str, ...]
    trip_seconds: float = field(metadata=SAMPLE)


_WORDS = {
    "reached": ("到达", "reached"),
    "ended": ("最后的回应", "ended"),
    "last": ("最后应答者", "last"),
    "length": ("跳数", "length"),
    "route": ("路径", "route"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    yield remembering()
    for family, count in outlook.addresses.items():
        ports = len(_ports(outlook.target, family))
        yield connecting(What.TCP_CONNECT, ports * count, usual=min(ports, 1) * count)
        traced = FARTHEST * count if outlook.surroundings.curious else 0
        yield Sending(What.SOUNDING, traced, FARTHEST * TRIES * count)


@probe(
    facts=RouteTrace,
    words=_WORDS,
    doing=("追踪路由", "tracing routes"),
    every=6 * 3600.0,
    deadline=180.0,
    sends=_sends,
)
async def route_trace(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Where does the way to an address that cannot be reached end, over each family?

    Echo requests of one flow, so that routers that share load send all of them the same way, with hop limits that end
    at each distance in turn. Only where no declared port answers, or where somebody waits for the look: routers that
    nobody complains of are not to be troubled. What never answers may yet forward.

    Source: RFC 792; RFC 4443 3.3; RFC 6438 (one flow, one path).
    """
    async for address in addresses(target, wire):
        if isinstance(address, Sighting):
            yield address
            continue
        subject = Subject(family=Family.of(address), address=address)
        try:
            if wire.surroundings.curious or not await _answers(target, address, wire):
                yield Sighting(subject, await _trace(address, wire))
        except NotLooked as refusal:
            yield refused(subject, refusal)


async def _answers(target: Target, address: Address, wire: Wire) -> bool:
    """Say whether any declared port answers; a target that declares none has nothing that could be out of reach."""
    ports = _ports(target, Family.of(address))
    for port in ports:
        try:
            await wire.connect(address, port, timeout=_CONNECTING)
        except Unreached:
            continue
        return True
    return not ports


def _ports(target: Target, family: Family) -> list[int]:
    return sorted(each.port for each in target.declared if (each.family, each.transport) == (family, Transport.TCP))


async def _trace(address: Address, wire: Wire) -> RouteTrace:
    said: list[Sounded] = []
    while len(said) < FARTHEST and not _over(said):
        window = range(len(said) + 1, min(len(said) + AT_ONCE, FARTHEST) + 1)
        said += await asyncio.gather(*(_at(address, hops, wire) for hops in window))
    return _told(address, said)


def _over(said: list[Sounded]) -> bool:
    silent = len(said) >= SILENT and all(each.source is None for each in said[-SILENT:])
    return silent or any(each.word in _END for each in said)


async def _at(address: Address, hops: int, wire: Wire) -> Sounded:
    said = Sounded(Word.SILENT)
    for _ in range(TRIES):
        said = await wire.sound(address, Sounding(hop_limit=hops, flow=flow_to(address)))
        if said.word is not Word.SILENT:
            break
    return said


def _told(address: Address, said: list[Sounded]) -> RouteTrace:
    end = next((place + 1 for place, each in enumerate(said) if each.word in _END), None)
    length = end or max((place + 1 for place, each in enumerate(said) if each.source is not None), default=0)
    way = said[:length]
    last = way[-1].source if way else None
    ended = way[-1].word if end is not None else Word.SILENT
    return RouteTrace(
        reached=ended is Word.ANSWERED,
        ended=ended,
        last=last,
        length=length,
        route=tuple(str(each.source) if each.source is not None else "*" for each in way),
        trip_seconds=way[-1].seconds if way else 0.0,
    )
