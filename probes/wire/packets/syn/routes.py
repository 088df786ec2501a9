"""How the kernel reaches an address, and whether it knows its neighbour there: asked of it over rtnetlink.

Source: RFC 3549; Linux rtnetlink(7), linux/rtnetlink.h, linux/neighbour.h, linux/if_link.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.raw import reason

_HEAD, _ERROR_TYPE, _REQUEST = struct.Struct("=IHHII"), 2, 1
_GET_LINK, _GET_ROUTE, _GET_NEIGHBOUR = 18, 26, 30
_LINK, _ROUTE, _NEIGHBOUR = struct.Struct("=BxHiII"), struct.Struct("=BBBBBBBBI"), struct.Struct("=BxxxiHBB")
_ATTRIBUTE, _WORD = struct.Struct("=HH"), struct.Struct("=I")
_TO, _OUT_BY, _GATEWAY, _SOURCE, _VIA = 1, 4, 5, 7, 18
_NEIGHBOUR_TO, _CARRIER_CHANGES = 1, 35
_NO_ROUTE = {3: errno.EACCES, 5: errno.EACCES, 6: errno.ENETUNREACH, 7: errno.EHOSTUNREACH, 8: errno.EACCES}
"""Routes that lead to no single host, by their type: broadcast, multicast, blackhole, unreachable, prohibit."""
_LOOPBACK, _NO_ARP, _RUNNING = 0x8, 0x80, 0x40
_LONGEST = 1 << 16


class Knowledge(StrEnum):
    """What the kernel knows of a neighbour.

    *doubted* is one it sends to and asks whether it is still there, *missing* one that did not answer; *absent* is one
    it has not asked for, or has forgotten.
    """

    KNOWN = "known"
    DOUBTED = "doubted"
    SOUGHT = "sought"
    MISSING = "missing"
    ABSENT = "absent"


_KNOWLEDGE = {
    0x01: Knowledge.SOUGHT,  # incomplete
    0x02: Knowledge.KNOWN,  # reachable
    0x04: Knowledge.KNOWN,  # stale: nothing has been sent since it was last heard of
    0x08: Knowledge.DOUBTED,  # delay
    0x10: Knowledge.DOUBTED,  # probe
    0x40: Knowledge.KNOWN,  # no ARP needed
    0x80: Knowledge.KNOWN,  # permanent
}


@dataclass(frozen=True, slots=True)
class Hop:
    """A neighbour on one of our links."""

    interface: int
    address: Address

    def __str__(self) -> str:
        return f"{self.address}%{self.interface}"


@dataclass(frozen=True, slots=True)
class Way:
    """Our own address towards a host, and whom its packets are handed to on a link that has neighbours."""

    source: Address
    hop: Hop


@dataclass(frozen=True, slots=True)
class Link:
    """Whether a link carries, and how often that has changed."""

    carries: bool
    has_neighbours: bool
    changes: int


class Routes:
    """Asks the kernel of this process's network namespace."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def way(self, host: Address) -> Way:
        """Return how *host* is reached now.

        Raises:
            NotLooked: it is not, or no single host is.
        """
        family = Family.of(host)
        bits = len(host.packed) * 8
        head = _ROUTE.pack(family.socket_family, bits, 0, 0, 0, 0, 0, 0, 0)
        try:
            body, told = self._ask(_GET_ROUTE, head, _ROUTE, _attribute(_TO, host.packed))
            if (number := _NO_ROUTE.get(_ROUTE.unpack_from(body)[7])) is not None:
                raise OSError(number, os.strerror(number))
            if _SOURCE not in told or _OUT_BY not in told:
                raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        except OSError as error:
            raise NotLooked(reason(family, error.errno), error.strerror or "") from error
        (interface,) = _WORD.unpack(told[_OUT_BY])
        return Way(ip_address(told[_SOURCE]), Hop(interface, _gateway(told) or host))

    def link(self, interface: int) -> Link:
        """Return the state of an interface; one that is gone does not carry."""
        try:
            body, told = self._ask(_GET_LINK, _LINK.pack(0, 0, interface, 0, 0), _LINK)
        except OSError:
            return Link(carries=False, has_neighbours=False, changes=0)
        flags = _LINK.unpack_from(body)[3]
        (changes,) = _WORD.unpack(told.get(_CARRIER_CHANGES, bytes(4)))
        return Link(bool(flags & _RUNNING), not flags & (_LOOPBACK | _NO_ARP), changes)

    def knowledge(self, hop: Hop) -> Knowledge:
        """Return what is known of a neighbour now."""
        head = _NEIGHBOUR.pack(Family.of(hop.address).socket_family, hop.interface, 0, 0, 0)
        try:
            body, _ = self._ask(_GET_NEIGHBOUR, head, _NEIGHBOUR, _attribute(_NEIGHBOUR_TO, hop.address.packed))
        except OSError:
            return Knowledge.ABSENT
        return _KNOWLEDGE.get(_NEIGHBOUR.unpack_from(body)[2], Knowledge.MISSING)

    def _ask(
        self, kind: int, head: bytes, shape: struct.Struct, attribute: bytes = b""
    ) -> tuple[bytes, Mapping[int, bytes]]:
        """Return the body of the kernel's answer and its attributes.

        Raises:
            OSError: the kernel's refusal.
        """
        body = head + attribute
        self._socket.send(_HEAD.pack(_HEAD.size + len(body), kind, _REQUEST, 0, 0) + body)
        answer = self._socket.recv(_LONGEST)
        length, kind, _, _, _ = _HEAD.unpack_from(answer)
        body = answer[_HEAD.size : length]
        if kind == _ERROR_TYPE:
            (code,) = struct.unpack_from("=i", body)
            raise OSError(-code, os.strerror(-code))
        return body, _attributes(body[shape.size :])


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value


def _attributes(body: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = body[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found


def _gateway(told: Mapping[int, bytes]) -> Address | None:
    """Return the router, which for IPv4 may have an IPv6 address (RFC 5549)."""
    if _GATEWAY in told:
        return ip_address(told[_GATEWAY])
    return ip_address(told[_VIA][2:]) if _VIA in told else None
