"""The UDP side of one DNS exchange: several sockets, each with a port and an ID of its own, heard together."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import time

from probes.observation import Failure
from probes.target import Family
from probes.wire import DnsAnswer, DnsQuery, NotLooked, Unreached
from probes.wire.dns_codec import Oddity, Question, read
from probes.wire.errand import Errand
from probes.wire.errors import listen_for_icmp, of_connecting, of_opening

STRAYS = 100
"""Datagrams that answer something else, after which a server is not listened to any more."""
_PORTS_TRIED = 16
LONGEST = 4096
"""Octets of a datagram read; what is longer, though we asked for less, is fetched over TCP instead."""


class Ears:
    """The sockets of one exchange, to be used in `with`. *octets* counts what was read since the last question.

    Each has a port drawn by lot: of *ports*, both ends included, if any are given.
    """

    def __init__(self, query: DnsQuery, ports: tuple[int, int] | None = None) -> None:
        self._query, self._family, self._ports = query, Family.of(query.server), ports
        self._loop = asyncio.get_running_loop()
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

    async def ask(self, question: Question, patience: float, errand: Errand) -> DnsAnswer | Oddity | None:
        """Send *question*, unless an answer has come meanwhile, and hear all sockets for *patience* seconds.

        Returns the answer, or CUT; None when nothing came, or at once when what came was malformed.

        Raises:
            Unreached: the network said no, or a flood of answers to other questions came.
            NotLooked: nothing could be sent.
        """
        self.octets = 0
        if self._heard.done():
            errand.unsent(1)
        else:
            self._send(question, errand)
            await asyncio.wait({self._heard}, timeout=patience)
        if not self._heard.done():
            return None
        heard = self._heard.result()
        if heard is not Oddity.MALFORMED:
            return heard
        self._heard = self._loop.create_future()
        return None

    def _send(self, question: Question, errand: Errand) -> None:
        try:
            sock = self._sent(question)
        except (Unreached, NotLooked):
            errand.unsent(1)
            raise
        errand.put(len(question.wire))
        self._loop.add_reader(sock, self._readable, sock, question, time.monotonic())

    def _sent(self, question: Question) -> socket.socket:
        """Send *question* from a new socket, and return that.

        Raises:
            Unreached: the network said no at once; nothing has left.
            NotLooked: our own machine did.
        """
        sock = _open(self._family)
        if self._ports is not None and not _bind(sock, *self._ports):
            sock.close()
            raise of_opening(OSError(errno.EADDRINUSE, ""), self._family)
        self._sockets.append(sock)
        code = sock.connect_ex((str(self._query.server), self._query.port))
        if code == errno.EADDRNOTAVAIL:
            raise of_opening(OSError(errno.ENETUNREACH, ""), self._family)
        if code:
            raise of_connecting(code, sock, self._family, at_once=True)
        try:
            sock.send(question.wire)
        except OSError as fault:
            raise of_connecting(fault.errno or 0, sock, self._family, at_once=True) from fault
        return sock

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
            self._fail(_refusal(fault.errno or 0, sock, self._family, seconds))
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

    def _fail(self, reason: Unreached | NotLooked) -> None:
        if not self._heard.done():
            self._heard.set_exception(reason)


def _open(family: Family) -> socket.socket:
    try:
        sock = socket.socket(family.socket_family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError as fault:
        raise of_opening(fault, family) from fault
    if family is Family.IPV6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listen_for_icmp(sock, family, on=True)
    return sock


def _bind(sock: socket.socket, first: int, last: int) -> bool:
    """Give *sock* one of the ports, drawn by lot; false where all that were drawn are taken."""
    for _ in range(_PORTS_TRIED):
        try:
            sock.bind(("", first + secrets.randbelow(last - first + 1)))
        except OSError:
            continue
        return True
    return False


def _refusal(code: int, sock: socket.socket, family: Family, seconds: float) -> Unreached | NotLooked:
    """Return what an ICMP error means. Unlike a SYN, a datagram to a closed port does get "port unreachable"."""
    if code == errno.ECONNREFUSED:
        return Unreached(Failure.CONNECTION_REFUSED, "port unreachable", seconds)
    refusal = of_connecting(code, sock, family, at_once=False)
    if isinstance(refusal, Unreached):
        refusal.seconds = seconds
    return refusal
