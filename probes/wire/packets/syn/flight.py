"""One scan under way: what was asked, what has been found, and what has been told of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress

import numpy as np

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import NotLooked, PortState
from probes.wire.packets.messages import Scan, Seen, Unseen
from probes.wire.packets.syn.answers import Answers, Unreachable, as_answers
from probes.wire.packets.syn.frames import Rows, Templates
from probes.wire.packets.syn.outlet import Outlet
from probes.wire.packets.syn.paths import Paths, Trust
from probes.wire.packets.syn.routes import Routes
from probes.wire.packets.syn.sweep import CLOSED, GIVEN_UP, OPEN, SILENT, UNREACHABLE, Probes, Sweep

_STATES = {
    SILENT: PortState.FILTERED,
    OPEN: PortState.OPEN,
    CLOSED: PortState.CLOSED,
    UNREACHABLE: PortState.UNREACHABLE,
}


class Flight:
    """A scan, and the packets it is made of. *own_ports* are ours, two for each round.

    Raises:
        NotLooked: there is no way to one of the addresses.
    """

    def __init__(self, request: Scan, own_ports: Sequence[int], routes: Routes) -> None:
        self.request = request
        self.paths = Paths(routes, request.addresses)
        self.sweep = Sweep(request.addresses, request.ports, own_ports)
        self.packets = 0
        """Packets that have left."""
        self.stopped = False
        self.family = Family.of(request.addresses[0])
        self.interfaces = np.array(self.paths.interfaces)
        """The link by which each host is reached."""
        self._links = sorted(set(self.paths.interfaces))
        self._rounds: Counter[int] = Counter()
        self._carried: frozenset[int] = frozenset()
        sources = self.paths.sources
        self._templates, self._ourselves = Templates(self.family, request.addresses, sources), frozenset(sources)
        self._untold = np.ones(len(request.addresses), np.bool_)
        self._gaps: dict[int, NotLooked] = {}
        self._before = 0
        self._over = asyncio.Event()

    async def send(self, outlet: Outlet, probes: Probes, count: int) -> int:
        """Send the first *count* of *probes*; return how many the kernel had room for.

        Raises:
            NotLooked: not even the first may leave this machine, or the scan was stopped.
        """
        pairs, sweep = probes.pairs[:count], self.sweep
        hosts = sweep.hosts(pairs)

        def write(frames: Rows, names: Rows) -> None:
            self.check()
            names[:] = self._templates.names[hosts]
            own_port, sequences = sweep.own_port(probes.by), sweep.sequences(pairs, probes.by)
            self._templates.write(frames, hosts, own_port, sweep.ports(pairs), sequences)
            sweep.asking(probes, count, time.monotonic())  # answers may be there before we know that it has gone

        sent = await outlet.send(write, len(pairs))
        sweep.asked(probes, sent)
        self.packets += sent
        return sent

    def settle(self, answers: Answers) -> None:
        """Take in TCP *answers* to own ports of this scan."""
        self.sweep.settle(answers)
        self._ended()

    def settle_error(self, error: Unreachable, source: Address, at: float) -> None:
        """Take in an ICMP *error* from *source*.

        Where it is this machine that speaks, nothing is said of the host: that a neighbour does not answer it is
        found out otherwise, and all else is its own packet filter.
        """
        answer = as_answers(error, at)
        if source not in self._ourselves or source == error.host:
            self.sweep.settle(answer, UNREACHABLE)
            self._ended()
        elif error.failure is not Failure.HOST_UNREACHABLE:
            pairs, _ = self.sweep.genuine(answer)
            for place in self.sweep.hosts(pairs).tolist():
                self.give_up(place, NotLooked(GapReason.DENIED, "refused by this machine's own packet filter"))

    def give_up(self, place: int, refusal: NotLooked) -> None:
        """Ask the host at *place* no more; what it has not answered yet is not known."""
        self._gaps.setdefault(place, refusal)
        self.sweep.finish(place, GIVEN_UP)
        self._ended()

    def judge(self, trust: Trust) -> None:
        """Give up hosts whose silence is not theirs; where nobody is, no port can be reached."""
        for place, refusal in trust.gaps.items():
            self.give_up(place, refusal)
        for place in trust.nobody:
            self.sweep.finish(place, UNREACHABLE)
        self._ended()

    @property
    def drew(self) -> bool:
        """Whether anything has been heard since the round began."""
        return int(self.sweep.missing.sum()) < self._before

    @property
    def silent(self) -> list[int]:
        """The places of hosts with ports that have not answered."""
        return [int(place) for place in np.flatnonzero(self.sweep.missing)]

    def heard(self, since: float) -> list[int]:
        """Return the places of hosts that have answered what left *since*."""
        return [int(place) for place in np.flatnonzero(self.sweep.carried >= since)]

    @property
    def unsettled(self) -> set[int]:
        """The links by which hosts are reached that have not answered."""
        return {int(interface) for interface in np.unique(self.interfaces[self.sweep.missing > 0])}

    @property
    def carried(self) -> Iterator[tuple[int, float]]:
        """Each link by which there are hosts, and when the last packet left by it that was answered."""
        for interface in self._links:
            yield interface, float(self.sweep.carried[self.interfaces == interface].max())

    async def listen(self, seconds: float) -> None:
        """Wait *seconds* for answers, or until there is nothing more to wait for."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    def begin(self, number: int) -> None:
        """Begin round *number*."""
        self._before = int(self.sweep.missing.sum())
        self.sweep.begin(number)
        self.paths.begin()

    def check(self) -> None:
        """Return if the scan may go on.

        Raises:
            NotLooked: it was stopped.
        """
        if self.stopped:
            raise NotLooked(GapReason.STOPPED)

    def listened(self, carried: Collection[int]) -> None:
        """Note that a round has been listened to, and which links have *carried* after it."""
        self._carried = frozenset(carried)
        self._rounds.update(carried)

    @property
    def goes_on(self) -> bool:
        """Whether another round is worth it: asking again draws answers, or makes good one that proves nothing."""
        return self.drew or any(self._rounds[link] <= self.request.retries for link in self._carried)

    def distrust_links(self) -> None:
        """Give up every silent host behind a link that has not carried after as many rounds as silence takes."""
        for place in self.silent:
            link = int(self.interfaces[place])
            if self._rounds[link] <= self.request.retries:
                detail = f"nobody answers by link {link}, so that its silence proves nothing"
                self.give_up(place, NotLooked(GapReason.blind(self.family), detail))

    def distrust(self, refusal: NotLooked) -> None:
        """Give up every host that has been silent."""
        for place in self.silent:
            self.give_up(place, refusal)

    def stop(self) -> None:
        """Wait for nothing more."""
        self.stopped = True
        self._over.set()

    def tell(self, tell: Callable[[Seen | Unseen], None], *, silent: bool) -> None:
        """Tell each address not told yet whose ports have all answered; with *silent*, all others too."""
        self.sweep.delays.gather()
        ready = self._untold if silent else self._untold & (self.sweep.missing == 0)
        for place in np.flatnonzero(ready).tolist():
            gap = self._gaps.get(place)
            tell(self._seen(place) if gap is None else Unseen(self.request.token, place, gap.reason, gap.detail))
        self._untold &= ~ready

    def _ended(self) -> None:
        if not self.sweep.missing.any():
            self._over.set()

    def _seen(self, place: int) -> Seen:
        ports = len(self.request.ports)
        own = place * ports, (place + 1) * ports
        states, seconds = self.sweep.states[slice(*own)], self.sweep.delays.between(*own)
        return Seen(
            self.request.token, place, tuple(map(_STATES.__getitem__, states.tolist())), tuple(seconds.tolist())
        )
