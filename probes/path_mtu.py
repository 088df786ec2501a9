"""How large a packet the path to each address carries, and whether what is too large is said to be so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial

from probes.endpoint import addresses
from probes.framework import in_hand, refused
from probes.narrows import AT_MOST, USUALLY, Narrows, measure
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.transfer import TIMES, Transfer, Transferred, begin, service, settle
from probes.wire import NotLooked, Wire
from probes.wire.ledger import What
from probes.wire.sounding import USUAL

AT_ONCE = 4
"""Addresses in hand: one that swallows large packets takes its time."""


@dataclass(frozen=True, slots=True)
class PathMtu(Facts):
    """What the path to one address carries, in octets of whole packets.

    *transfer* is how a page fared in packets of the usual size, *largest_seen* the largest of those that came.
    *echo* is whether it answers echo requests of the size that every path must carry; *mtu* is the largest that was
    answered, 1500 at most, and None without. *lost* is the smallest that was not, although nobody called it too big.
    *tellers* are those who called a packet too big. *own_link* is whether our own link carries no more.

    *swallows* is whether large packets vanish: True where a page stalls unless its packets are small; None where
    neither page nor echo settle it. *told* is whether somebody says so where the path is narrow; None where it is not
    known to be. Echo alone does not show that nobody does: many a firewall drops large pings, and one of ours might
    drop what they say. *learnt* is whether our own kernel knew the path to be narrow beforehand: no page stalls then.
    """

    transfer: Transfer
    largest_seen: int = field(metadata=SAMPLE)
    echo: bool
    mtu: int | None
    lost: int | None
    tellers: tuple[Address, ...]
    own_link: bool
    learnt: bool
    swallows: bool | None = field(init=False)
    told: bool | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "swallows", self._swallows())
        object.__setattr__(self, "told", self._told())

    def _swallows(self) -> bool | None:
        if self.transfer is Transfer.STALLS_UNLESS_SMALL:
            return True
        if self.transfer is Transfer.PASSES and not self.learnt:
            return False
        return False if self.mtu == USUAL and self.transfer is not Transfer.UNFINISHED else None

    def _told(self) -> bool | None:
        if self.lost is not None:
            return False if self.transfer is Transfer.STALLS_UNLESS_SMALL else None
        return True if self.tellers and self.mtu is not None else None


_WORDS = {
    "transfer": ("大块数据", "transfer"),
    "echo": ("应答 ping", "echo"),
    "mtu": ("路径 MTU", "path MTU"),
    "lost": ("无声丢失的包长", "lost without a word"),
    "tellers": ("告知包太大者", "tellers"),
    "own_link": ("受限于自身链路", "our own link"),
    "learnt": ("本机已有缓存", "known to our kernel"),
    "swallows": ("吞掉大包", "swallows large packets"),
    "told": ("有人告知", "told"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    yield remembering()
    pages = sum(count for family, count in outlook.addresses.items() if service(outlook.target, family))
    # In usual packets and in small ones, each asked again by HTTP/1.1.
    yield connecting(What.HTTP, 4 * TIMES * pages, usual=pages)
    yield Sending(What.SOUNDING, USUALLY, AT_MOST).times(outlook.places)


@probe(
    facts=PathMtu,
    words=_WORDS,
    doing=("测量路径 MTU", "measuring path MTUs"),
    every=6 * 3600.0,
    deadline=240.0,
    sends=_sends,
)
async def path_mtu(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Do large packets arrive, to and from each address of each family, and is told what is too large?

    A page first, then echo requests: what is learnt of a path helps those who come after, and hides that others stall.
    Where a page stalls in packets of the usual size and comes in small ones, twice in turn, large packets vanish on
    the way to us, whatever anyone says to ping. Each size is tried with a datagram first: our own kernel learns from
    an error about an echo request, and from one about that it does not.
    Silence to ping settles nothing: whether echo is filtered or large packets vanish cannot be told by it.

    Source: RFC 8201; RFC 1191; RFC 4821 1 (black holes); RFC 4890 4.3.1 (Packet Too Big is never to be dropped).
    """
    places: list[Address] = []
    async for found in addresses(target, wire):
        if isinstance(found, Sighting):
            yield found
        else:
            places.append(found)
    async for sighting in in_hand((partial(_address, target, each, wire) for each in places), AT_ONCE):
        yield sighting


async def _address(target: Target, address: Address, wire: Wire) -> Sighting:
    subject = Subject(family=Family.of(address), address=address)
    begun = await begin(target, address, wire)
    page, narrows = await asyncio.gather(settle(begun, wire), _measured(address, wire))
    if isinstance(narrows, NotLooked):
        return refused(subject, narrows)
    return Sighting(subject, _facts(page, narrows))


async def _measured(address: Address, wire: Wire) -> Narrows | NotLooked:
    try:
        return await measure(address, wire)
    except NotLooked as refusal:
        return refusal


def _facts(page: Transferred, narrows: Narrows) -> PathMtu:
    return PathMtu(
        transfer=page.transfer,
        largest_seen=page.largest,
        echo=narrows.mtu is not None,
        mtu=narrows.mtu,
        lost=narrows.lost,
        tellers=narrows.tellers,
        own_link=narrows.own_link,
        learnt=0 < page.asked < USUAL and not narrows.own_link,
    )
