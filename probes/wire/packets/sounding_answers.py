"""Reading what is said about soundings, off the raw ICMP sockets.

Everything here is read from strangers: lengths are checked first, and what does not fit exactly is nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from probes.observation import Failure
from probes.target import Address, Family
from probes.wire.packets.icmp import ERRORS, PROTOCOL, REPLY_TYPE, REQUEST_TYPE, checksum, ipv4_body
from probes.wire.sounding import Carrier, Word

TYPES = {Family.IPV4: frozenset({12}), Family.IPV6: frozenset({2, 4})}
"""ICMP types heard besides those that end the matter for an echo: too big, and headers that were not understood."""

_ICMP, _UDP = struct.Struct("!BBHHH"), struct.Struct("!HHHH")
_TOO_BIG = {Family.IPV4: (3, 4), Family.IPV6: (2, 0)}
_EXPIRED = {Family.IPV4: (11, 0), Family.IPV6: (3, 0)}
_REFUSED = {Family.IPV4: 12, Family.IPV6: 4}
_NO_PORT = {Family.IPV4: (3, 3), Family.IPV6: (1, 4)}
_DATAGRAM = 17
_OPTIONS, _FRAGMENT = frozenset({0, 60}), 44
_HEADERS_LIMIT = 4
"""IPv6 extension headers passed over; a packet of ours has one."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a sounding and everything said about it have in common.

    *first* and *second* are an echo's identifier and sequence, or a datagram's ports.
    """

    address: Address
    carrier: Carrier
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody says about the sounding *key*; *payload* is what of it was returned, or quoted."""

    key: Key
    word: Word
    payload: bytes
    mtu: int = 0
    failure: Failure | None = None


def read(source: Address, packet: bytes) -> Saying | None:
    """Read *packet* as a raw ICMP socket of the family of *source* hands it over; None for all that is not for us."""
    family = Family.of(source)
    message = ipv4_body(packet) if family is Family.IPV4 else packet
    if message is None or len(message) < _ICMP.size or (family is Family.IPV4 and checksum(message) != 0):
        return None
    kind, code, _, first, second = _ICMP.unpack_from(message)
    if (kind, code) == (REPLY_TYPE[family], 0):
        return Saying(Key(source, Carrier.ECHO, first, second), Word.ANSWERED, message[_ICMP.size :])
    quoted = _quoted(family, message[_ICMP.size :])
    return None if quoted is None else _error(source, kind, code, first << 16 | second, *quoted)


def _error(source: Address, kind: int, code: int, rest: int, key: Key, payload: bytes) -> Saying | None:
    """Read an error; *rest* are the four octets behind its checksum."""
    family = Family.of(source)
    if (kind, code) == _TOO_BIG[family]:
        return Saying(key, Word.TOO_BIG, payload, mtu=min(rest & 0xFFFF if family is Family.IPV4 else rest, 0xFFFF))
    if (kind, code) == _EXPIRED[family]:
        return Saying(key, Word.EXPIRED, payload)
    if kind == _REFUSED[family]:
        return Saying(key, Word.REFUSED, payload)
    if key.carrier is Carrier.DATAGRAM and (kind, code) == _NO_PORT[family] and source == key.address:
        return Saying(key, Word.ANSWERED, payload)
    if (named := ERRORS[family].get((kind, code))) is None:
        return None
    return Saying(key, Word.UNREACHABLE, payload, failure=named[0])


def _quoted(family: Family, packet: bytes) -> tuple[Key, bytes] | None:
    """Read the packet an error quotes: what it is known by, and as much as there is of what it carried."""
    if family is Family.IPV4:
        body = ipv4_body(packet)
        if body is None or int.from_bytes(packet[6:8]) & 0x1FFF:
            return None
        return _carried(IPv4Address(packet[16:20]), packet[9], body)
    if len(packet) < 40 or packet[0] >> 4 != 6:
        return None
    header, place = packet[6], 40
    for _ in range(_HEADERS_LIMIT):
        if header not in _OPTIONS and header != _FRAGMENT:
            break
        if len(packet) < place + 8 or (header == _FRAGMENT and int.from_bytes(packet[place + 2 : place + 4]) >> 3):
            return None
        length = 8 if header == _FRAGMENT else (packet[place + 1] + 1) * 8
        header, place = packet[place], place + length
    return _carried(IPv6Address(packet[24:40]), header, packet[place:])


def _carried(address: Address, protocol: int, body: bytes) -> tuple[Key, bytes] | None:
    family = Family.of(address)
    if protocol == _DATAGRAM and len(body) >= _UDP.size:
        first, second, _, _ = _UDP.unpack_from(body)
        return Key(address, Carrier.DATAGRAM, first, second), body[_UDP.size :]
    if protocol != PROTOCOL[family] or len(body) < _ICMP.size:
        return None
    kind, code, _, first, second = _ICMP.unpack_from(body)
    if (kind, code) != (REQUEST_TYPE[family], 0):
        return None
    return Key(address, Carrier.ECHO, first, second), body[_ICMP.size :]
