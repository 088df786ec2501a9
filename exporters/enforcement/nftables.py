"""The filter of a host for nftables: one table for both families, so that neither can be forgotten.

Source: RFC 4890 4.4 for ICMPv6, and nft(8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporters.enforcement.model import Enforcement
from exporters.enforcement.remarks import remarks
from probes.target import Transport

_ICMPV6_ANYWHERE = (
    "destination-unreachable",
    "packet-too-big",
    "time-exceeded",
    "parameter-problem",
    "echo-request",
    "echo-reply",
)
_NEIGHBOURS = (
    "nd-router-solicit",
    "nd-router-advert",
    "nd-neighbor-solicit",
    "nd-neighbor-advert",
    "ind-neighbor-solicit",
    "ind-neighbor-advert",
    "148",
    "149",
)
_GROUPS = (
    "mld-listener-query",
    "mld-listener-report",
    "mld-listener-done",
    "mld2-listener-report",
    "151",
    "152",
    "153",
)
_ICMP = ("destination-unreachable", "time-exceeded", "parameter-problem", "echo-request", "echo-reply")


def ruleset(plan: Enforcement) -> str:
    """Return the file for `nft -f`; loading it again replaces it, all at once."""
    head = [line for said in remarks(plan) for line in (f"# {said.zh}", f"# {said.en}")]
    body = "".join(f"\t\t{line}\n" if line else "\n" for line in _chain(plan))
    return (
        "#!/usr/sbin/nft -f\n"
        + "\n".join(head)
        + "\n\ntable inet diaolou\ndelete table inet diaolou\n\ntable inet diaolou {\n\tchain input {\n"
        + body
        + "\t}\n}\n"
    )


def _chain(plan: Enforcement) -> Iterator[str]:
    yield "type filter hook input priority filter; policy drop;"
    yield ""
    yield 'iif "lo" accept'
    yield "ct state { established, related } accept"
    yield ""
    yield "# 少了这些，IPv6 就不通。Without these there is no IPv6 (RFC 4890)."
    yield f"icmpv6 type {_set(_ICMPV6_ANYWHERE)} accept"
    yield f"ip6 hoplimit 255 icmpv6 type {_set(_NEIGHBOURS)} accept"
    yield f"icmpv6 type {_set(_GROUPS)} accept"
    yield "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept"
    yield "# 路径 MTU 发现与排错。Path MTU discovery, and finding faults."
    yield f"icmp type {_set(_ICMP)} accept"
    yield ""
    yield "ct state invalid drop"
    if plan.trusted:
        yield ""
        yield "# 管理地址。Administrators."
        for version, family in ((4, "ip"), (6, "ip6")):
            mine = [str(network) for network in sorted(n for n in plan.trusted if n.version == version)]
            if mine:
                yield f"{family} saddr {_set(mine)} accept"
    yield ""
    yield "# 申报的服务，两族一致。The services declared, over both families alike."
    for transport in Transport:
        if ports := plan.ports(transport):
            yield f"{transport} dport {_set([str(port) for port in ports])} accept"
    yield ""
    yield "counter"


def _set(elements: Sequence[str]) -> str:
    return f"{{ {', '.join(elements)} }}"
