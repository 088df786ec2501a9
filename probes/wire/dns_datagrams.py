"""The UDP side of one DNS exchange: several sockets, each with a port and an ID of its own, heard together."""

from __future__ import annotations

import asyncio
import socket
import time

from probes.observation import Failure
from probes.wire import DnsAnswer, DnsQuery, Unreached
from probes.wire.dns_codec import Oddity, Question, read
from probes.wire.dns_socket import from_here, from_there, open_towards

STRAYS = 100
"""Datagrams that answer something else, after which a server is not listened to any more."""
LONGEST = 4096
"""Octets of a datagram read; what is longer, though we asked for less, is fetched over TCP instead."""


class Ears:
    """The sockets of one exchange, to be used in `with`. *octets* counts what was read since the last question."""

    def __init__(self, query: DnsQuery) -> None:
        self._query, self._loop = query, asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._heard: asyncio.Future[DnsAnswer | Oddity] = self._loop.create_future()
        self._strays, self._noted = 0, Failure.DNS_TIMEOUT
        self._began = time.monotonic()
        self.octets = 0

    def __enter__(self) -> Ears:
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()
        if not self._heard.cancel():
            self._heard.exception()  # heard after the last turn, and of no use

    async def ask(self, question: Question, patience: float) -> DnsAnswer | Oddity | None:
        """Send *question*, unless an answer has come meanwhile, and hear all sockets for *patience* seconds.

        Returns the answer, or CUT; None when nothing came, or at once when what came was malformed.

        Raises:
            Unreached: the network said no, or a flood of answers to other questions came.
            NotLooked: nothing could be sent.
        """
        self.octets = 0
        if not self._heard.done():
            self._send(question)
            await asyncio.wait({self._heard}, timeout=patience)
        if not self._heard.done():
            return None
        heard = self._heard.result()
        if heard is not Oddity.MALFORMED:
            return heard
        self._heard = self._loop.create_future()
        return None

    def _send(self, question: Question) -> None:
        sock, _ = open_towards(self._query, socket.SOCK_DGRAM)
        self._sockets.append(sock)
        try:
            sock.send(question.wire)
        except OSError as fault:
            raise from_here(fault, self._query) from fault
        self._loop.add_reader(sock, self._readable, sock, question, time.monotonic())

    def silence(self) -> Unreached:
        """Say what it means that no usable answer came."""
        return Unreached(self._noted, seconds=time.monotonic() - self._began)

    def _readable(self, sock: socket.socket, question: Question, sent: float) -> None:
        seconds = time.monotonic() - sent
        try:
            data = sock.recv(LONGEST + 1)
        except BlockingIOError:
            return
        except OSError as fault:
            self._loop.remove_reader(sock)
            self._fail(from_there(fault, seconds))
            return
        self.octets += len(data)
        reading = read(data, question, seconds) if len(data) <= LONGEST else Oddity.CUT
        if reading is Oddity.STRAY or reading is Oddity.MISMATCHED:
            self._stray(reading, seconds)
            return
        if reading is Oddity.MALFORMED:
            self._noted = Failure.DNS_MALFORMED
        if not self._heard.done():
            self._heard.set_result(reading)

    def _stray(self, reading: Oddity, seconds: float) -> None:
        self._strays += 1
        if reading is Oddity.MISMATCHED or self._strays > STRAYS:
            self._noted = Failure.DNS_MISMATCH
        if self._strays > STRAYS:
            self._fail(Unreached(self._noted, f"{self._strays} answers to other questions", seconds))

    def _fail(self, reason: Unreached) -> None:
        if not self._heard.done():
            self._heard.set_exception(reason)
