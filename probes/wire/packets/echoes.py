"""Echo requests under way: sent within scope and pace, matched to their answers, and to no one else's."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hmac import compare_digest
from ipaddress import IPv6Address
from typing import Protocol

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.craft import echo_request
from probes.wire.packets.icmp import EchoError, EchoKey, EchoReply, read
from probes.wire.packets.messages import Declined, Echo, Echoed, Missed
from probes.wire.packets.pace import Pace
from probes.wire.scope import Scope

COOKIE = 16
"""Bytes of random payload that a reply must return."""


class Outlet(Protocol):
    """Where packets of one family leave."""

    @property
    def dropped(self) -> int:
        """How many packets that came in were lost before we read them, ever."""

    def send(self, address: Address, message: bytes) -> None:
        """Send one ICMP message, or raise NotLooked."""


@dataclass(slots=True, eq=False)
class _Flight:
    """One request's packets: how many have drawn no word yet, and what has come back."""

    request: Echo
    awaited: int
    keys: list[EchoKey] = field(default_factory=list)
    seconds: dict[int, float] = field(default_factory=dict)
    error: EchoError | None = None
    stopped: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Packet:
    flight: _Flight
    place: int
    cookie: bytes
    sent_at: float


class Echoes:
    """Puts echo requests to the network; the last guard before a packet leaves.

    *outlets* holds, per family, the outlet or why there is none. Every packet bears an identifier and sequence
    drawn at random and a random cookie; what does not return all three, from where it was sent, is not an answer.
    """

    def __init__(
        self,
        scope: Scope,
        pace: Pace,
        outlets: Mapping[Family, Outlet | NotLooked],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scope, self._pace, self._outlets, self._clock = scope, pace, outlets, clock
        self._waiting: dict[EchoKey, _Packet] = {}
        self._flights: set[_Flight] = set()
        self._stopped = False
        self.sent = 0
        """Packets that have left, ever."""

    async def run(self, request: Echo) -> Echoed | Missed | Declined:
        """Put *request* and wait for what comes of it."""
        flight = _Flight(request, request.count)
        self._flights.add(flight)
        try:
            await self._fly(flight)
        except NotLooked as refusal:
            return Declined(request.token, refusal.reason, refusal.detail)
        finally:
            self._flights.discard(flight)
            for key in flight.keys:
                self._waiting.pop(key, None)
        return _landed(flight)

    def stop(self) -> None:
        """Fall silent at once; what is under way ends as stopped."""
        self._stopped = True
        for flight in self._flights:
            flight.stopped = True
            flight.over.set()

    def resume(self) -> None:
        """Speak again; what was stopped stays so."""
        self._stopped = False

    def received(self, source: Address, packet: bytes, age: float = 0.0) -> None:
        """Match what a raw socket heard *age* seconds ago to what is under way; all else is dropped."""
        arrived = self._clock() - age
        word = read(source, packet)
        if word is None or (ours := self._waiting.get(word.key)) is None:
            return
        if not _genuine(word, ours.cookie):
            return
        del self._waiting[word.key]
        if (seconds := max(0.0, arrived - ours.sent_at)) > ours.flight.request.timeout:
            return
        if isinstance(word, EchoReply):
            ours.flight.seconds[ours.place] = seconds
        elif ours.flight.error is None:
            ours.flight.error = word
        ours.flight.awaited -= 1
        if ours.flight.awaited == 0:
            ours.flight.over.set()

    async def _fly(self, flight: _Flight) -> None:
        request = flight.request
        outlet = self._permit(flight)
        dropped = outlet.dropped
        for place in range(request.count):
            async with self._pace.turn(request.address):
                self._send(flight, place)
        with suppress(TimeoutError):
            await asyncio.wait_for(flight.over.wait(), request.timeout)
        if flight.stopped:
            raise NotLooked(GapReason.STOPPED)
        if not flight.seconds and flight.error is None and outlet.dropped != dropped:
            raise NotLooked(GapReason.OVERLOADED, "answers were lost on this machine")

    def _permit(self, flight: _Flight) -> Outlet:
        address = flight.request.address
        if flight.stopped or self._stopped:
            raise NotLooked(GapReason.STOPPED)
        if (refusal := self._scope.refusal(address)) is not None:
            raise NotLooked(refusal, "the packet process was started with another scope")
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            raise NotLooked(GapReason.ADDRESS_UNKNOWN, "an IPv4-mapped address is no destination of IPv6 packets")
        outlet = self._outlets[Family.of(address)]
        if isinstance(outlet, NotLooked):
            raise NotLooked(outlet.reason, outlet.detail)
        return outlet

    def _send(self, flight: _Flight, place: int) -> None:
        outlet, address = self._permit(flight), flight.request.address
        key, cookie = self._unused_key(address), secrets.token_bytes(COOKIE)
        message = echo_request(Family.of(address), key.identifier, key.sequence, cookie)
        flight.keys.append(key)
        self._waiting[key] = _Packet(flight, place, cookie, self._clock())
        outlet.send(address, message)
        self.sent += 1

    def _unused_key(self, address: Address) -> EchoKey:
        while True:
            key = EchoKey(address, secrets.randbits(16), secrets.randbits(16))
            if key not in self._waiting:
                return key


def _genuine(word: EchoReply | EchoError, cookie: bytes) -> bool:
    """Say whether *word* returns the cookie; an error returns as much as it quotes, which may be nothing."""
    if isinstance(word, EchoReply):
        return compare_digest(word.payload, cookie)
    quoted = word.payload[:COOKIE]
    return compare_digest(quoted, cookie[: len(quoted)])


def _landed(flight: _Flight) -> Echoed | Missed:
    request = flight.request
    if flight.seconds:
        return Echoed(request.token, tuple(flight.seconds[place] for place in sorted(flight.seconds)))
    if flight.error is not None:
        return Missed(request.token, flight.error.failure, flight.error.detail)
    return Missed(request.token, Failure.ECHO_TIMEOUT, f"none of {request.count} answered in {request.timeout:g} s")
