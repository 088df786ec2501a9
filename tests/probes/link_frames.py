"""Frames that routers, DHCP servers and those who pretend to be them send on a link."""

from __future__ import annotations

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import (
    DUID_LL,
    DHCP6_Advertise,
    DHCP6OptIA_NA,
    DHCP6OptIA_PD,
    DHCP6OptIAAddress,
    DHCP6OptIAPrefix,
    DHCP6OptServerId,
)
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt, PadN
from scapy.layers.l2 import Ether

ROGUE, ROGUE_MAC = "fe80::bad", "02:00:00:00:0b:ad"


def advertisement(
    *prefixes: str,
    mac: str = ROGUE_MAC,
    source: str = ROGUE,
    hops: int = 255,
    lifetime: int = 1800,
    hidden: bool = False,
) -> bytes:
    """Return a router advertisement that offers *prefixes*; *hidden* behind a header that filters often overlook."""
    head = Ether(src=mac, dst="33:33:00:00:00:01") / IPv6(src=source, dst="ff02::1", hlim=hops)
    packet = head / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) if hidden else head
    packet = packet / ICMPv6ND_RA(routerlifetime=1800) / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    for prefix in prefixes:
        address, _, length = prefix.partition("/")
        packet = packet / ICMPv6NDOptPrefixInfo(prefix=address, prefixlen=int(length))
    return bytes(packet)


def dhcpv6(address: str = "2001:db8:bad::77", delegated: str = "2001:db8:bad:100::/56", mac: str = ROGUE_MAC) -> bytes:
    """Return what a DHCPv6 server offers."""
    head = Ether(src=mac, dst="02:00:00:00:00:99") / IPv6(src=ROGUE, dst="fe80::99", hlim=64)
    prefix, _, length = delegated.partition("/")
    offer = (
        DHCP6_Advertise(trid=7)
        / DHCP6OptServerId(duid=DUID_LL(lladdr=mac))
        / DHCP6OptIA_NA(iaid=1, ianaopts=[DHCP6OptIAAddress(addr=address)])
        / DHCP6OptIA_PD(iaid=1, iapdopt=[DHCP6OptIAPrefix(prefix=prefix, plen=int(length))])
    )
    return bytes(head / UDP(sport=547, dport=546) / offer)


def dhcpv4(kind: str = "offer", mac: str = ROGUE_MAC) -> bytes:
    """Return what a DHCP server says."""
    head = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="198.18.66.6", dst="255.255.255.255")
    said = BOOTP(op=2, yiaddr="198.18.66.77") / DHCP(
        options=[("message-type", kind), ("subnet_mask", "255.255.255.0"), "end"]
    )
    return bytes(head / UDP(sport=67, dport=68) / said)
