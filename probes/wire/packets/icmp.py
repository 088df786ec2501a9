"""Reading ICMP as it comes off a raw socket: echo replies, and the errors that quote a request of ours.

Everything here is read from strangers: lengths are checked first, and what does not fit exactly is nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from probes.observation import Failure
from probes.target import Address, Family

_ICMP = struct.Struct("!BBHHH")
REPLY_TYPE, REQUEST_TYPE = {Family.IPV4: 0, Family.IPV6: 129}, {Family.IPV4: 8, Family.IPV6: 128}
PROTOCOL = {Family.IPV4: 1, Family.IPV6: 58}

# Port and protocol unreachable are what packet filters send by default when they reject: no echo request has a port.
_NET, _HOST, _FILTER = Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.ADMIN_PROHIBITED
ERRORS: dict[Family, dict[tuple[int, int], tuple[Failure, str]]] = {
    Family.IPV4: {
        (3, 0): (_NET, "network unreachable"),
        (3, 1): (_HOST, "host unreachable"),
        (3, 2): (_FILTER, "protocol unreachable"),
        (3, 3): (_FILTER, "port unreachable"),
        (3, 5): (_NET, "source route failed"),
        (3, 6): (_NET, "destination network unknown"),
        (3, 7): (_HOST, "destination host unknown"),
        (3, 8): (_HOST, "source host isolated"),
        (3, 9): (_FILTER, "network administratively prohibited"),
        (3, 10): (_FILTER, "host administratively prohibited"),
        (3, 11): (_NET, "network unreachable for type of service"),
        (3, 12): (_HOST, "host unreachable for type of service"),
        (3, 13): (_FILTER, "communication administratively prohibited"),
        (3, 14): (_FILTER, "host precedence violation"),
        (3, 15): (_FILTER, "precedence cutoff in effect"),
        (11, 0): (_HOST, "time to live exceeded in transit"),
        (11, 1): (_HOST, "fragment reassembly time exceeded"),
    },
    Family.IPV6: {
        (1, 0): (_NET, "no route to destination"),
        (1, 1): (_FILTER, "communication administratively prohibited"),
        (1, 2): (_NET, "beyond scope of source address"),
        (1, 3): (_HOST, "address unreachable"),
        (1, 4): (_FILTER, "port unreachable"),
        (1, 5): (_FILTER, "source address failed ingress/egress policy"),
        (1, 6): (_FILTER, "reject route to destination"),
        (1, 7): (_NET, "error in source routing header"),
        (3, 0): (_HOST, "hop limit exceeded in transit"),
        (3, 1): (_HOST, "fragment reassembly time exceeded"),
    },
}
"""Every code that ends the matter; others (too big, redirect, parameter problem) say nothing of reachability.

Source: RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1, RFC 4443 3.1 and 3.3, RFC 7112.
"""
ERROR_TYPES = {family: frozenset(kind for kind, _ in named) for family, named in ERRORS.items()}


@dataclass(frozen=True, slots=True)
class EchoKey:
    """What an echo request and everything said about it have in common; *address* is where it was sent."""

    address: Address
    identifier: int
    sequence: int


@dataclass(frozen=True, slots=True)
class EchoReply:
    """An answer to the request *key*, returning its *payload*."""

    key: EchoKey
    payload: bytes


@dataclass(frozen=True, slots=True)
class EchoError:
    """A router or host says why the request *key* did not arrive; *payload* is as much of it as was quoted."""

    key: EchoKey
    payload: bytes
    failure: Failure
    detail: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What an error says of a packet to *address*; *body* is as much as was quoted of it after its IP header."""

    address: Address
    body: bytes
    failure: Failure
    detail: str


def read(source: Address, packet: bytes) -> EchoReply | EchoError | None:
    """Read *packet* as a raw ICMP socket of the family of *source* hands it over; None for all that is not for us.

    IPv4 comes with its IP header and an ICMP checksum nobody has looked at; IPv6 without header, already verified.
    """
    family = Family.of(source)
    message = ipv4_body(packet) if family is Family.IPV4 else packet
    if message is None or len(message) < _ICMP.size or (family is Family.IPV4 and checksum(message) != 0):
        return None
    kind, code, _, identifier, sequence = _ICMP.unpack_from(message)
    if (kind, code) == (REPLY_TYPE[family], 0):
        return EchoReply(EchoKey(source, identifier, sequence), message[_ICMP.size :])
    quote = _read_error(source, message, PROTOCOL[family])
    if quote is None or len(quote.body) < _ICMP.size:
        return None
    kind, code, _, identifier, sequence = _ICMP.unpack_from(quote.body)
    if (kind, code) != (REQUEST_TYPE[family], 0):
        return None
    return EchoError(
        EchoKey(quote.address, identifier, sequence), quote.body[_ICMP.size :], quote.failure, quote.detail
    )


def read_quote(source: Address, packet: bytes, protocol: int) -> Quote | None:
    """Read *packet*, as `read` does, as an error about a packet of ours of *protocol*; None for all else."""
    family = Family.of(source)
    message = ipv4_body(packet) if family is Family.IPV4 else packet
    if message is None or len(message) < _ICMP.size or (family is Family.IPV4 and checksum(message) != 0):
        return None
    return _read_error(source, message, protocol)


def checksum(message: bytes) -> int:
    """Return the Internet checksum of *message*: 0 for a message that bears its right one.

    Source: RFC 1071.
    """
    total: int = sum(struct.unpack(f"!{(len(message) + 1) // 2}H", message + b"\0" * (len(message) % 2)))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def ipv4_body(packet: bytes) -> bytes | None:
    """Return what follows the header of an IPv4 packet; None when it is none."""
    header = (packet[0] & 0x0F) * 4 if packet else 0
    if packet[:1] == b"" or packet[0] >> 4 != 4 or header < 20 or len(packet) < header:
        return None
    return packet[header:]


def _read_error(source: Address, message: bytes, protocol: int) -> Quote | None:
    family = Family.of(source)
    kind, code, _, _, _ = _ICMP.unpack_from(message)
    if (named := ERRORS[family].get((kind, code))) is None:
        return None
    if (quoted := _quoted(family, message[_ICMP.size :], protocol)) is None:
        return None
    failure, meaning = named
    return Quote(*quoted, failure, f"ICMP {kind}/{code} from {source}: {meaning}")


def _quoted(family: Family, packet: bytes, protocol: int) -> tuple[Address, bytes] | None:
    """Read the start of the packet an error quotes; packets of ours have no IPv6 extension header."""
    if family is Family.IPV4:
        body = ipv4_body(packet) if packet[9:10] == bytes([protocol]) else None
        return None if body is None else (IPv4Address(packet[16:20]), body)
    if len(packet) < 40 or packet[0] >> 4 != 6 or packet[6] != protocol:
        return None
    return IPv6Address(packet[24:40]), packet[40:]
