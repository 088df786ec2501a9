"""TCP connections to exactly one address, over our own sockets: no names, no fallback, no other family."""

from __future__ import annotations

import asyncio
import errno
import itertools
import random
import socket
import struct
import sys
from collections.abc import Callable, Iterator

from probes.observation import Failure
from probes.target import Address, Family
from probes.wire import NotLooked, Unreached
from probes.wire.account import Account
from probes.wire.errand import Errand
from probes.wire.errors import listen_for_icmp, of_connecting, of_opening
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.stream import TcpStream
from probes.wire.watch import watched

SocketFactory = Callable[[int, int], socket.socket]

_PORTS_TRIED = 16
_KERNEL_AGAIN = 1.0
"""Seconds after which the kernel sends a SYN again by itself."""
_TRIES = 4
_LOOK_EVERY = 0.25
_ABORT = struct.pack("ii", 1, 0)
_IN_PROGRESS = frozenset({0, errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK})


class Dialer:
    """Opens connections. With *source_ports*, both ends included, from those ports alone, which we are known by.

    One lost packet is not silence: the kernel asks again after a second, and with *patience* below 1, where callers
    wait for less than the usual time, we ask again that much sooner ourselves.
    """

    def __init__(
        self,
        source_ports: tuple[int, int] | None = None,
        make: SocketFactory = socket.socket,
        patience: float = 1.0,
    ) -> None:
        self._make = make
        self._ports = _around(source_ports) if source_ports else None
        self._again = patience * _KERNEL_AGAIN if patience < 1 else None

    async def dial(self, errand: Errand, segment: int = 0) -> TcpStream:
        """Connect to the admitted address and port; how long that may take is the caller's to say.

        With a *segment* the other side is asked for no more octets of data in one packet.

        The connection is reset when the stream is closed, unless it is finished first: nothing is sent again and no
        state stays behind.

        Raises:
            Unreached: the network said no.
            NotLooked: our own machine did.
        """
        if getattr(errand.entry.address, "ipv4_mapped", None) is not None:
            errand.unsent(1)
            raise Unreached(Failure.NETWORK_UNREACHABLE, "an IPv4-mapped address is no address of the IPv6 network")
        if self._again is None:
            return await self._dial(errand, segment)
        return await self._insist(errand, segment, self._again)

    async def _insist(self, errand: Errand, segment: int, again: float) -> TcpStream:
        """Try *again* and again beside what is under way; the first answer counts, whatever it says."""
        tries = {asyncio.ensure_future(self._dial(errand, segment))}
        try:
            while True:
                pause = again if len(tries) < _TRIES else None
                answered, _ = await asyncio.wait(tries, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                if answered:
                    first = answered.pop()
                    tries.remove(first)
                    return first.result()
                errand.resent(1)
                tries.add(asyncio.ensure_future(self._dial(errand, segment)))
        finally:
            for late in tries:
                late.cancel()
            # None may outlast the errand that it counts for.
            for ended in await asyncio.gather(*tries, return_exceptions=True):
                if isinstance(ended, TcpStream):
                    ended.close()

    async def _dial(self, errand: Errand, segment: int) -> TcpStream:
        address, port = errand.entry.address, errand.entry.port
        family = Family.of(address)
        try:
            sock = self._open(family)
        except NotLooked:
            errand.unsent(1)
            raise
        try:
            if segment:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
            code, at_once = await self._connect(sock, errand)
            if code and at_once and code != errno.ECONNREFUSED:
                errand.unsent(1)
            if code == errno.EADDRNOTAVAIL and not self._has_source(address, port):
                raise of_opening(OSError(errno.ENETUNREACH, ""), family)
            if code:
                raise of_connecting(code, sock, family, at_once=at_once)
            listen_for_icmp(sock, family, on=False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        return TcpStream(sock, errand)

    def _open(self, family: Family) -> socket.socket:
        try:
            sock = self._make(family.socket_family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        except OSError as fault:
            raise of_opening(fault, family) from fault
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        listen_for_icmp(sock, family, on=True)
        return sock

    async def _connect(self, sock: socket.socket, errand: Errand) -> tuple[int, bool]:
        """Return the errno connecting ended with, 0 for success, and whether the kernel gave it at once."""
        if self._ports is not None and not _bind(sock, self._ports):
            return errno.EADDRINUSE, True
        code = sock.connect_ex(_sockaddr(errand.entry.address, errand.entry.port))
        if code not in _IN_PROGRESS:
            return code, True
        if code:
            await _Attempt(sock, errand).end()
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), False

    def _has_source(self, address: Address, port: int) -> bool:
        """Say whether this machine has an address to reach *address* from; nothing is sent to find out."""
        with self._make(Family.of(address).socket_family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            return sock.connect_ex(_sockaddr(address, port)) == 0


class TcpConnector:
    """Answers whether a port is open."""

    def __init__(self, guard: Guard, dialer: Dialer) -> None:
        self._guard, self._dialer = guard, dialer

    async def connect(self, address: Address, port: int, timeout: float, account: Account) -> float:
        """Open one connection and reset it; return the seconds until it was open.

        Raises:
            Unreached: refused, silent or unreachable.
            NotLooked: nothing was sent, or nothing could be.
        """
        async with self._guard.admit(address, port, What.TCP_CONNECT, account) as errand, watched(timeout) as watch:
            stream = await self._dialer.dial(errand)
            stream.close()
            return watch.seconds


class _Attempt:
    """A connection being made; what the kernel sends again meanwhile counts as sent."""

    __slots__ = ("_errand", "_known", "_loop", "_ready", "_sock", "_timer")

    def __init__(self, sock: socket.socket, errand: Errand) -> None:
        self._sock, self._errand, self._known = sock, errand, 0
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._timer = self._loop.call_later(_LOOK_EVERY, self._look)

    async def end(self) -> None:
        """Wait until the socket is connected or has failed to."""
        # By number: asked for a socket it does not know, the selector first spells out its addresses.
        descriptor = self._sock.fileno()
        self._loop.add_writer(descriptor, self._arrive)
        try:
            await self._ready
        finally:
            self._timer.cancel()
            self._loop.remove_writer(descriptor)
        self._count()

    def _arrive(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _look(self) -> None:
        self._count()
        self._timer = self._loop.call_later(_LOOK_EVERY, self._look)

    def _count(self) -> None:
        resent = _retransmissions(self._sock)
        if resent > self._known:
            self._errand.resent(resent - self._known)
            self._known = resent


def _retransmissions(sock: socket.socket) -> int:
    # struct tcp_info, tcpi_total_retrans
    return int.from_bytes(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[100:104], sys.byteorder)


def _bind(sock: socket.socket, ports: Iterator[int]) -> bool:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for port in itertools.islice(ports, _PORTS_TRIED):
        try:
            sock.bind(("::" if sock.family == socket.AF_INET6 else "", port))
        except OSError:
            continue
        return True
    return False


def _sockaddr(address: Address, port: int) -> tuple[str | int, ...]:
    if address.version == 4:
        return str(address), port
    zone = address.scope_id
    return str(address).partition("%")[0], port, 0, _zone_index(zone) if zone else 0


def _zone_index(zone: str) -> int:
    try:
        return int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
    except OSError:
        return 0


def _around(ports: tuple[int, int]) -> Iterator[int]:
    first, last = ports
    begin = random.randint(first, last)
    return itertools.cycle([*range(begin, last + 1), *range(first, begin)])
