"""Sending one scan's packets: to neighbours that are there, at the pace there is, and as the kernel takes them."""

from __future__ import annotations

import asyncio
import time

import numpy as np

from probes.wire import NotLooked
from probes.wire.packets.pace import Pace, Slots
from probes.wire.packets.syn.flight import Flight
from probes.wire.packets.syn.outlet import BATCH, Outlet
from probes.wire.packets.syn.routes import Hop
from probes.wire.packets.syn.schedule import Schedule
from probes.wire.packets.syn.sweep import Probes

_MOMENT = 0.001
"""Seconds to wait when the kernel has no room, and the least that waiting is worth."""
_GLANCE = 0.02
"""Seconds between two looks at the neighbours that are waited for."""
_WATCH = 0.05
"""Seconds between two looks at the routers while packets leave by them."""
_FOUND_WITHIN = 5.0
"""Seconds the kernel may take to find a neighbour; by default it asks three times, a second apart, and gives up."""
_PROVEN_WITHIN = 12.0
"""Seconds it may take to find out that one is gone: five until it doubts, and three to ask."""


class Approach:
    """The way from here to the hosts of *flight*, by *outlet*, with the *slots* of its hosts in the pace."""

    def __init__(self, flight: Flight, outlet: Outlet, pace: Pace, slots: Slots) -> None:
        self._flight, self._outlet, self._pace, self._slots = flight, outlet, pace, slots
        # Of hosts in turn no batch meets one twice.
        self._batch = min(BATCH, len(slots))
        self._gap = 1 / flight.request.per_host

    async def find(self) -> None:
        """Have the kernel find every neighbour that packets are handed to; one not found is given up.

        What makes it look for one is a packet of the scan, which it keeps until it knows where to: no other packet is
        needed, and none leaves towards a neighbour that is not there.

        Raises:
            NotLooked: the scan was stopped.
        """
        paths = self._flight.paths
        missing = paths.missing(paths.in_use(self._flight.silent))
        for _ in range(self._flight.request.retries + 1):
            for hop in missing:
                await self._knock(hop)
            missing = await self._found(missing)
        for hop in missing:
            self._flight.judge(paths.unresolved(hop))

    async def send(self) -> None:
        """Send a round.

        Raises:
            NotLooked: the scan was stopped.
        """
        flight, schedule = self._flight, Schedule(self._flight.request.rate, time.monotonic())
        watched, probes = schedule.next_at, flight.sweep.next(self._batch)
        while probes is not None:
            flight.check()
            if time.monotonic() - watched > _WATCH:
                await self._watch()
                watched = time.monotonic()
                continue
            due = schedule.due(time.monotonic())
            queue = self._slots[flight.sweep.hosts(probes.pairs[:due])]
            free, moment = self._pace.free(queue)
            if not free:
                await _until(moment if due else schedule.next_at)
                continue
            granted = await self._pace.burst(free)
            flight.check()
            granted = self._pace.claim(queue[:granted], self._gap)
            sent = await self._hand_over(probes, granted) if granted else 0
            schedule.sent(sent)
            probes = probes.after(sent) if 0 < sent < len(probes) else flight.sweep.next(self._batch)
            await asyncio.sleep(0 if sent == granted else _MOMENT)

    async def prove(self, since: float) -> None:
        """Find out what silence is worth, and give up hosts where it is our own; *since* is when the last round began.

        Raises:
            NotLooked: the scan was stopped.
        """
        flight, until = self._flight, time.monotonic() + _PROVEN_WITHIN
        heard = flight.heard(since)
        silent = flight.silent
        while silent:
            trust = flight.paths.trust(silent, heard)
            if time.monotonic() > until:
                trust = flight.paths.unproven(trust.pending)
            flight.judge(trust)
            silent = trust.pending
            await asyncio.sleep(_GLANCE if silent else 0)
            flight.check()

    async def vouch(self, interface: int, most: int) -> int:
        """Ask up to *most* of those who have answered by a link once more; return how many there are to be asked.

        Raises:
            NotLooked: the scan was stopped.
        """
        witnesses = self._flight.sweep.witnesses(np.flatnonzero(self._flight.interfaces == interface), most)
        for witness in witnesses:
            await self._post(witness)
        return len(witnesses)

    async def _watch(self) -> None:
        lost = self._flight.paths.missing(self._flight.paths.routers)
        if lost:
            self._flight.paths.lose(lost)
            await self.find()

    async def _knock(self, hop: Hop) -> None:
        """Send one packet by *hop*, within the pace."""
        silent = self._flight.silent
        place = next((place for place in self._flight.paths.behind(hop) if place in silent), None)
        if place is not None:
            await self._post(self._flight.sweep.knock(place))

    async def _post(self, single: Probes) -> None:
        """Send a *single* packet, within the pace."""
        slot = self._slots[self._flight.sweep.hosts(single.pairs)]
        while True:
            self._flight.check()
            free, moment = self._pace.free(slot)
            if free:
                await self._pace.burst(1)
                if self._pace.claim(slot, self._gap):
                    break
            else:
                await _until(moment)
        self._flight.check()
        await self._hand_over(single, 1)

    async def _found(self, hops: list[Hop]) -> list[Hop]:
        """Wait while the kernel looks for *hops*; return those it has not found."""
        until = time.monotonic() + _FOUND_WITHIN
        while (hops := self._flight.paths.missing(hops)) and time.monotonic() < until:
            if not self._flight.paths.sought(hops):
                break
            await asyncio.sleep(_GLANCE)
            self._flight.check()
        return hops

    async def _hand_over(self, probes: Probes, count: int) -> int:
        """Send the first *count* of *probes*; a host that cannot be sent to is given up, and counts as none sent."""
        try:
            return await self._flight.send(self._outlet, probes, count)
        except NotLooked as refusal:
            self._flight.check()
            (place,) = self._flight.sweep.hosts(probes.pairs[:1]).tolist()
            self._flight.give_up(place, refusal)
            return 0


async def _until(moment: float) -> None:
    await asyncio.sleep(max(_MOMENT, moment - time.monotonic()))
