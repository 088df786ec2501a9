"""What the kernel says of a connection, in our terms: the target's doing, or our own machine's.

Whether an ICMP error came from outside cannot be told from errno alone: our own routing table says the same words.
With IP_RECVERR the kernel (Linux 5.9 and newer, for TCP) keeps the ICMP type and code of the message itself.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Final

from probes.observation import Failure, GapReason
from probes.target import Family
from probes.wire import NotLooked, Unreached

IP_RECVERR, IPV6_RECVERR = 11, 25

SHORT: Final = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EAGAIN}
)
"""We have run out of something."""

_OUR_ROUTES: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT, errno.ENETDOWN})
_OUR_RULES: Final = frozenset({errno.EACCES, errno.EPERM})

_FAILURES: Final = {
    errno.ECONNREFUSED: Failure.CONNECTION_REFUSED,
    errno.ECONNRESET: Failure.CONNECTION_RESET,
    errno.ECONNABORTED: Failure.CONNECTION_RESET,
    errno.EPIPE: Failure.CONNECTION_RESET,
    errno.EPROTO: Failure.CONNECTION_RESET,
    errno.ETIMEDOUT: Failure.CONNECTION_TIMEOUT,
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.EHOSTDOWN: Failure.HOST_UNREACHABLE,
    errno.ENETUNREACH: Failure.NETWORK_UNREACHABLE,
    errno.EACCES: Failure.ADMIN_PROHIBITED,
    errno.EPERM: Failure.ADMIN_PROHIBITED,
}

_NET, _HOST, _ADMIN = Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.ADMIN_PROHIBITED

# No host answers a SYN with "port unreachable"; a packet filter does.
_ICMP_CODES: Final = {
    0: _NET, 1: _HOST, 2: _HOST, 3: _ADMIN, 5: _HOST, 6: _NET, 7: _HOST, 8: _HOST,
    9: _ADMIN, 10: _ADMIN, 11: _NET, 12: _HOST, 13: _ADMIN, 14: _ADMIN, 15: _ADMIN,
}  # fmt: skip
_ICMPV6_CODES: Final = {0: _NET, 1: _ADMIN, 2: _NET, 3: _HOST, 4: _ADMIN, 5: _ADMIN, 6: _ADMIN}

_ORIGIN_ICMP, _ORIGIN_ICMPV6 = 2, 3
_EXTENDED_ERROR = struct.Struct("=IBBBB")


def listen_for_icmp(sock: socket.socket, family: Family, *, on: bool) -> None:
    """Have the kernel keep ICMP errors while connecting; afterwards a stray one must not end the connection."""
    if family is Family.IPV4:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, int(on))
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, int(on))


def icmp_error(sock: socket.socket) -> tuple[Failure, str] | None:
    """Return the failure named by the ICMP error that ended the connection attempt, and its type and code."""
    try:
        ancillary = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)[1]
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) not in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            continue
        _, origin, icmp_type, code, _ = _EXTENDED_ERROR.unpack_from(data)
        if origin == _ORIGIN_ICMP:
            codes = _ICMP_CODES if icmp_type == 3 else {}
            return codes.get(code, _NET), f"ICMP type {icmp_type} code {code}"
        if origin == _ORIGIN_ICMPV6:
            codes = _ICMPV6_CODES if icmp_type == 1 else {}
            return codes.get(code, _NET), f"ICMPv6 type {icmp_type} code {code}"
    return None


def of_connecting(code: int, sock: socket.socket, family: Family, *, at_once: bool) -> Unreached | NotLooked:
    """Return what it means that connecting ended with errno *code*.

    An error that the kernel gave *at_once* and that no ICMP message explains came before a packet left.
    """
    told = icmp_error(sock)
    if told is not None:
        return Unreached(*told)
    words = os.strerror(code)
    if code in SHORT:
        return NotLooked(GapReason.OVERLOADED, words)
    if at_once and code in _OUR_ROUTES:
        return NotLooked(GapReason.blind(family), words)
    if at_once and code in _OUR_RULES:
        return NotLooked(GapReason.DENIED, f"by this machine's own rules: {words}")
    if at_once and code not in _FAILURES:
        return NotLooked(GapReason.OUT_OF_SCOPE, f"no address to connect to: {words}")
    return Unreached(_FAILURES.get(code, Failure.NETWORK_UNREACHABLE), words)


def of_opening(fault: OSError, family: Family) -> NotLooked:
    """Return what it means that no socket could be had."""
    reason = GapReason.OVERLOADED if fault.errno in SHORT else GapReason.blind(family)
    return NotLooked(reason, os.strerror(fault.errno or 0))


def of_talking(fault: OSError) -> Unreached | NotLooked:
    """Return what it means that reading or writing failed on an established connection."""
    words = os.strerror(fault.errno or 0)
    if fault.errno in SHORT:
        return NotLooked(GapReason.OVERLOADED, words)
    return Unreached(_FAILURES.get(fault.errno or 0, Failure.CONNECTION_RESET), words)
