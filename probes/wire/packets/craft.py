"""Building packets with scapy; imported by the packet process alone, because no other may know scapy."""

from __future__ import annotations

from scapy.layers.inet import ICMP
from scapy.layers.inet6 import ICMPv6EchoRequest

from probes.target import Family


def echo_request(family: Family, identifier: int, sequence: int, payload: bytes) -> bytes:
    """Return an ICMP or ICMPv6 echo request, without IP header.

    The ICMPv6 checksum is left 0: it covers the source address, which the kernel chooses, and so the kernel fills it.
    """
    if family is Family.IPV4:
        return bytes(ICMP(type=8, id=identifier, seq=sequence) / payload)
    return bytes(ICMPv6EchoRequest(cksum=0, id=identifier, seq=sequence, data=payload))
