"""Many datagrams by one system call: sendmmsg and recvmmsg on a table of packets in one piece of memory.

Source: sendmmsg(2), recvmmsg(2).
"""

from __future__ import annotations

import ctypes
import os
import socket

import numpy as np
from numpy.typing import NDArray


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_size_t), ("len", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_size_t),
        ("namelen", ctypes.c_uint),
        ("iov", ctypes.c_size_t),
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_size_t),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("len", ctypes.c_uint))


_libc = ctypes.CDLL(None, use_errno=True)
_VECTOR, _MESSAGE = np.dtype(_Vector), np.dtype(_Message)


class Table:
    """*rows* datagrams of at most *width* octets each, to be sent or received on a connected socket.

    *data* holds them, one a row; what stands beyond a datagram's length is of no meaning.
    """

    def __init__(self, rows: int, width: int) -> None:
        self.rows, self.width = rows, width
        self.data: NDArray[np.uint8] = np.zeros((rows, width), np.uint8)
        self._vectors, self._messages = np.zeros(rows, _VECTOR), np.zeros(rows, _MESSAGE)
        self._vectors["base"] = self.data.ctypes.data + np.arange(rows) * width
        self._messages["header"]["iov"] = self._vectors.ctypes.data + np.arange(rows) * _VECTOR.itemsize
        self._messages["header"]["iovlen"] = 1

    def send(self, sock: socket.socket, first: int, lengths: NDArray[np.intp]) -> int:
        """Send as many rows from *first* on as *lengths* has, without waiting; return how many went.

        Raises:
            OSError: not even the first one went.
        """
        self._vectors["len"][first : first + len(lengths)] = lengths
        return self._call(_libc.sendmmsg(*self._arguments(sock, first, len(lengths)), socket.MSG_DONTWAIT))

    def receive(self, sock: socket.socket, first: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Fill rows from *first* on with what has come, without waiting.

        Returns the lengths, and which were too long for a row.

        Raises:
            OSError: nothing has come, or what came was an error.
        """
        self._vectors["len"] = self.width
        arguments = self._arguments(sock, first, self.rows - first)
        arrived = self._call(_libc.recvmmsg(*arguments, socket.MSG_DONTWAIT, None))
        filled = self._messages[first : first + arrived]
        return filled["len"].astype(np.intp), (filled["header"]["flags"] & socket.MSG_TRUNC) != 0

    def _arguments(self, sock: socket.socket, first: int, count: int) -> tuple[int, ctypes.c_void_p, int]:
        return sock.fileno(), ctypes.c_void_p(self._messages[first:].ctypes.data), count

    @staticmethod
    def _call(count: int) -> int:
        if count < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return count
