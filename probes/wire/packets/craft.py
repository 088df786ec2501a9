"""Building packets with scapy; imported by the packet process alone, because no other may know scapy."""

from __future__ import annotations

import secrets
from ipaddress import IPv6Address

from scapy.layers.dhcp6 import DUID_LL, DHCP6_Solicit, DHCP6OptClientId, DHCP6OptElapsedTime, DHCP6OptIA_NA
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_RS,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    PadN,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from probes.target import Address, Family
from probes.wire.link import ALL_ROUTERS
from probes.wire.packets.icmp import checksum
from probes.wire.packets.sounding_answers import Key
from probes.wire.sounding import Carrier, Dressing, Sounding

_UPPER = 8
"""Octets of an ICMP echo's header, and of UDP's."""
_UNIT = 8
"""Octets that the place of a fragment is counted in."""
_HEADERS = {Dressing.DESTINATION_OPTIONS: IPv6ExtHdrDestOpt, Dressing.HOP_BY_HOP_OPTIONS: IPv6ExtHdrHopByHop}
_HEADER = 8
_SERVERS = "ff02::1:2"


def echo_request(family: Family, identifier: int, sequence: int, payload: bytes) -> bytes:
    """Return an ICMP or ICMPv6 echo request, without IP header.

    The ICMPv6 checksum is left 0: it covers the source address, which the kernel chooses, and so the kernel fills it.
    """
    if family is Family.IPV4:
        return bytes(ICMP(type=8, id=identifier, seq=sequence) / payload)
    return bytes(ICMPv6EchoRequest(cksum=0, id=identifier, seq=sequence, data=payload))


def frames(source: Address, asked: Sounding, key: Key, cookie: bytes) -> list[bytes]:
    """Return the packets of one sounding, in the order to send them.

    The octets after *cookie* make up for the sequence, so that a flow's checksum is always the same.
    """
    own = 40 if key.address.version == 6 else 20
    dressed = _HEADER if asked.dressing in _HEADERS else 0
    balance = checksum(key.second.to_bytes(2) + cookie)
    payload = (cookie + balance.to_bytes(2)).ljust(asked.size - own - dressed - _UPPER, b"\0")
    upper = _upper(asked.carrier, key, payload)
    if key.address.version == 4:
        return _ipv4(source, asked, key, upper)
    head = IPv6(src=str(source), dst=str(key.address), hlim=asked.hop_limit, fl=asked.flow)
    if asked.dressing is Dressing.FRAGMENTED:
        return _fragments6(head, upper, key)
    if header := _HEADERS.get(asked.dressing):
        return [bytes(head / header(options=[PadN(optdata=bytes(4))]) / upper)]
    return [bytes(head / upper)]


def _upper(carrier: Carrier, key: Key, payload: bytes) -> Packet:
    if carrier is Carrier.DATAGRAM:
        return UDP(sport=key.first, dport=key.second) / payload
    if key.address.version == 4:
        return ICMP(type=8, id=key.first, seq=key.second) / payload
    return ICMPv6EchoRequest(id=key.first, seq=key.second, data=payload)


def _ipv4(source: Address, asked: Sounding, key: Key, upper: Packet) -> list[bytes]:
    # With a number of its own in each packet, or fragments of two would be put together.
    head = IP(src=str(source), dst=str(key.address), ttl=asked.hop_limit, id=key.first ^ key.second or 1)
    if asked.dressing is not Dressing.FRAGMENTED:
        head.flags = "DF"
        return [bytes(head / upper)]
    body = bytes(head / upper)[20:]
    first, second = _halves(body)
    protocol = 17 if asked.carrier is Carrier.DATAGRAM else 1
    begin, end = head.copy(), head.copy()
    begin.flags, begin.proto, end.frag, end.proto = "MF", protocol, len(first) // _UNIT, protocol
    return [bytes(begin / first), bytes(end / second)]


def _fragments6(head: Packet, upper: Packet, key: Key) -> list[bytes]:
    body = bytes(head / upper)[40:]
    first, second = _halves(body)
    number, protocol = key.first << 16 | key.second, 17 if isinstance(upper, UDP) else 58
    begin = IPv6ExtHdrFragment(nh=protocol, id=number, m=1)
    end = IPv6ExtHdrFragment(nh=protocol, id=number, offset=len(first) // _UNIT)
    return [bytes(head / begin / first), bytes(head / end / second)]


def _halves(body: bytes) -> tuple[bytes, bytes]:
    place = len(body) // 2 // _UNIT * _UNIT
    return body[:place], body[place:]


def solicitations(mac: str, own: IPv6Address) -> list[bytes]:
    """Return the frames that ask a link for its routers and DHCPv6 servers; nobody takes anything of what is offered.

    Source: RFC 4861 4.1; RFC 8415 18.2.1.
    """
    routers = Ether(src=mac, dst="33:33:00:00:00:02") / IPv6(src=str(own), dst=str(ALL_ROUTERS), hlim=255)
    servers = Ether(src=mac, dst="33:33:00:01:00:02") / IPv6(src=str(own), dst=_SERVERS, hlim=1)
    wish = DHCP6_Solicit(trid=secrets.randbits(24)) / DHCP6OptElapsedTime() / DHCP6OptIA_NA(iaid=1)
    return [
        bytes(routers / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=mac)),
        bytes(servers / UDP(sport=546, dport=547) / wish / DHCP6OptClientId(duid=DUID_LL(lladdr=mac))),
    ]
