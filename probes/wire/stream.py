"""An open connection as the protocols above see it: bytes, within what the look may cost."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Protocol

from probes.wire.errand import Errand
from probes.wire.errors import of_talking

CHUNK = 64 * 1024
"""Bytes read at once, so that every cap is looked at this often."""

_GRACE = struct.pack("ii", 0, 0)
_OPTIONS, _RECEIVED, _ADVERTISED = 5, 20, 84  # struct tcp_info: tcpi_options, tcpi_rcv_mss, tcpi_advmss
_TIMESTAMP = 12
"""Octets of the option that comes with each packet where both sides have it. Source: RFC 7323 appendix A."""


class Stream(Protocol):
    """A two-way stream of bytes.

    `read` and `write` raise Unreached when the connection breaks and NotLooked when the budget is spent.
    """

    async def read(self) -> bytes:
        """Return the next bytes, at most CHUNK; empty at the end."""

    async def write(self, data: bytes) -> None:
        """Send all of *data*."""

    def finish(self) -> None:
        """Say that the exchange ended well: closing will be a farewell and not a reset."""

    def close(self) -> None:
        """Close, with a reset unless finished."""


class TcpStream:
    """A stream over one TCP socket, which it owns."""

    def __init__(self, sock: socket.socket, errand: Errand) -> None:
        self._sock, self._errand = sock, errand
        self._loop = asyncio.get_running_loop()

    async def read(self) -> bytes:
        """Return the next bytes, at most CHUNK; empty at the end."""
        # A peer that always has more would otherwise never let the deadline come to its turn.
        await asyncio.sleep(0)
        try:
            data = await self._loop.sock_recv(self._sock, CHUNK)
        except OSError as fault:
            raise of_talking(fault) from fault
        self._errand.count(len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send all of *data*."""
        try:
            await self._loop.sock_sendall(self._sock, data)
        except OSError as fault:
            raise of_talking(fault) from fault
        self._errand.put(len(data))

    @property
    def segments(self) -> tuple[int, int]:
        """The most octets of data, timestamps included, in one packet: what we asked for, and what came."""
        told = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ADVERTISED + 4)
        beside = _TIMESTAMP if told[_OPTIONS] & 1 else 0
        asked, came = (int.from_bytes(told[at : at + 4], sys.byteorder) for at in (_ADVERTISED, _RECEIVED))
        return asked + beside, came + beside

    def finish(self) -> None:
        """Say that the exchange ended well: closing will be a farewell and not a reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _GRACE)

    def close(self) -> None:
        """Close, with a reset unless finished."""
        self._sock.close()
