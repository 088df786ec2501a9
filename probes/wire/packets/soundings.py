"""Soundings under way: one crafted packet each, within scope and pace, and the first genuine word about it."""

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

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.craft import frames
from probes.wire.packets.messages import Declined, Returned, Sound
from probes.wire.packets.pace import Pace
from probes.wire.packets.sounding_answers import Key, Saying, read
from probes.wire.scope import Scope
from probes.wire.sounding import LEAST, Carrier, Sounded, Word

COOKIE = 14
"""Octets drawn at random that an answer must return."""
_HIGH_PORTS = range(33434, 33524)
"""Ports at which nobody is expected, and which are known for that."""
_OUR_PORTS = range(49152, 65536)


class Exit(Protocol):
    """Where whole packets of one family leave."""

    def source(self, address: Address) -> Address:
        """Return our own address towards *address*, or raise NotLooked."""

    def send(self, address: Address, packet: bytes) -> bool:
        """Send one packet; return False when our own link is too narrow for it, or raise NotLooked."""


@dataclass(slots=True, eq=False)
class _Flight:
    request: Sound
    cookie: bytes = field(default_factory=lambda: secrets.token_bytes(COOKIE))
    sent_at: float = 0.0
    said: Sounded | None = None
    stopped: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, said: Sounded) -> None:
        """Take *said* for the word about it, if it is the first."""
        if self.said is None:
            self.said = said
            self.over.set()


class Soundings:
    """Puts crafted packets to the network; the last guard before one leaves.

    *exits* holds, per family, the exit or why there is none; *lost* counts what came in and was lost before we read
    it. An answer is one that returns identifiers and cookie drawn at random, or as much of them as it quotes.
    """

    def __init__(
        self,
        scope: Scope,
        pace: Pace,
        exits: Mapping[Family, Exit | NotLooked],
        lost: Callable[[Family], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scope, self._pace, self._exits, self._lost, self._clock = scope, pace, exits, lost, clock
        self._flights: dict[Key, _Flight] = {}
        self._stopped = False

    async def run(self, request: Sound) -> Returned | Declined:
        """Send what *request* asks for and wait for what comes of it."""
        flight, key = _Flight(request), self._unused_key(request)
        self._flights[key] = flight
        try:
            return Returned(request.token, await self._fly(flight, key))
        except NotLooked as refusal:
            return Declined(request.token, refusal.reason, refusal.detail)
        finally:
            del self._flights[key]

    def stop(self) -> None:
        """Fall silent at once; what is under way ends as stopped."""
        self._stopped = True
        for flight in self._flights.values():
            flight.stopped = True
            flight.over.set()

    def resume(self) -> None:
        """Speak again; what was stopped stays so."""
        self._stopped = False

    def received(self, source: Address, packet: bytes, age: float = 0.0) -> None:
        """Match what a raw socket heard *age* seconds ago to what is under way; all else is dropped."""
        arrived = self._clock() - age
        saying = read(source, packet)
        if saying is None or (flight := self._flights.get(saying.key)) is None or not _genuine(saying, flight):
            return
        seconds = max(0.0, arrived - flight.sent_at)
        if seconds <= flight.request.sounding.timeout:
            flight.end(Sounded(saying.word, source, seconds, saying.mtu, saying.failure))

    async def _fly(self, flight: _Flight, key: Key) -> Sounded:
        asked, family = flight.request.sounding, Family.of(key.address)
        lost, way = self._lost(family), self._permit(flight)
        for packet in frames(way.source(key.address), asked, key, flight.cookie):
            async with self._pace.turn(key.address):
                way = self._permit(flight)
                flight.sent_at = self._clock()
                if not way.send(key.address, packet):
                    return Sounded(Word.TOO_BIG)
        with suppress(TimeoutError):
            await asyncio.wait_for(flight.over.wait(), asked.timeout)
        if flight.stopped:
            raise NotLooked(GapReason.STOPPED)
        if flight.said is None and self._lost(family) != lost:
            raise NotLooked(GapReason.OVERLOADED, "answers were lost on this machine")
        return flight.said or Sounded(Word.SILENT)

    def _permit(self, flight: _Flight) -> Exit:
        address = flight.request.address
        if flight.stopped or self._stopped:
            raise NotLooked(GapReason.STOPPED)
        if (refusal := self._scope.refusal(address)) is not None:
            raise NotLooked(refusal, "the packet process was started with another scope")
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            raise NotLooked(GapReason.ADDRESS_UNKNOWN, "an IPv4-mapped address is no destination of IPv6 packets")
        way = self._exits[Family.of(address)]
        if isinstance(way, NotLooked):
            raise NotLooked(way.reason, way.detail)
        return way

    def _unused_key(self, request: Sound) -> Key:
        asked, address = request.sounding, request.address
        while True:
            if asked.carrier is Carrier.ECHO:
                key = Key(address, asked.carrier, asked.flow, secrets.randbits(16))
            else:
                key = Key(address, asked.carrier, secrets.choice(_OUR_PORTS), secrets.choice(_HIGH_PORTS))
            if key not in self._flights:
                return key


def _genuine(saying: Saying, flight: _Flight) -> bool:
    """Say whether *saying* is about what was sent: an answer returns the cookie, an error as much as it quotes.

    An IPv4 router need not quote any of it, an IPv6 one has to. A packet is never too big for more than its size, nor
    for less than every path must carry.
    """
    family, asked = Family.of(flight.request.address), flight.request.sounding
    quoted = saying.payload[:COOKIE]
    if not compare_digest(quoted, flight.cookie[: len(quoted)]):
        return False
    if len(quoted) < COOKIE and (family is Family.IPV6 or (saying.word is Word.ANSWERED and _echoed(saying))):
        return False
    if saying.word is Word.TOO_BIG and not (family is Family.IPV4 and saying.mtu == 0):
        return (LEAST[family] if family is Family.IPV6 else 68) <= saying.mtu < asked.size
    return True


def _echoed(saying: Saying) -> bool:
    return saying.key.carrier is Carrier.ECHO
