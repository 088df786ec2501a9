"""Reading frames off a link: router advertisements, and what DHCP servers offer.

Everything here is read from strangers: lengths are checked first, and what does not fit exactly is nothing. What no
host would obey is nothing either.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from probes.wire.link import LinkPrefix, Role, Speaker
from probes.wire.packets.icmp import checksum
from probes.wire.packets.link_bodies import PREFIX_LIMIT

_IPV4, _IPV6, _ETHERNET, _IPV6_HEADER = 0x0800, 0x86DD, 14, 40
_OPTIONS, _HEADERS_LIMIT = frozenset({0, 43, 60}), 8
_ICMPV6, _UDP = 58, 17
_ADVERTISEMENT, _PREFIX = 134, 3
_ADVERTISE, _REPLY = 2, 7
_SERVER6, _CLIENT6, _SERVER4, _CLIENT4 = 547, 546, 67, 68
_IA_NA, _IA_ADDRESS, _IA_PD, _IA_PREFIX = 3, 5, 25, 26
_COOKIE = bytes([99, 130, 83, 99])
_BOOTP, _REPLYING = 236, 2
_MASK, _KIND, _PAD, _END = 1, 53, 0, 255
_OFFERS = frozenset({2, 5})
"""DHCPOFFER and DHCPACK."""


def read(frame: bytes) -> Speaker | None:
    """Read one Ethernet frame; None when nobody offers anything by it.

    Source: RFC 4861 4.2, 4.6.2 and 6.1.2; RFC 8415 8, 21.4, 21.6, 21.21 and 21.22; RFC 2131 2; RFC 2132 3.3 and 9.6.
    """
    if len(frame) < _ETHERNET:
        return None
    mac, kind, packet = frame[6:12].hex(":"), int.from_bytes(frame[12:14]), frame[_ETHERNET:]
    if kind == _IPV6:
        return _read_ipv6(mac, packet)
    return _read_ipv4(mac, packet) if kind == _IPV4 else None


def _read_ipv6(mac: str, packet: bytes) -> Speaker | None:
    if len(packet) < _IPV6_HEADER or packet[0] >> 4 != 6:
        return None
    source, hops = IPv6Address(packet[8:24]), packet[7]
    found = _upper(packet[6], packet[_IPV6_HEADER : _IPV6_HEADER + int.from_bytes(packet[4:6])])
    if found is None or not source.is_link_local:
        return None
    protocol, body = found
    if protocol == _ICMPV6 and hops == 255 and len(body) >= 16 and body[0] == _ADVERTISEMENT and body[1] == 0:
        pseudo = packet[8:40] + struct.pack("!II", len(body), _ICMPV6)
        if checksum(pseudo + body) == 0:
            return Speaker(Role.ROUTER, mac, source, _offered_prefixes(body[16:]), int.from_bytes(body[6:8]), 0.0)
    if protocol != _UDP or len(body) < 12 or struct.unpack_from("!HH", body) != (_SERVER6, _CLIENT6):
        return None
    return Speaker(Role.DHCPV6, mac, source, _leased(body[12:]), 0, 0.0) if body[8] in (_ADVERTISE, _REPLY) else None


def _upper(header: int, body: bytes) -> tuple[int, bytes] | None:
    """Return protocol and body behind extension headers; hosts obey no advertisement in fragments (RFC 6980)."""
    for _ in range(_HEADERS_LIMIT):
        if header not in _OPTIONS:
            return header, body
        if len(body) < 8 or len(body) < (length := (body[1] + 1) * 8):
            return None
        header, body = body[0], body[length:]
    return None


def _offered_prefixes(options: bytes) -> tuple[LinkPrefix, ...]:
    found: list[LinkPrefix] = []
    while len(options) >= 8 and (length := options[1] * 8) and len(options) >= length:
        if options[0] == _PREFIX and length == 32 and options[2] <= 128:
            found.append(IPv6Network((options[16:32], options[2]), strict=False))
        options = options[length:]
    return _few(found)


def _leased(options: bytes) -> tuple[LinkPrefix, ...]:
    """Return the addresses and prefixes within the associations a DHCPv6 server offers."""
    found: list[LinkPrefix] = []
    for kind, value in _options6(options):
        for inner, content in _options6(value[12:]) if kind in (_IA_NA, _IA_PD) else ():
            if inner == _IA_ADDRESS and len(content) >= 24:
                found.append(IPv6Network(content[:16]))
            if inner == _IA_PREFIX and len(content) >= 25 and content[8] <= 128:
                found.append(IPv6Network((content[9:25], content[8]), strict=False))
    return _few(found)


def _options6(options: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(options) >= 4:
        kind, length = struct.unpack_from("!HH", options)
        if len(options) < 4 + length:
            break
        found.append((kind, options[4 : 4 + length]))
        options = options[4 + length :]
    return found


def _read_ipv4(mac: str, packet: bytes) -> Speaker | None:
    header = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < 20 or packet[0] >> 4 != 4 or header < 20 or packet[9] != _UDP:
        return None
    body = packet[header:]
    if len(body) < 8 + _BOOTP + 4 or struct.unpack_from("!HH", body) != (_SERVER4, _CLIENT4):
        return None
    message = body[8:]
    options = _options4(message[_BOOTP + 4 :])
    if (
        message[0] != _REPLYING
        or message[_BOOTP : _BOOTP + 4] != _COOKIE
        or options.get(_KIND, b"\0")[0] not in _OFFERS
    ):
        return None
    mask = options.get(_MASK, b"")
    length = 32 if len(mask) != 4 else int.from_bytes(mask).bit_count()
    offered = IPv4Network((message[16:20], length), strict=False)
    return Speaker(Role.DHCPV4, mac, IPv4Address(packet[12:16]), (offered,), 0, 0.0)


def _options4(options: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while options and options[0] != _END:
        if options[0] == _PAD:
            options = options[1:]
            continue
        if len(options) < 2 or len(options) < 2 + options[1] or not options[1]:
            break
        found.setdefault(options[0], options[2 : 2 + options[1]])
        options = options[2 + options[1] :]
    return found


def _few(found: list[LinkPrefix]) -> tuple[LinkPrefix, ...]:
    return tuple(sorted(set(found), key=str)[:PREFIX_LIMIT])
