"""Raw ICMP sockets, one a family, which hear only what concerns an echo or a sounding."""

from __future__ import annotations

import errno
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import ip_address

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.icmp import ERROR_TYPES, REPLY_TYPE
from probes.wire.packets.sounding_answers import TYPES

_OLDEST = 5.0
LONGEST = 2048
"""Bytes read of one packet; what an answer to us needs is far less."""
_SOL_RAW, _ICMP_FILTER, _ICMPV6_FILTER = 255, 1, 1  # linux/icmp.h, linux/icmpv6.h; absent from the socket module
_SO_TIMESTAMPNS, _SO_MEMINFO = 35, 55  # asm-generic/socket.h
_DROPS, _MEMINFO = 8, struct.Struct("=9I")  # linux/sock_diag.h: SK_MEMINFO_DROPS, the last of nine
_BUFFER = 4 * 1024 * 1024
"""Bytes of answers the kernel may keep for us; it grants less where the machine's own limit is lower."""
_TIMESPEC = struct.Struct("@qq")
_NOTES = socket.CMSG_SPACE(_TIMESPEC.size)
_PROTOCOL = {Family.IPV4: socket.IPPROTO_ICMP, Family.IPV6: socket.IPPROTO_ICMPV6}
_BUSY = frozenset({errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN})
_NO_WAY = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.ENODEV, errno.EAFNOSUPPORT}
)
_FIREWALL = frozenset({errno.EPERM, errno.EACCES})
"""Our own machine's packet filter, or an address that takes no single host (broadcast)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A packet, who sent it, and how many seconds it had lain in the kernel when it was read."""

    source: Address
    packet: bytes
    age: float


class RawSocket:
    """A non-blocking raw socket for the ICMP of one family.

    Raises:
        NotLooked: NO_RAW_SOCKET without CAP_NET_RAW; the family's blindness when this machine does not speak it.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        try:
            self._socket = socket.socket(
                family.socket_family, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, _PROTOCOL[family]
            )
        except PermissionError as error:
            raise NotLooked(GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW") from error
        except OSError as error:
            raise NotLooked(GapReason.blind(family), error.strerror or "") from error
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._hear_only(ERROR_TYPES[family] | TYPES[family] | {REPLY_TYPE[family]})

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    @property
    def dropped(self) -> int:
        """How many packets the kernel has thrown away because we read too slowly."""
        return int(_MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS])

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, address: Address, message: bytes) -> None:
        """Send one ICMP message.

        Raises:
            NotLooked: it did not leave this machine; what the kernel says here says nothing of the target.
        """
        try:
            self._socket.sendto(message, (str(address), 0))
        except OSError as error:
            raise NotLooked(reason(self.family, error.errno), error.strerror or "") from error

    def receive(self) -> Heard | None:
        """Return the next packet; None when there is none now."""
        try:
            packet, notes, _, sender = self._socket.recvmsg(LONGEST, _NOTES)
        except BlockingIOError:
            return None
        host, _, _zone = str(sender[0]).partition("%")
        return Heard(ip_address(host), packet, _age(notes))

    def _hear_only(self, kinds: frozenset[int]) -> None:
        if self.family is Family.IPV4:  # a set bit is a type not heard; types above 31 have no bit and are heard
            mask = 0xFFFFFFFF & ~sum(1 << kind for kind in kinds)
            self._socket.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", mask))
        else:
            words = [0xFFFFFFFF] * 8
            for kind in kinds:
                words[kind // 32] &= ~(1 << kind % 32)
            self._socket.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("=8I", *words))


def _age(notes: list[tuple[int, int, bytes]]) -> float:
    """Return how long ago the kernel took the packet in, so that our own slowness is not the target's.

    Stamped by the wall clock: an age that cannot be, because the clock was set meanwhile, counts as none.
    """
    for _, kind, stamp in notes:
        if kind == _SO_TIMESTAMPNS and len(stamp) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(stamp)
            age = time.time() - (seconds + nanoseconds / 1e9)
            return age if 0 <= age <= _OLDEST else 0.0
    return 0.0


def reason(family: Family, number: int | None) -> GapReason:
    """Return why we could not look, when sending ended with errno *number*."""
    if number in _BUSY:
        return GapReason.OVERLOADED
    if number in _FIREWALL:
        return GapReason.DENIED
    return GapReason.blind(family) if number in _NO_WAY else GapReason.ADDRESS_UNKNOWN
