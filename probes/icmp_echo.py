"""Whether the target answers ping, on every address of both families."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, remembering
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.wire import NotLooked, Unreached, Wire
from probes.wire.ledger import What

COUNT = 3
"""Requests per address: one lost packet must not read as a host that is silent."""


@dataclass(frozen=True, slots=True)
class IcmpEcho(Facts):
    """Echo requests sent to one address, how many were answered (at least one), and their round trips in seconds."""

    sent: int
    received: int = field(metadata=SAMPLE)
    min_seconds: float = field(metadata=SAMPLE)
    mean_seconds: float = field(metadata=SAMPLE)
    max_seconds: float = field(metadata=SAMPLE)


_WORDS = {
    "sent": ("已发", "sent"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    yield remembering()
    yield Sending(What.ECHO, COUNT, COUNT).times(outlook.places)


@probe(facts=IcmpEcho, words=_WORDS, doing=("ping", "ping"), every=15 * 60.0, deadline=300.0, sends=_sends)
async def icmp_echo(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Does the target answer ICMP and ICMPv6 echo requests, on each address of each family, and how fast?

    A fact that decides nothing: many a healthy host is told not to answer, and a host that answers may serve nobody.
    Without the packet process and its CAP_NET_RAW every address is a gap.

    Source: RFC 792; RFC 4443 4.1 and 4.2; RFC 4890 4.3.1 (echo is not to be dropped in ICMPv6).
    """
    async for address in addresses(target, wire):
        yield address if isinstance(address, Sighting) else await _address(address, wire)


async def _address(address: Address, wire: Wire) -> Sighting:
    subject = Subject(family=Family.of(address), address=address)
    try:
        trips = await wire.echo(address, count=COUNT)
    except (Unreached, NotLooked) as refusal:
        return refused(subject, refusal)
    mean = sum(trips) / len(trips)
    return Sighting(subject, IcmpEcho(COUNT, len(trips), min(trips), mean, max(trips)), mean)
