"""How surely and how fast connections are made, by repeated samples over each address of both families."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import SAMPLE, Facts, Failure, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering
from probes.race import Racer, passed_over, winner
from probes.registry import probe
from probes.target import Address, Family, Target, Transport
from probes.wire import NotLooked, Unreached, Wire
from probes.wire.ledger import What

SAMPLES = 5
"""Connections tried to one address."""
FIRST = 2
"""Where the first of them fail there are no more: whoever is out of order is not to be troubled for a figure."""
SPACING = 0.25
"""Seconds between two of them, on average: what is lost in one burst must not count as several losses."""
TIMEOUT = 4.0
"""Seconds a connection has."""
PORTS = 2
"""Declared ports of a family looked at, the smallest."""


@dataclass(frozen=True, slots=True)
class TcpAccess(Facts):
    """Connections tried to one port of one address, five or only two, and how many were made; *rate* is their share.

    The seconds are of those made, 0 where none was. *failures* are the different ways in which others ended. *chosen*
    is whether a client that has both families ends up here (RFC 8305), None where no client would get anywhere;
    *hidden* is whether it tries here first, fails or is too slow, and gets on elsewhere, so that nobody notices.
    """

    tried: int = field(metadata=SAMPLE)
    made: int = field(metadata=SAMPLE)
    rate: float = field(metadata=SAMPLE)
    min_seconds: float = field(metadata=SAMPLE)
    median_seconds: float = field(metadata=SAMPLE)
    max_seconds: float = field(metadata=SAMPLE)
    failures: tuple[Failure, ...] = field(metadata=SAMPLE)
    chosen: bool | None
    hidden: bool


_WORDS = {
    "chosen": ("双栈用户走这里", "taken by dual-stack clients"),
    "hidden": ("故障被回退掩盖", "its failure is hidden by fallback"),
}


@dataclass(frozen=True, slots=True)
class _Samples:
    """What was met at one port of one address; *gap* when not all of it could be tried."""

    address: Address
    port: int
    tried: int
    seconds: tuple[float, ...]
    failures: tuple[Failure, ...]
    gap: NotLooked | None = None

    @property
    def median(self) -> float | None:
        """The usual time to connect; None where less than half of the connections were made."""
        return statistics.median(self.seconds) if len(self.seconds) * 2 > self.tried else None


def _sends(outlook: Outlook) -> Iterator[Sending]:
    yield remembering()
    ports = _ports(outlook.target)
    ends = sum(outlook.addresses[family] * outlook.target.declares(family, port) for family in Family for port in ports)
    yield connecting(What.TCP_CONNECT, SAMPLES * ends)


@probe(
    facts=TcpAccess,
    words=_WORDS,
    doing=("反复试连", "connecting again and again"),
    every=1800.0,
    deadline=240.0,
    sends=_sends,
)
async def tcp_access(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """What share of connections to each address succeeds, how fast, and which would a dual-stack client take?

    Some connections to the first declared ports, spaced at random. Clients that race the families take IPv6 when it
    connects within a quarter of a second after its turn, and nobody sees what they gave up.

    Source: RFC 8305 4 and 5 (sorting, and 250 ms between attempts); RFC 2330 11.1 (samples at random times).
    """
    places: list[Address] = []
    async for found in addresses(target, wire):
        if isinstance(found, Sighting):
            yield found
        else:
            places.append(found)
    ports = _ports(target)
    ends = [(address, port) for port in ports for address in places if target.declares(Family.of(address), port)]
    met = await asyncio.gather(*(_samples(address, port, wire) for address, port in ends))
    for port in ports:
        for sighting in _told([each for each in met if each.port == port]):
            yield sighting


def _ports(target: Target) -> list[int]:
    return sorted({each.port for each in target.declared if each.transport is Transport.TCP})[:PORTS]


async def _samples(address: Address, port: int, wire: Wire) -> _Samples:
    pauses = random.Random(f"{address}/{port}/{wire.now()}")
    waits = [SPACING * (place + pauses.random() / 2) for place in range(SAMPLES)]
    met = await _connections(address, port, waits[:FIRST], wire)
    if any(isinstance(each, float) for each in met):
        met += await _connections(address, port, [wait - waits[FIRST - 1] for wait in waits[FIRST:]], wire)
    gap = next((each for each in met if isinstance(each, NotLooked)), None)
    if gap is not None:
        return _Samples(address, port, 0, (), (), gap)
    seconds = tuple(each for each in met if isinstance(each, float))
    return _Samples(address, port, len(met), seconds, tuple(sorted({e for e in met if isinstance(e, Failure)})))


async def _connections(
    address: Address, port: int, waits: Sequence[float], wire: Wire
) -> list[float | Failure | NotLooked]:
    async def one(wait: float) -> float | Failure | NotLooked:
        await asyncio.sleep(wait)
        try:
            return await wire.connect(address, port, timeout=TIMEOUT)
        except Unreached as refusal:
            return refusal.failure
        except NotLooked as refusal:
            return refusal

    return await asyncio.gather(*(one(wait) for wait in waits))


def _told(met: Sequence[_Samples]) -> list[Sighting]:
    racers = [Racer(each.address, each.median) for each in met]
    unknown = any(each.gap is not None for each in met)
    first = None if unknown else winner(racers)
    return [_sighting(each, racer, first) for each, racer in zip(met, racers, strict=True)]


def _sighting(of: _Samples, racer: Racer, first: Racer | None) -> Sighting:
    subject = Subject(family=Family.of(of.address), address=of.address, scheme="tcp", port=of.port)
    if of.gap is not None:
        return refused(subject, of.gap)
    times = of.seconds
    facts = TcpAccess(
        tried=of.tried,
        made=len(times),
        rate=len(times) / of.tried,
        min_seconds=min(times, default=0.0),
        median_seconds=statistics.median(times) if times else 0.0,
        max_seconds=max(times, default=0.0),
        failures=of.failures,
        chosen=None if first is None else first == racer,
        hidden=passed_over(racer, first),
    )
    return Sighting(subject, facts, facts.median_seconds)
