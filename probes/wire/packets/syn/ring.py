"""Hearing answers by the block: a ring of memory shared with the kernel, behind a filter it applies itself.

Source: Linux Documentation/networking/packet_mmap.rst, TPACKET_V3; linux/filter.h, classic BPF.
"""

from __future__ import annotations

import ctypes
import mmap
import socket
import struct

import numpy as np
from numpy.typing import NDArray

from probes.observation import GapReason
from probes.target import Family
from probes.wire import NotLooked
from probes.wire.packets.syn.answers import LONGEST, Answers, read
from probes.wire.packets.syn.frames import Octets

_SOL_PACKET, _RX_RING, _STATISTICS, _VERSION, _TPACKET_V3 = 263, 5, 6, 10, 2
_SO_ATTACH_FILTER = 26
_ETHERTYPE = {Family.IPV4: 0x0800, Family.IPV6: 0x86DD}
_BLOCK, _BLOCKS = 1 << 16, 64
_RETIRE = 10
"""Milliseconds after which the kernel hands over a block that is not full."""
_USER = 1
_STATS = struct.Struct("=III")
_STATUS, _HEAD = 8, struct.Struct("=III")
_FRAME = np.dtype(
    [("next", "u4"), ("seconds", "u4"), ("nanoseconds", "u4"), ("snapped", "u4"), ("length", "u4"), ("status", "u4"),
     ("mac", "u2"), ("net", "u2")]
)  # fmt: skip

OWN_PORTS = (61000, 65535)
"""The ports SYNs leave from, both included: above those that Linux gives to connections."""

_Program = list[tuple[int, int, int, int]]


class Ring:
    """Hears TCP answers of one family to our *ports* on every interface.

    Raises:
        NotLooked: NO_RAW_SOCKET without CAP_NET_RAW; OVERLOADED without memory.
    """

    def __init__(self, family: Family, ports: tuple[int, int] = OWN_PORTS) -> None:
        self.family = family
        try:
            # Cooked, so that packets begin at the IP header on every kind of link.
            self._socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, socket.htons(_ETHERTYPE[family])
            )
        except OSError as error:
            raise NotLooked(GapReason.NO_RAW_SOCKET, error.strerror or "") from error
        try:
            _attach(self._socket, _filter(family, *ports))
            self._socket.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
            wanted = struct.pack("=7I", _BLOCK, _BLOCKS, 2048, _BLOCK // 2048 * _BLOCKS, _RETIRE, 0, 0)
            self._socket.setsockopt(_SOL_PACKET, _RX_RING, wanted)
            self._memory = mmap.mmap(self._socket.fileno(), _BLOCK * _BLOCKS)
        except OSError as error:
            self._socket.close()
            raise NotLooked(GapReason.OVERLOADED, error.strerror or "") from error
        self._octets = np.frombuffer(self._memory, np.uint8)
        self._at = self._dropped = 0

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket; the memory goes when nobody looks at it any more."""
        self._socket.close()

    @property
    def dropped(self) -> int:
        """How many answers the kernel has thrown away because the ring was full, ever."""
        told = self._socket.getsockopt(_SOL_PACKET, _STATISTICS, _STATS.size)
        self._dropped += _STATS.unpack(told)[1]  # the kernel begins anew whenever it is asked
        return self._dropped

    def receive(self) -> Answers | None:
        """Return the answers of the next block; None when there is none now."""
        begin = self._at * _BLOCK
        status, count, first = _HEAD.unpack_from(self._memory, begin + _STATUS)
        if not status & _USER:
            return None
        try:
            return self._read(self._octets[begin : begin + _BLOCK], count, first)
        finally:
            struct.pack_into("=I", self._memory, begin + _STATUS, 0)
            self._at = (self._at + 1) % _BLOCKS

    def _read(self, block: Octets, count: int, first: int) -> Answers:
        begins = _begins(block, count, first)
        heads = block[begins[:, None] + np.arange(_FRAME.itemsize)].view(_FRAME)[:, 0]
        longest = LONGEST[self.family]
        lengths = np.minimum(heads["snapped"].astype(np.int64), longest)
        places = (begins + heads["net"])[:, None] + np.arange(longest)
        packets = block[np.minimum(places, _BLOCK - 1)]
        return read(self.family, packets, lengths, heads["seconds"] + heads["nanoseconds"] / 1e9)


def _begins(block: Octets, count: int, first: int) -> NDArray[np.int64]:
    """Return where each frame begins: at even distances as a rule, or else one after the other."""
    stride = int(block[first : first + 4].view("=u4")[0]) if count > 1 else 0
    begins = first + stride * np.arange(count)
    if begins[-1] + 4 <= _BLOCK:
        links = block[begins[:-1, None] + np.arange(4)].view("=u4")[:, 0]
        if (links == stride).all():
            return begins
    at, walked = first, []
    for _ in range(count):
        walked.append(at)
        at += int(block[at : at + 4].view("=u4")[0])
    return np.array(walked)


def _filter(family: Family, first: int, last: int) -> _Program:
    """Return the filter for what acknowledges a SYN: TCP to our ports with ACK and either SYN or RST, cut short."""
    load_octet, load_half, load_octet_x, load_half_x = 0x30, 0x28, 0x50, 0x48
    equal, greater, at_least, any_of, header_x = 0x15, 0x25, 0x35, 0x45, 0xB1
    take_x, add, end_with, end = 0x87, 0x04, 0x06, 0x16
    if family is Family.IPV4:
        return [
            (load_octet, 0, 0, 9), (equal, 0, 12, 6),
            (load_half, 0, 0, 6), (any_of, 10, 0, 0x1FFF),
            (header_x, 0, 0, 0),
            (load_half_x, 0, 0, 2), (at_least, 0, 7, first), (greater, 6, 0, last),
            (load_octet_x, 0, 0, 13), (any_of, 0, 4, 0x10), (any_of, 0, 3, 0x06),
            (take_x, 0, 0, 0), (add, 0, 0, 20), (end, 0, 0, 0), (end_with, 0, 0, 0),
        ]  # fmt: skip
    return [
        (load_octet, 0, 0, 6), (equal, 0, 7, 6),
        (load_half, 0, 0, 42), (at_least, 0, 5, first), (greater, 4, 0, last),
        (load_octet, 0, 0, 53), (any_of, 0, 2, 0x10), (any_of, 0, 1, 0x06),
        (end_with, 0, 0, LONGEST[family]), (end_with, 0, 0, 0),
    ]  # fmt: skip


def _attach(sock: socket.socket, program: _Program) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code)))
