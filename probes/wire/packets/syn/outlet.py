"""Where SYNs leave: a raw IP socket, so that the kernel routes them, finds the neighbour and applies its own rules."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from probes.observation import GapReason
from probes.target import Family
from probes.wire import NotLooked
from probes.wire.packets.raw import reason
from probes.wire.packets.syn.frames import FRAME, NAME, Rows

BATCH = 1024
"""Most packets handed to the kernel at once."""
_ASIDE = 128
"""Packets from which on it is worth it to have another thread send them."""
_LATER = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM, errno.EINTR})
_TELL_ALL = {
    Family.IPV4: (socket.IPPROTO_IP, 11),  # IP_RECVERR
    Family.IPV6: (socket.IPPROTO_IPV6, 25),  # IPV6_RECVERR
}
_VECTOR = np.dtype([("base", "u8"), ("length", "u8")])
_MESSAGE = np.dtype(
    [
        ("name", "u8"), ("name_length", "u4"), ("_1", "u4"), ("vectors", "u8"), ("vector_count", "u8"),
        ("control", "u8"), ("control_length", "u8"), ("flags", "u4"), ("_2", "u4"), ("sent", "u4"), ("_3", "u4"),
    ]
)  # fmt: skip
"""struct iovec and struct mmsghdr of 64-bit Linux."""

_libc = ctypes.CDLL(None, use_errno=True)


class Outlet:
    """A batch of packets of one family, and the socket they leave by; many may be sent while the loop does other work.

    Raises:
        NotLooked: NO_RAW_SOCKET without CAP_NET_RAW; the family's blindness when this machine does not speak it.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(family.socket_family, kind, socket.IPPROTO_RAW)
        except PermissionError as error:
            raise NotLooked(GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW") from error
        except OSError as error:
            raise NotLooked(GapReason.blind(family), error.strerror or "") from error
        # Without this the kernel says nothing of packets it had no room for.
        self._socket.setsockopt(*_TELL_ALL[family], 1)
        self._frames: Rows = np.zeros(BATCH, FRAME[family])
        self._names: Rows = np.zeros(BATCH, NAME[family])
        self._free, self._aside = asyncio.Lock(), ThreadPoolExecutor(1, f"syn-{family}")
        self._vectors, self._messages = np.zeros(BATCH, _VECTOR), np.zeros(BATCH, _MESSAGE)
        places = np.arange(BATCH, dtype=np.uint64)
        self._vectors["base"] = self._frames.ctypes.data + places * np.uint64(self._frames.itemsize)
        self._vectors["length"] = self._frames.itemsize
        self._messages["name"] = self._names.ctypes.data + places * np.uint64(self._names.itemsize)
        self._messages["name_length"] = self._names.itemsize
        self._messages["vectors"] = self._vectors.ctypes.data + places * np.uint64(_VECTOR.itemsize)
        self._messages["vector_count"] = 1

    def close(self) -> None:
        """Close the socket."""
        self._aside.shutdown()
        self._socket.close()

    async def send(self, write: Callable[[Rows, Rows], None], count: int) -> int:
        """Have *write* fill in *count* packets and the names they go to, and send them.

        Return how many have left, fewer when the kernel has no room now. What has been handed over goes, even if nobody
        waits for it any more.

        Raises:
            NotLooked: the first did not leave this machine, which says nothing of the target; or what *write* raises.
        """
        async with self._free:
            write(self._frames[:count], self._names[:count])
            if count < _ASIDE:
                return self._send(count)
            sending = asyncio.get_running_loop().run_in_executor(self._aside, self._send, count)
            try:
                return await asyncio.shield(sending)
            except asyncio.CancelledError:
                await asyncio.wait([sending])  # who comes next writes where these are still read
                raise

    async def rest(self) -> None:
        """Wait until nothing is on its way to the kernel."""
        async with self._free:
            pass

    def _send(self, count: int) -> int:
        sent: int = _libc.sendmmsg(
            self._socket.fileno(), ctypes.c_void_p(self._messages.ctypes.data), ctypes.c_uint(count), 0
        )
        if sent >= 0:
            return sent
        if (number := ctypes.get_errno()) in _LATER:
            return 0
        raise NotLooked(reason(self.family, number), os.strerror(number))
