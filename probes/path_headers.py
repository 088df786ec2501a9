"""Whether packets in pieces and packets with IPv6 extension headers arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, remembering
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.wire import NotLooked, Wire
from probes.wire.ledger import What
from probes.wire.sounding import Dressing, Sounding, Word, flow_to

TRIES = 3
"""Packets of a kind that must be lost before the kind counts as lost."""
SIZE = 256
"""Octets, well below what any path carries: it is not size that decides."""

_KINDS = {
    Family.IPV4: (Dressing.FRAGMENTED,),
    Family.IPV6: (Dressing.FRAGMENTED, Dressing.DESTINATION_OPTIONS, Dressing.HOP_BY_HOP_OPTIONS),
}


@dataclass(frozen=True, slots=True)
class PathHeaders(Facts):
    """Which kinds of echo request one address answers: *plain*, in two *fragments*, behind an extension header.

    None where that is not known: plain ones are not answered either, or IPv4 has no such header.
    """

    plain: bool
    fragments: bool | None
    destination_options: bool | None
    hop_by_hop_options: bool | None


_WORDS = {
    "plain": ("普通包", "plain"),
    "fragments": ("分片包", "fragments"),
    "destination_options": ("目的选项头", "destination options"),
    "hop_by_hop_options": ("逐跳选项头", "hop-by-hop options"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    yield remembering()
    for family, kinds in _KINDS.items():
        once = 1 + sum(Sounding(dressing=kind).packets for kind in kinds)
        yield Sending(What.SOUNDING, once, TRIES * (once + 1)).times(outlook.addresses[family])


@probe(
    facts=PathHeaders,
    words=_WORDS,
    doing=("试分片与扩展头", "trying fragments"),
    every=86400.0,
    deadline=180.0,
    sends=_sends,
)
async def path_headers(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Do packets in pieces, and those with IPv6 extension headers, reach each address and come back answered?

    Large answers of the DNS and tunnels need fragments; other headers are rarely needed and often dropped on purpose.
    A kind is lost when three of it are, while plain ones are answered before and afterwards.

    Source: RFC 7872; RFC 8200 4; RFC 9288 3; RFC 4890 4.3.
    """
    async for address in addresses(target, wire):
        if isinstance(address, Sighting):
            yield address
            continue
        subject = Subject(family=Family.of(address), address=address)
        try:
            yield Sighting(subject, await _kinds(address, wire))
        except NotLooked as refusal:
            yield refused(subject, refusal)


async def _kinds(address: Address, wire: Wire) -> PathHeaders:
    arrives = {Dressing.PLAIN: await _arrives(address, Dressing.PLAIN, wire)}
    if arrives[Dressing.PLAIN]:
        for kind in _KINDS[Family.of(address)]:
            arrives[kind] = await _arrives(address, kind, wire)
        if not all(arrives.values()):
            arrives[Dressing.PLAIN] = await _arrives(address, Dressing.PLAIN, wire)
    if not arrives[Dressing.PLAIN]:
        return PathHeaders(False, None, None, None)
    return PathHeaders(
        True,
        arrives.get(Dressing.FRAGMENTED),
        arrives.get(Dressing.DESTINATION_OPTIONS),
        arrives.get(Dressing.HOP_BY_HOP_OPTIONS),
    )


async def _arrives(address: Address, dressing: Dressing, wire: Wire) -> bool:
    for _ in range(TRIES):
        said = await wire.sound(address, Sounding(SIZE, dressing=dressing, flow=flow_to(address)))
        if said.word is Word.ANSWERED:
            return True
    return False
