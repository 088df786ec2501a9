"""One scan under way: what was asked, what has been found, and what has been told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from probes.target import Family
from probes.wire import PortState
from probes.wire.packets.messages import Scan, Seen
from probes.wire.packets.syn.answers import Answers
from probes.wire.packets.syn.frames import Templates
from probes.wire.packets.syn.outlet import Outlet, sources
from probes.wire.packets.syn.sweep import CLOSED, OPEN, SILENT, UNREACHABLE, Probes, Sweep

_STATES = {
    SILENT: PortState.FILTERED,
    OPEN: PortState.OPEN,
    CLOSED: PortState.CLOSED,
    UNREACHABLE: PortState.UNREACHABLE,
}


class Flight:
    """A scan, and the packets it is made of. *own_ports* are ours, one for each round.

    Raises:
        NotLooked: there is no way to one of the addresses.
    """

    def __init__(self, request: Scan, own_ports: Sequence[int]) -> None:
        self.request = request
        self.sweep = Sweep(request.addresses, request.ports, own_ports)
        self.packets = 0
        """Packets that have left."""
        self.stopped = False
        family = Family.of(request.addresses[0])
        self._templates = Templates(family, request.addresses, sources(request.addresses))
        self._untold = np.ones(len(request.addresses), np.bool_)
        self._over = asyncio.Event()

    def send(self, outlet: Outlet, probes: Probes, count: int, at: float) -> int:
        """Send the first *count* of *probes* at wall-clock time *at*; return how many the kernel had room for.

        Raises:
            NotLooked: not even the first may leave this machine.
        """
        pairs = probes.pairs[:count]
        hosts = self.sweep.hosts(pairs)
        frames, names = outlet.frames[: len(pairs)], outlet.names[: len(pairs)]
        names[:] = self._templates.names[hosts]
        self._templates.write(frames, hosts, self.sweep.own_port, self.sweep.ports(pairs), self.sweep.sequences(pairs))
        sent = outlet.send(len(pairs))
        self.sweep.asked(probes, sent, at)
        self.packets += sent
        return sent

    def settle(self, answers: Answers, closed: int) -> None:
        """Take in *answers* to own ports of this scan; what is not open among them is *closed*."""
        self.sweep.settle(answers, closed)
        if not self.sweep.missing.any():
            self._over.set()

    async def listen(self, seconds: float) -> None:
        """Wait *seconds* for answers, or until there is nothing more to wait for."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    def stop(self) -> None:
        """Wait for nothing more."""
        self.stopped = True
        self._over.set()

    def tell(self, tell: Callable[[Seen], None], *, silent: bool) -> None:
        """Tell each address not told yet whose ports have all answered; with *silent*, all others too."""
        ready = self._untold if silent else self._untold & (self.sweep.missing == 0)
        for place in np.flatnonzero(ready).tolist():
            tell(self._seen(place))
        self._untold &= ~ready

    def _seen(self, place: int) -> Seen:
        ports = len(self.request.ports)
        own = slice(place * ports, (place + 1) * ports)
        states = self.sweep.states[own]
        seconds = self.sweep.seconds[own][states == OPEN]
        return Seen(
            self.request.token, place, tuple(_STATES[state] for state in states.tolist()), tuple(seconds.tolist())
        )
