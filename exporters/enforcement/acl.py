"""The filter of a host as access lists for the switch before it; these know no connections, and say so.

Source: the vendors' command references (Cisco IOS extended and IPv6 access lists, and Ruijie's, which follow them;
Huawei VRP and H3C Comware advanced ACLs). No device was at hand: have the text read before it is loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import count

from exporters.enforcement.messages import ICMP, ICMPV6
from exporters.enforcement.model import Dialect, Enforcement
from exporters.enforcement.remarks import remarks
from probes.target import Address, Transport
from probes.wire.scope import Network
from rules.text import Text

_ANSWERS = (53, 123)
"""Where answers to a server's own questions over UDP come from: DNS and NTP."""

_OWN_PORTS = (1024, 65535)
"""Where a host asks from."""

_NOTES = (
    Text(
        "用于通向该主机的接口的出方向；只管去往该主机的报文，其余放行。",
        "For the interface that leads to the host, outbound; it is about packets to the host, all else passes.",
    ),
    Text(
        "ACL 不记连接：带 ACK 的 TCP 报文与来自 53、123 端口的 UDP 应答一律放行；主机上再装 nftables 规则才严密。",
        "ACLs remember no connections: TCP with ACK passes, and so do answers from UDP ports 53 and 123. "
        "Only nftables on the host itself is tight.",
    ),
    Text("装载前请先按设备型号核对。", "Hold it against the device's manual before it is loaded."),
)


def access_lists(plan: Enforcement, dialect: Dialect) -> str:
    """Return the two access lists of *plan*, one a family.

    Raises:
        ValueError: no address of the host within the scope is known.
    """
    if not plan.addresses:
        raise ValueError(f"{plan.host}: 没有已知的、在授权范围内的地址 / no address within the scope is known")
    comware = dialect in (Dialect.HUAWEI, Dialect.H3C)
    mark = "#" if comware else "!"
    lines = [f"{mark} {words}" for said in (*remarks(plan), *_NOTES) for words in (said.zh, said.en)]
    for version in (4, 6):
        mine = [address for address in plan.addresses if address.version == version]
        if mine:
            huawei = dialect is Dialect.HUAWEI
            written = _comware(plan, version, mine, huawei=huawei) if comware else _ios(plan, version, mine)
            lines += [mark, *written]
    return "\n".join(lines) + "\n"


def _name(plan: Enforcement, version: int) -> str:
    """Return the name of a list: ours, the same every time, and of nothing that others chose."""
    return f"DIAOLOU-V{version}-{hashlib.sha256(plan.host.encode()).hexdigest()[:8].upper()}"


def _trusted(plan: Enforcement, version: int) -> list[Network]:
    return sorted((network for network in plan.trusted if network.version == version), key=str)


def _ios(plan: Enforcement, version: int, addresses: Sequence[Address]) -> Iterator[str]:
    """Yield a list as Cisco and Ruijie write it."""
    ip, messages = ("ip", ICMP) if version == 4 else ("ipv6", ICMPV6)
    listed = "ip access-list extended" if version == 4 else "ipv6 access-list"
    yield f"{listed} {_name(plan, version)}"
    for address in addresses:
        to = f"host {address}"
        for network in _trusted(plan, version):
            source = f"{network.network_address} {network.hostmask}" if version == 4 else str(network)
            yield f" permit {ip} {source} {to}"
        for door in plan.doors:
            yield f" permit {door.transport} any {to} eq {door.port}"
        yield f" permit tcp any {to} established"
        for port in _ANSWERS:
            yield f" permit udp any eq {port} {to} range {_OWN_PORTS[0]} {_OWN_PORTS[1]}"
        for kind, code in messages:
            yield f" permit icmp any {to} {kind} {code}"
        yield f" deny {ip} any {to}"
    yield f" permit {ip} any any"


def _comware(plan: Enforcement, version: int, addresses: Sequence[Address], *, huawei: bool) -> Iterator[str]:
    """Yield a list as Huawei and H3C write it."""
    ip, icmp, messages = ("ip", "icmp", ICMP) if version == 4 else ("ipv6", "icmpv6", ICMPV6)
    typed = "icmp-type" if version == 4 else "icmp6-type"
    acl = "acl" if version == 4 else "acl ipv6"
    name = _name(plan, version)
    yield f"{acl} name {name} advance" if huawei else f"{acl} advanced name {name}"
    number = count(5, 5)

    def rule(words: str) -> str:
        return f" rule {next(number)} {words}"

    for address in addresses:
        to = f"destination {address} 0" if version == 4 else f"destination {address}/128"
        for network in _trusted(plan, version):
            source = f"{network.network_address} {network.hostmask}" if version == 4 else str(network)
            yield rule(f"permit {ip} source {source} {to}")
        for door in plan.doors:
            yield rule(f"permit {door.transport} {to} destination-port eq {door.port}")
        yield rule(f"permit {Transport.TCP} {to} {'tcp-flag established' if huawei else 'established'}")
        for port in _ANSWERS:
            asked = f"destination-port range {_OWN_PORTS[0]} {_OWN_PORTS[1]}"
            yield rule(f"permit {Transport.UDP} source-port eq {port} {to} {asked}")
        for kind, code in messages:
            yield rule(f"permit {icmp} {to} {typed} {kind} {code}")
        yield rule(f"deny {ip} {to}")
