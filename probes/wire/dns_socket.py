"""Sockets towards a name server, and what the kernel's errors say: of the server, or of ourselves."""

from __future__ import annotations

import errno
import socket

from probes.observation import Failure, GapReason
from probes.target import Family
from probes.wire import DnsQuery, NotLooked, Unreached

_FAILURES = {
    errno.ECONNREFUSED: Failure.CONNECTION_REFUSED,
    errno.ECONNRESET: Failure.CONNECTION_RESET,
    errno.EPIPE: Failure.CONNECTION_RESET,
    errno.ETIMEDOUT: Failure.CONNECTION_TIMEOUT,
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.EACCES: Failure.ADMIN_PROHIBITED,
    errno.EPERM: Failure.ADMIN_PROHIBITED,
}
_BLIND = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
# Linux: have ICMP errors told at once, and all of them. The socket module does not know the names.
_RECVERR = {Family.IPV4: (socket.IPPROTO_IP, 11), Family.IPV6: (socket.IPPROTO_IPV6, 25)}


def open_towards(query: DnsQuery, kind: socket.SocketKind) -> tuple[socket.socket, bool]:
    """Return a non-blocking socket aimed at the server, from a random port, and whether it is connected already.

    Raises:
        NotLooked: this machine has no way there, no permission, or no means.
        Unreached: the server's own kernel is ours, and said no at once.
    """
    family = Family.of(query.server)
    try:
        sock = socket.socket(family.socket_family, kind | socket.SOCK_NONBLOCK)
    except OSError as fault:
        raise from_here(fault, query) from fault
    level, option = _RECVERR[family]
    sock.setsockopt(level, option, 1)
    code = sock.connect_ex((str(query.server), query.port))
    if code in (0, errno.EINPROGRESS):
        return sock, code == 0
    sock.close()
    fault = OSError(code, errno.errorcode.get(code, str(code)))
    raise from_here(fault, query) from fault


def from_here(fault: OSError, query: DnsQuery) -> NotLooked | Unreached:
    """Translate an error met before a packet left."""
    if fault.errno in _BLIND:
        return NotLooked(GapReason.blind(Family.of(query.server)), words(fault))
    if fault.errno in _EXHAUSTED:
        return NotLooked(GapReason.OVERLOADED, words(fault))
    if fault.errno in _FORBIDDEN:
        return NotLooked(GapReason.DENIED, f"the vantage's own routes or firewall: {words(fault)}")
    return from_there(fault, 0.0)


def from_there(fault: OSError, seconds: float) -> Unreached:
    """Translate an error that came back from the network after *seconds*."""
    return Unreached(_FAILURES.get(fault.errno or 0, Failure.NETWORK_UNREACHABLE), words(fault), seconds)


def words(fault: OSError) -> str:
    """Return the kernel's words for *fault*."""
    return fault.strerror or type(fault).__name__
