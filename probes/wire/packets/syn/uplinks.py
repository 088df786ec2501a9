"""Uplinks that carry: silence is somebody's own only where others answer by the same link, asked after them."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable

from probes.target import Family
from probes.wire.packets.syn.approach import Approach
from probes.wire.packets.syn.flight import Flight

Ask = Callable[[Family, int, float], Awaitable[None]]
"""Asks a control contact that is reached by a link, if there is one, and gives it so many seconds to answer."""

_WITNESSES = 4
"""Of how many hosts that have answered one is asked again, for an answer that proves the link."""
_GLANCE = 0.02
"""Seconds between two looks at whether the proof is there."""


class Uplinks:
    """When each of our links last carried a packet out and its answer back, whoever asked. Clock: monotonic."""

    def __init__(self, ask_control: Ask) -> None:
        self._ask_control = ask_control
        self._carried: dict[tuple[Family, int], float] = {}
        self._asking: defaultdict[tuple[Family, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    def note(self, flight: Flight) -> None:
        """Take notice of the answers to *flight*."""
        for interface, at in flight.carried:
            link = flight.family, interface
            self._carried[link] = max(at, self._carried.get(link, at))

    async def listen(self, flight: Flight, way: Approach) -> None:
        """Wait for the answers to a round that has been sent, and note which links have carried after it.

        What proves a link is an answer to what left after the round: nobody's late answer, and nobody's from before the
        link broke. It is looked for while we wait anyway, and once more after that.

        Raises:
            NotLooked: the scan was stopped.
        """
        since, request = time.monotonic(), flight.request
        await flight.listen(request.timeout / 2)
        await self._vouch(flight, way, since)
        await flight.listen(request.timeout / 2)
        if await self._vouch(flight, way, since):
            until = time.monotonic() + request.timeout
            while self._unproven(flight, since) and time.monotonic() < until:
                await asyncio.sleep(_GLANCE)
                flight.check()
        flight.listened(flight.unsettled.difference(self._unproven(flight, since)))

    async def _vouch(self, flight: Flight, way: Approach, since: float) -> bool:
        """Ask somebody behind each link that is not proven; return whether an answer of theirs is to be waited for.

        Those of the scan who have answered come first. Where there is none a control is asked, and has been waited for.
        """
        asked = False
        for interface in self._unproven(flight, since):
            flight.check()
            if await way.vouch(interface, _WITNESSES):
                asked = True
                continue
            async with self._asking[flight.family, interface]:
                # Who waited for somebody else to ask may have the answer in hand.
                if not self._carries(flight.family, interface, since):
                    await self._ask_control(flight.family, interface, flight.request.timeout)
        return asked

    def _carries(self, family: Family, interface: int, since: float) -> bool:
        return self._carried.get((family, interface), -1.0) >= since

    def _unproven(self, flight: Flight, since: float) -> list[int]:
        return [link for link in sorted(flight.unsettled) if not self._carries(flight.family, link, since)]
