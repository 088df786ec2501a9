"""Single DNS questions to single servers, over our own sockets: nothing retried elsewhere, nothing folded together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from probes.observation import Failure
from probes.target import Address
from probes.wire import DnsAnswer, DnsQuery, Unreached
from probes.wire.dns_codec import Oddity, write
from probes.wire.dns_datagrams import Ears
from probes.wire.dns_stream import converse
from probes.wire.errand import Errand
from probes.wire.tcp import Dialer

TRIES = 3
"""Datagrams sent at most for one question."""

Gate = Callable[[Address, int], AbstractAsyncContextManager[Errand]]
"""The guard as one target's questions meet it: admits one datagram, or one connection, to a name server."""


class Asker:
    """Puts questions to servers, each datagram from a port drawn by lot: forgers must guess.

    With *source_ports*, both ends included, those of others are asked from these alone; our own resolvers, which need
    not tell us from anybody, from all there are.
    """

    def __init__(self, dialer: Dialer | None = None, source_ports: tuple[int, int] | None = None) -> None:
        self._dialer, self._ports = dialer or Dialer(), source_ports

    async def ask(self, query: DnsQuery, gate: Gate) -> DnsAnswer:
        """Put one question to one server and return its answer, whatever the rcode.

        A server that does not know EDNS is asked again without it, an answer cut short is fetched over TCP. The
        time limit covers all of it, but for the waiting at the gate and half a turn that each new start is granted.

        Raises:
            Unreached: no answer, or none that can be used.
            NotLooked: nothing was sent, or nothing could be.
        """
        exchange = _Exchange(query, gate, self._dialer, None if query.recursive else self._ports)
        answer = await exchange.run(edns=True)
        return await exchange.run(edns=False) if answer.rcode == "FORMERR" else answer


class _Exchange:
    """One question on its way; *left* are the seconds that remain of it."""

    def __init__(self, query: DnsQuery, gate: Gate, dialer: Dialer, ports: tuple[int, int] | None) -> None:
        self.query, self.gate, self.dialer, self.ports = query, gate, dialer, ports
        self.left = query.timeout

    async def run(self, *, edns: bool) -> DnsAnswer:
        if self.query.tcp:
            return await self._stream(edns=edns)
        reading = await self._datagrams(edns=edns)
        if isinstance(reading, DnsAnswer):
            return reading
        try:
            return await self._stream(edns=edns)
        except Unreached as refusal:
            raise Unreached(Failure.DNS_TRUNCATED, str(refusal), refusal.seconds) from refusal

    async def _datagrams(self, *, edns: bool) -> DnsAnswer | Oddity:
        """Return an answer, or CUT. Each try goes out from a new socket; all of them are listened to until the end."""
        with Ears(self.query, self.ports) as ears:
            for turn in range(1, TRIES + 1):
                async with self.gate(self.query.server, self.query.port) as errand:
                    patience = min(self.query.timeout / TRIES, self.left)
                    began = time.monotonic()
                    reading = await ears.ask(write(self.query, edns=edns), patience, errand)
                    self._spend(time.monotonic() - began)
                    errand.count(ears.octets)
                    if reading is not None:
                        return reading
                    if turn == TRIES:
                        raise ears.silence()
        raise AssertionError("the last try answers or raises")

    async def _stream(self, *, edns: bool) -> DnsAnswer:
        """Ask over TCP: one connection for one question."""
        async with self.gate(self.query.server, self.query.port) as errand:
            began = time.monotonic()
            answer = await converse(self.dialer, errand, write(self.query, edns=edns), self.left)
            self._spend(time.monotonic() - began)
            return answer

    def _spend(self, seconds: float) -> None:
        self.left = max(self.left - seconds, self.query.timeout / TRIES / 2)
