"""Ends of the SYN engine without a network: where packets would leave, and routes as a test tells them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np

from probes.target import Address, Family
from probes.wire.packets.syn.answers import Answers
from probes.wire.packets.syn.frames import FRAME, NAME, Rows
from probes.wire.packets.syn.outlet import Outlet
from probes.wire.packets.syn.routes import Hop, Knowledge, Link, Way

OURS = {4: ip_address("198.51.100.1"), 6: ip_address("2001:db8:f::1")}


class Tap(Outlet):
    """An outlet that keeps where packets go, as frame and kernel are told, and sends none.

    *sent* is told how many have left after each batch; of a batch the kernel has *room* for so many at most. *hear*,
    once it is set, is told that the ports of those in *answering* are closed, while the tap is not *mute*.
    """

    def __init__(self, family: Family, sent: Callable[[int], None] = lambda _: None, room: int = 1024) -> None:
        self.family, self.left, self._tell, self._room, self._full = family, list[Address](), sent, room, False
        self.answering, self.mute = frozenset[Address](), False
        self.hear: Callable[[Answers], None] = lambda _: None

    async def send(self, write: Callable[[Rows, Rows], None], count: int) -> int:
        frames, names = np.zeros(count, FRAME[self.family]), np.zeros(count, NAME[self.family])
        write(frames, names)
        self._full = not self._full and self._room < count  # every other time, when there is little
        gone = 0 if self._full else min(count, self._room)
        to = [ip_address(bytes(frame["destination"])) for frame in frames]
        assert [ip_address(bytes(name["address"])) for name in names] == to
        self.left += to[:gone]
        self._tell(len(self.left))
        heard = [place for place in range(gone) if to[place] in self.answering and not self.mute]
        if heard:
            self.hear(_resets(frames[heard]))
        await asyncio.sleep(0)
        return gone

    async def rest(self) -> None:
        pass


def _resets(frames: Rows) -> Answers:
    wide = {name: frames[name].astype(np.int64) for name in ("port", "source_port", "sequence")}
    now, none = np.full(len(frames), time.time()), np.zeros(len(frames), np.bool_)
    acknowledged = (wide["sequence"] + 1) & 0xFFFFFFFF
    return Answers(frames["destination"], wide["port"], wide["source_port"], acknowledged, none, now)


@dataclass
class Told:
    """Routes as told: all hosts by *router*, or on the link themselves without one; by link 1, or that of *links*."""

    router: Address | None = None
    carries: bool = True
    has_neighbours: bool = False
    changes: int = 0
    known: dict[Address, Knowledge] = field(default_factory=dict)
    links: dict[Address, int] = field(default_factory=dict)

    def way(self, host: Address) -> Way:
        return Way(OURS[host.version], Hop(self.links.get(host, 1), self.router or host))

    def link(self, interface: int) -> Link:
        return Link(self.carries, self.has_neighbours, self.changes)

    def knowledge(self, hop: Hop) -> Knowledge:
        return self.known.get(hop.address, Knowledge.MISSING)
