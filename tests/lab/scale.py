"""Many more hosts, at no cost per host, for benchmarks: what each does follows from its number alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, summarize_address_range

import dns.name
import dns.rdatatype
import dns.rrset

from probes.target import Address, Family
from tests.lab.model import BOTH, ONLY_IPV4, ONLY_IPV6, SUFFIX, Service

ZONE = f"scale.{SUFFIX}"
MOST = 65536
BASE4, BASE6 = IPv4Address("198.19.0.0"), IPv6Address("2001:db8:19::")
SERVICES = {80: Service.HTTP, 443: Service.HTTPS, 22: Service.SSH, 3306: Service.MYSQL, 6379: Service.REDIS}
"""Everything that listens; a firewall decides on which hosts it may be reached."""

_WEB = frozenset({80, 443})
_KINDS = dns.rdatatype.A, dns.rdatatype.AAAA


@dataclass(frozen=True, slots=True)
class Half:
    """What a host does over one family: what is open, and whether the rest is dropped or refused. Dark: not there."""

    open: frozenset[int] = _WEB
    drops_rest: bool = False
    dark: bool = False

    def state(self, port: int) -> str:
        """Return what a scan finds: open, closed or filtered."""
        if self.dark:
            return "filtered"
        return "open" if port in self.open else "filtered" if self.drops_rest else "closed"


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of host."""

    name: str
    ipv4: Half = Half()
    ipv6: Half = Half()
    published: frozenset[Family] = BOTH

    def half(self, family: Family) -> Half:
        """Return what it does over *family*."""
        return self.ipv4 if family is Family.IPV4 else self.ipv6


_WALLED = Half(drops_rest=True)
_DARK = Half(frozenset(), dark=True)
PROFILES = (
    *(Profile("web"),) * 8,
    *(Profile("web behind a firewall", _WALLED, _WALLED),) * 2,
    Profile("web and ssh", Half(_WEB | {22}), Half(_WEB | {22})),
    Profile("databases open over IPv6", _WALLED, Half(_WEB | {3306, 6379})),
    Profile("dark over IPv6", Half(), _DARK),
    Profile("IPv4 only", Half(), _DARK, ONLY_IPV4),
    Profile("IPv6 only", _DARK, Half(), ONLY_IPV6),
    Profile("everything closed", Half(frozenset()), Half(frozenset())),
)
"""Host i has the profile i mod 16."""


def profile(index: int) -> Profile:
    """Return the profile of host *index*."""
    return PROFILES[index % len(PROFILES)]


def name(index: int) -> str:
    """Return the full name of host *index*."""
    return f"h{index:05d}.{ZONE}"


def address(index: int, family: Family) -> Address:
    """Return the address of host *index*."""
    return (BASE4 if family is Family.IPV4 else BASE6) + index


def index_of(address: Address) -> int:
    """Return the number of the host that owns *address*."""
    return int(address) & 0xFFFF


def invent(count: int, asked: dns.name.Name, kind: dns.rdatatype.RdataType) -> list[dns.rrset.RRset] | None:
    """Return the records of a host's name; None where there is no such host."""
    label = asked.labels[0]
    digits = label[1:].decode("ascii", "replace")
    if len(asked.labels) != ZONE.count(".") + 3 or not label.lower().startswith(b"h") or not digits.isdecimal():
        return None
    index = int(digits)
    if index >= count or len(digits) != 5:
        return None
    family = dict(zip(_KINDS, Family, strict=True)).get(kind)
    if family not in profile(index).published:
        return []
    return [dns.rrset.from_text(asked, 60, "IN", kind, str(address(index, family)))]


def routes(count: int) -> Iterator[str]:
    """Yield the routes that make one namespace own the addresses of *count* hosts, and no more."""
    for first, last in ((BASE4, BASE4 + (count - 1)), (BASE6, BASE6 + (count - 1))):
        for network in summarize_address_range(first, last):
            yield f"route add local {network} dev lo"
    yield f"route add unreachable {BASE4}/16"
    yield f"route add unreachable {BASE6}/112"


def firewall() -> str:
    """Return the nftables script that gives each address the face of its profile."""
    numbers = range(len(PROFILES))
    four = ", ".join(f"0.0.0.{number} : jump four_{number}" for number in numbers)
    six = ", ".join(f"::{number:x} : jump six_{number}" for number in numbers)
    lines = ["table inet scale {"]
    for family, prefix in ((Family.IPV4, "four"), (Family.IPV6, "six")):
        for number in numbers:
            lines += [f"chain {prefix}_{number} {{", *_half(PROFILES[number].half(family)), "}"]
    lines += [
        "chain input {",
        "type filter hook input priority 0; policy accept;",
        f"ip daddr {BASE4}/16 ip daddr & 0.0.0.15 vmap {{ {four} }}",
        f"ip6 daddr {BASE6}/112 ip6 daddr & ::f vmap {{ {six} }}",
        "}",
        "}",
    ]
    return "\n".join([*lines, ""])


def _half(half: Half) -> Iterator[str]:
    if half.dark:
        yield "drop"
    elif half.drops_rest:
        yield f"tcp dport {_ports(half.open)} accept"
        yield "meta l4proto { tcp, udp } drop"
    elif hidden := SERVICES.keys() - half.open:
        yield f"tcp dport {_ports(hidden)} reject with tcp reset"


def _ports(ports: set[int] | frozenset[int]) -> str:
    return f"{{ {', '.join(map(str, sorted(ports)))} }}"


def owner(writer: asyncio.StreamWriter) -> int:
    """Return the number of the host that a connection came to."""
    return index_of(ip_address(writer.get_extra_info("sockname")[0]))


def truth(count: int) -> dict[str, object]:
    """Return the formula: the profile of host i is profiles[i mod 16]."""
    return {
        "count": count,
        "zone": ZONE,
        "bases": [str(BASE4), str(BASE6)],
        "profiles": [
            {
                "name": each.name,
                "published": sorted(each.published),
                **{
                    family: {
                        "dark": each.half(family).dark,
                        "open": sorted(each.half(family).open),
                        "rest": each.half(family).state(1),
                    }
                    for family in Family
                },
            }
            for each in PROFILES
        ],
    }
