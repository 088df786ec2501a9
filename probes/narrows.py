"""Finding how large a packet a path carries, by echo requests of sizes that no router may cut up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from probes.target import Address, Family
from probes.wire import Wire
from probes.wire.sounding import LEAST, USUAL, Carrier, Sounded, Sounding, Word, flow_to

TRIES = 3
"""Packets of one size that must be lost before it counts as lost."""
FEWER = 2
"""Of a size between those that matter."""
STEPS = 24
"""Sizes tried at most, whatever routers say."""
USUALLY, AT_MOST = 3, STEPS * 2 * TRIES
"""Packets it takes where all is answered, and at most."""
_SCOUTING = 0.5
"""Seconds for an error about a datagram; that it arrives is nothing to wait for."""
_SIZES = (1500, 1492, 1480, 1460, 1440, 1420, 1400, 1380, 1360, 1320, 1280, 1006, 576)
"""Sizes that networks have. Source: RFC 1191 7.1, and what tunnels leave over."""


@dataclass(frozen=True, slots=True)
class Narrows:
    """What was found; *mtu* None when not even the least that every path must carry was answered."""

    mtu: int | None
    lost: int | None
    tellers: tuple[Address, ...]
    own_link: bool


class _Unsteady(Exception):
    """It is not size that decides, or not it alone."""


@dataclass(slots=True)
class _Search:
    address: Address
    wire: Wire
    tellers: set[Address] = field(default_factory=set)
    own_link: bool = False
    steps: int = STEPS

    @property
    def least(self) -> int:
        return LEAST[Family.of(self.address)]

    async def passes(self, size: int) -> bool | int:
        """Say whether *size* is answered, or return the smaller size that somebody says would pass.

        Raises:
            _Unsteady: it is lost, and so is what is small by now; or there is no end to it.
        """
        if (steps := self.steps) == 0:
            raise _Unsteady
        self.steps = steps - 1
        for _ in range(TRIES if size in (self.least, USUAL) else FEWER):
            for asked in self._asked(size):
                said = await self.wire.sound(self.address, asked)
                if said.word is Word.TOO_BIG:
                    return self._narrower(said, size)
                if said.word is Word.ANSWERED and asked.carrier is Carrier.ECHO:
                    return True
        if size > self.least and await self.passes(self.least) is False:
            raise _Unsteady
        return False

    def _asked(self, size: int) -> Iterator[Sounding]:
        if size > self.least:
            yield Sounding(size, Carrier.DATAGRAM, timeout=_SCOUTING)
        yield Sounding(size, flow=flow_to(self.address))

    def _narrower(self, said: Sounded, size: int) -> int:
        if said.source is None:
            self.own_link = True
        else:
            self.tellers.add(said.source)
        # Whoever does not tell is asked for the next smaller size that networks have.
        known = said.mtu or next((each for each in _SIZES if each < size), self.least)
        return max(self.least, min(known, size - 1))


async def measure(address: Address, wire: Wire) -> Narrows:
    """Find what the path to *address* carries.

    Raises:
        NotLooked: we could not look.
    """
    search = _Search(address, wire)
    try:
        if await search.passes(search.least) is not True:
            return _found(search, None, None)
        return await _narrowing(search, USUAL)
    except _Unsteady:
        return _found(search, None, None)


async def _narrowing(search: _Search, size: int) -> Narrows:
    """Go down from *size* as far as somebody says, and further where nobody does."""
    while size > search.least:
        passes = await search.passes(size)
        if passes is True:
            return _found(search, size, None)
        if passes is False:
            return await _in_silence(search, size)
        size = passes
    return _found(search, search.least, None)


async def _in_silence(search: _Search, lost: int) -> Narrows:
    """Find the largest size that networks have which passes, below one that is lost without a word."""
    below = [size for size in sorted(_SIZES) if search.least < size < lost]
    carried = search.least
    while below:
        place = len(below) // 2
        passes = await search.passes(below[place])
        if passes is True:
            carried, below = below[place], below[place + 1 :]
        elif passes is False:
            lost, below = below[place], below[:place]
        else:
            return await _narrowing(search, passes)
    return _found(search, carried, lost)


def _found(search: _Search, mtu: int | None, lost: int | None) -> Narrows:
    return Narrows(mtu, lost, tuple(sorted(search.tellers, key=int)), search.own_link)
