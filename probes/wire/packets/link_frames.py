"""Building solicitations with scapy, Ethernet header and all; imported by the packet process alone."""

from __future__ import annotations

import secrets
from ipaddress import IPv6Address

from scapy.layers.dhcp6 import DUID_LL, DHCP6_Solicit, DHCP6OptClientId, DHCP6OptElapsedTime, DHCP6OptIA_NA
from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_RS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Ether

from probes.wire.link import ALL_ROUTERS

_SERVERS = "ff02::1:2"


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
