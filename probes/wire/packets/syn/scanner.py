"""Scans under way: each within scope, pace and stop, and its answers found among all that is heard."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import numpy as np

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import Contact, NotLooked
from probes.wire.packets.messages import Declined, Scan, Scanned, Seen, Unseen
from probes.wire.packets.pace import Pace
from probes.wire.packets.syn.answers import Answers, read_error
from probes.wire.packets.syn.approach import Approach
from probes.wire.packets.syn.flight import Flight
from probes.wire.packets.syn.outlet import Outlet
from probes.wire.packets.syn.ring import OWN_PORTS
from probes.wire.packets.syn.routes import Routes
from probes.wire.packets.syn.uplinks import Uplinks
from probes.wire.scope import Scope

_PAIRS = 1 << 24
"""Pairs of host and port that are scanned at once, so that memory is bounded however much is planned."""
_KEPT = 64
"""Ports of ours kept for asking controls, which a scan waits for while it holds its own."""
_CONTROL_RATES = 10.0, 10.0
"""Packets a second to a control contact, of those to all and to one; the pace of the process holds besides."""


class Scanner:
    """Runs scans; the last guard before their packets leave.

    *outlets* holds, per family, one or why there is none; *lost* says how many answers this machine has lost, ever.
    *controls* are contacts besides the scope that are asked whether a link carries, where nobody else shows it. SYNs
    leave from *source_ports*, both ends included; when all are in use, or too much is under way, a scan waits.
    """

    def __init__(
        self,
        scope: Scope,
        pace: Pace,
        outlets: Mapping[Family, Outlet | NotLooked],
        lost: Callable[[Family], int],
        routes: Routes,
        controls: Sequence[Contact] = (),
        source_ports: tuple[int, int] = OWN_PORTS,
    ) -> None:
        self._scope, self._pace, self._outlets, self._lost, self._routes = scope, pace, outlets, lost, routes
        self._controls, self._uplinks = deque(controls), Uplinks(self._ask_control)
        # The port longest unused comes first: late answers to the scan before find nobody.
        self._own_ports = deque(range(source_ports[0], source_ports[1] + 1))
        self._returned = asyncio.Condition()
        self._flights: dict[int, Flight] = {}
        self._stopped = False

    def check(self) -> None:
        """Return if scans can be run over either family.

        Raises:
            NotLooked: why they cannot.
        """
        refusals = [outlet for outlet in self._outlets.values() if isinstance(outlet, NotLooked)]
        if len(refusals) == len(self._outlets):
            raise refusals[0]

    async def run(self, request: Scan, tell: Callable[[Seen | Unseen], None]) -> Scanned | Declined:
        """Put *request*, and tell what there is to say of each address once it is whole."""
        try:
            outlet = self._permit(request)
            await self._room_for(request)
            with self._flight(request) as flight, self._pace.many(request.addresses) as slots:
                way = Approach(flight, outlet, self._pace, slots)
                lost = self._lost(outlet.family)
                for number in range(_most_rounds(request)):
                    if number > request.retries and not flight.goes_on:
                        break
                    await way.find()
                    began = time.monotonic()
                    flight.begin(number)
                    await way.send()
                    await self._uplinks.listen(flight, way)
                    flight.check()
                    flight.tell(tell, silent=False)
                if self._lost(outlet.family) != lost:
                    flight.distrust(NotLooked(GapReason.OVERLOADED, "answers were lost on this machine"))
                flight.distrust_links()
                await way.prove(began)
                flight.tell(tell, silent=True)
                return Scanned(request.token, flight.packets)
        except NotLooked as refusal:
            return Declined(request.token, refusal.reason, refusal.detail)
        finally:
            async with self._returned:
                self._returned.notify_all()

    async def stop(self) -> None:
        """Fall silent; what is under way ends as stopped, and nothing leaves once this has returned."""
        self._stopped = True
        async with self._returned:
            self._returned.notify_all()
        for flight in self._flights.values():
            flight.stop()
        for outlet in self._outlets.values():
            if isinstance(outlet, Outlet):
                await outlet.rest()

    def resume(self) -> None:
        """Speak again; what was stopped stays so."""
        self._stopped = False

    def received(self, answers: Answers) -> None:
        """Match TCP answers to the scans under way; all else is dropped.

        They bear the time of the wall clock, which may be set while we scan.
        """
        family, answers = answers.hosts.shape[1], answers.later(time.monotonic() - time.time())
        for own_port in np.unique(answers.own_ports).tolist():
            flight = self._flights.get(own_port)
            if flight is not None and len(flight.request.addresses[0].packed) == family:
                flight.settle(answers.where(answers.own_ports == own_port))
                self._uplinks.note(flight)

    def received_error(self, source: Address, packet: bytes, age: float) -> None:
        """Match what a raw ICMP socket heard *age* seconds ago; what is not about a SYN of ours is dropped."""
        error = read_error(source, packet)
        flight = self._flights.get(error.own_port) if error is not None else None
        if error is not None and flight is not None and error.host.version == flight.request.addresses[0].version:
            flight.settle_error(error, source, time.monotonic() - age)
            self._uplinks.note(flight)

    async def _room_for(self, request: Scan) -> None:
        """Wait until there is room for *request*, and ports of ours, with some left for controls to be asked from.

        Raises:
            NotLooked: the process was stopped meanwhile.
        """
        wanted, pairs = 2 * _most_rounds(request) + _KEPT, _pairs(request)

        def room() -> bool:
            begun = sum(_pairs(flight.request) for flight in set(self._flights.values()))
            return len(self._own_ports) >= wanted and begun + pairs <= _PAIRS

        async with self._returned:
            await self._returned.wait_for(lambda: room() or self._stopped)
        if self._stopped:
            raise NotLooked(GapReason.STOPPED)

    def _permit(self, request: Scan) -> Outlet:
        if self._stopped:
            raise NotLooked(GapReason.STOPPED)
        for address in request.addresses:
            if (refusal := self._scope.refusal(address)) is not None:
                raise NotLooked(refusal, str(address))
            if getattr(address, "ipv4_mapped", None) is not None:
                raise NotLooked(GapReason.OUT_OF_SCOPE, f"{address} is no address of the IPv6 network")
        outlet = self._outlets[Family.of(request.addresses[0])]
        if isinstance(outlet, NotLooked):
            raise NotLooked(outlet.reason, outlet.detail)
        return outlet

    async def _ask_control(self, family: Family, interface: int, seconds: float) -> None:
        """Send a SYN to a control contact that is reached by a link, and wait for its answer.

        One that does not answer comes last the next time.
        """
        for control in tuple(self._controls):
            if Family.of(control.address) is not family or self._scope.refusal(control.address) is GapReason.DENIED:
                continue
            with suppress(NotLooked):
                if self._routes.way(control.address).hop.interface != interface:
                    continue
                if not await self._answers(control, seconds):
                    self._controls.remove(control)
                    self._controls.append(control)
                return

    async def _answers(self, control: Contact, seconds: float) -> bool:
        """Say whether *control* answers a SYN now.

        Raises:
            NotLooked: it could not be asked.
        """
        outlet = self._outlets[Family.of(control.address)]
        if self._stopped or isinstance(outlet, NotLooked):
            raise NotLooked(GapReason.STOPPED)
        single = Scan(0, (control.address,), (control.port,), 0, seconds, *_CONTROL_RATES)
        with self._flight(single) as flight, self._pace.many(single.addresses) as slots:
            way = Approach(flight, outlet, self._pace, slots)
            await way.find()
            flight.begin(0)
            await way.send()
            await flight.listen(seconds)
            return bool(flight.heard(0.0))

    @contextmanager
    def _flight(self, request: Scan) -> Iterator[Flight]:
        rounds = _most_rounds(request)
        if len(self._own_ports) < 2 * rounds:
            raise NotLooked(GapReason.OVERLOADED, "too many scans under way")
        own_ports = [self._own_ports.popleft() for _ in range(2 * rounds)]
        try:
            flight = Flight(request, own_ports, self._routes)
            self._flights.update(dict.fromkeys(own_ports, flight))
            yield flight
        finally:
            for port in own_ports:
                self._flights.pop(port, None)
            self._own_ports.extend(own_ports)


def _pairs(request: Scan) -> int:
    return len(request.addresses) * len(request.ports)


def _most_rounds(request: Scan) -> int:
    """Return how often a port may be asked.

    A retry that draws an answer shows that packets get lost, and a round after which a link has not carried proves
    nothing: both are repaid.
    """
    return 1 + 2 * request.retries
