"""Ends of the SYN engine without a network: where packets would leave, and routes as a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np

from probes.target import Address, Family
from probes.wire.packets.syn.frames import FRAME, NAME, Rows
from probes.wire.packets.syn.outlet import Outlet
from probes.wire.packets.syn.routes import Hop, Knowledge, Link, Way

OURS = {4: ip_address("198.51.100.1"), 6: ip_address("2001:db8:f::1")}


class Tap(Outlet):
    """An outlet that keeps where packets go, as frame and kernel are told, and sends none.

    *sent* is told how many have left after each batch; of a batch the kernel has *room* for so many at most.
    """

    def __init__(self, family: Family, sent: Callable[[int], None] = lambda _: None, room: int = 1024) -> None:
        self.family, self.left, self._tell, self._room, self._full = family, list[Address](), sent, room, False

    async def send(self, write: Callable[[Rows, Rows], None], count: int) -> int:
        frames, names = np.zeros(count, FRAME[self.family]), np.zeros(count, NAME[self.family])
        write(frames, names)
        self._full = not self._full and self._room < count  # every other time, when there is little
        gone = 0 if self._full else min(count, self._room)
        to = [ip_address(bytes(frame["destination"])) for frame in frames]
        assert [ip_address(bytes(name["address"])) for name in names] == to
        self.left += to[:gone]
        self._tell(len(self.left))
        await asyncio.sleep(0)
        return gone

    async def rest(self) -> None:
        pass


@dataclass
class Told:
    """Routes as told: all hosts by *router*, or on the link themselves without one."""

    router: Address | None = None
    carries: bool = True
    has_neighbours: bool = False
    changes: int = 0
    known: dict[Address, Knowledge] = field(default_factory=dict)

    def way(self, host: Address) -> Way:
        return Way(OURS[host.version], Hop(1, self.router or host))

    def link(self, interface: int) -> Link:
        return Link(self.carries, self.has_neighbours, self.changes)

    def knowledge(self, hop: Hop) -> Knowledge:
        return self.known.get(hop.address, Knowledge.MISSING)
