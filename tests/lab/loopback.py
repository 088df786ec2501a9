"""The city on loopback: those of its sites, hosts and faults that need no network of their own.

Every host keeps an IPv4 address of its own and shares the one IPv6 address with all others. So ports are the same for
all over IPv6, nobody is silent, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from probes.target import Family
from tests.lab.model import ONLY_IPV4, Host, Name, Service, Site

PORTS = {80: Service.HTTP, 443: Service.HTTPS}
SHOWN = frozenset(
    {
        "no_ipv6",
        "http_only",
        "sole_ns_without_aaaa",
        "one_ns_without_aaaa",
        "one_ns_lame",
        "every_ns_lame",
        "content_differs",
        "ipv6_certificate_expired",
        "ipv6_certificate_wrong_name",
        "certificate_expired",
        "certificate_self_signed",
        "certificate_wrong_name",
        "certificate_expiring",
        "https_not_forced",
        "redirects_to_another_host",
        "redirects_out_of_scope",
        "sky_windows",
        "needs_ipv4_elsewhere",
        "links_without_ipv6",
        "ipv4_literals",
        "dead_link",
        "no_marks",
    }
)
"""Faults that loopback can show."""

DUAL = (Name.NS1,)
"""Name servers with IPv6: at one address there is room for one."""
SERVERS = (*DUAL, Name.NS2, Name.NS3, Name.LAME)
"""Name servers that are on loopback what they are elsewhere, but for their addresses; others give way to the third."""


def standing(sites: tuple[Site, ...]) -> Iterator[Site]:
    """Yield what of *sites* can stand on loopback."""
    for site in sites:
        hosts = tuple(_plain(host) for host in site.hosts if _fits(host))
        if hosts and not site.loss and not site.mtu6:
            servers = tuple(name if name in SERVERS else Name.NS3 for name in site.servers)
            yield replace(site, hosts=hosts, servers=servers, echo6=True, faults=_faults(site, servers))


def _fits(host: Host) -> bool:
    plain = not host.listens and not host.further and host.published is None and not host.old_tls
    return plain and SHOWN.issuperset(host.faults) and host.declared <= PORTS.keys()


def _plain(host: Host) -> Host:
    """Return *host* with the ports of the web alone; one without HTTPS, which all have over IPv6, goes without IPv6."""
    ports = {port: service for port, service in host.ports.items() if port in PORTS}
    kept = replace(host, ports=ports, drops={})
    if ports.keys() == PORTS.keys() or Family.IPV6 not in host.families:
        return kept
    return replace(kept, families=ONLY_IPV4, faults=("no_ipv6", *(each for each in kept.faults if each != "no_ipv6")))


def _faults(site: Site, servers: tuple[Name, ...]) -> tuple[str, ...]:
    faults = [fault for fault in site.faults if fault in SHOWN]
    if len(servers) > 1 and "one_ns_without_aaaa" not in faults:
        faults.append("one_ns_without_aaaa")
    return tuple(faults)
