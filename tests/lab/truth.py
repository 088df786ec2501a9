"""What is true of the city, as a careful observer at the vantage must find it; derived from its description alone."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_network

from probes.observation import Failure
from probes.target import Address, Family
from rules.policy import Stage
from tests.lab import city, depth, ground, hostile, scale
from tests.lab.model import BOTH, SUFFIX, Host, Name, Site, addresses
from tests.lab.network import NAME_SERVERS, VANTAGE, nodes, server_addresses
from tests.lab.odd import TRUTH
from tests.lab.zones import ODD_SERVERS, ODD_ZONE, server_name

KNOWN_PORTS = (21, 22, 23, 25, 80, 443, 445, 3306, 3389, 5432, 6379, 8080, 11211)
PORTS = tuple(port for port in KNOWN_PORTS if port not in ground.TAKEN)
"""The ports the truth speaks of; a scan of others finds them closed."""

Json = dict[str, object]

LINK_RATE = 0.9
"""The share of links that the sample policy wants IPv6 to reach."""

_WIDE = 1500
"""What the city's links carry."""

_BOGUS = {
    "loopback": "::1/128",
    "unspecified": "::/128",
    "mapped": "::ffff:0:0/96",
    "link_local": "fe80::/10",
    "ula": "fc00::/7",
    "six_to_four": "2002::/16",
    "multicast": "ff00::/8",
}


def bogus(address: Address) -> str:
    """Return why *address* has no place in public DNS; empty when it has."""
    if not isinstance(address, IPv6Address) or str(address) == ground.HOME6:
        return ""
    return next((why for why, network in _BOGUS.items() if address in ip_network(network)), "")


def truth(many: int = 0) -> Json:
    """Return the whole truth, ready to be written as JSON; of *many* hosts only the formula."""
    vantage = next(node for node in nodes() if node.name == VANTAGE)
    return {
        "about": "演示数据 demo data",
        "suffix": SUFFIX,
        "vantage": [str(address) for address in vantage.addresses],
        "resolvers": [str(address) for node in nodes() if node.name == "resolver" for address in node.addresses],
        "ports": list(PORTS),
        "channels": {
            channel.key: {"zh": channel.zh, "en": channel.en, "host": channel.host, "path": channel.path}
            for channel in city.CHANNELS
        },
        "zones": {site.zone: zone_truth(site) for site in city.SITES},
        "hosts": {site.fqdn(host): host_truth(site, host) for site, host in city.hosts()},
        "scale": scale.truth(many) if many else None,
        "hostile": hostile.truth(),
        "odd": {f"{name}.{ODD_ZONE}": {"direct": odd.direct, "resolver": odd.resolver} for name, odd in TRUTH.items()},
        "odd_servers": [str(address) for address in ODD_SERVERS],
    }


def zone_truth(site: Site) -> Json:
    """Return what is true of a zone's delegation."""
    return {
        "agency": site.key,
        "servers": {server_name(name): server_truth(name) for name in site.servers},
        "with_aaaa": sorted(server_name(name) for name in site.servers if len(server_addresses(name)) == len(Family)),
        "lame": sorted(server_name(name) for name in site.servers if name is Name.LAME),
        "resolves": resolves(site),
        "faults": [fault for fault in site.faults if "ns" in fault.split("_")],
    }


def server_truth(name: Name) -> Json:
    """Return what a question to a name server meets, by family and transport."""
    answers: Json = {}
    for address in server_addresses(name):
        family = Family.of(address)
        said = Failure.DNS_REFUSED if name is Name.LAME else "ok"
        udp = tcp = str(said)
        if name is Name.NS4 and family is Family.IPV6:
            udp, tcp = Failure.DNS_TIMEOUT, Failure.CONNECTION_TIMEOUT
        if name is Name.NS5:
            tcp = Failure.CONNECTION_REFUSED
        answers[family] = {"udp": udp, "tcp": tcp}
    return {"addresses": [str(address) for address in server_addresses(name)], "answers": answers}


def resolves(site: Site) -> bool:
    """Say whether any server of the zone answers for it."""
    return any(name is not Name.LAME and name in NAME_SERVERS for name in site.servers)


def host_truth(site: Site, host: Host) -> Json:
    """Return what is true of one host."""
    found = resolves(site)
    published = {family: addresses(site, host, family) if found else () for family in Family}
    same = _same(site, host, published)
    return {
        "agency": site.key,
        "title": {"zh": site.zh, "en": site.en},
        "rcode": "NOERROR" if found else "SERVFAIL",
        "A": [str(address) for address in published[Family.IPV4]],
        "AAAA": [str(address) for address in published[Family.IPV6]],
        "declared": sorted(host.declared),
        "addresses": {
            str(address): {
                "family": family,
                "bogus": bogus(address),
                "ports": {str(port): state(site, host, address, port) for port in PORTS},
                "ping": _ping(site, host, address),
                "path": _path(site, host, address),
            }
            for family in Family
            for address in published[family]
        },
        "ports": {family: _ports(site, host, published[family]) for family in Family if published[family]},
        "web": {
            scheme: {family: _web(site, host, published[family], port) for family in Family}
            for scheme, port in (("http", 80), ("https", 443))
        },
        "certificate": {
            family: host.certs[family]
            for family in Family
            if _web(site, host, published[family], 443) in ("ok", Failure.HTTP_TIMEOUT)
        },
        "tls": {
            family: "TLSv1" if host.old_tls else "TLSv1.3"
            for family in Family
            if _web(site, host, published[family], 443) in ("ok", Failure.HTTP_TIMEOUT)
        },
        "accepts": {
            family: _accepted(host, family)
            for family in Family
            if _web(site, host, published[family], 443) in ("ok", Failure.HTTP_TIMEOUT)
        },
        "http2": sorted(host.http2),
        "ping": {
            family: all(_ping(site, host, address) for address in published[family])
            for family in Family
            if published[family]
        },
        "parity_gaps": _gaps(site, host, published),
        "same_content": same,
        "forces_https": host.web.forces_https if 443 in host.ports and found else None,
        "redirect": host.web.redirect,
        "depth": _depth(site, host, published),
        "ladder": _ladder(site, host, published, same=same is not False) if found else None,
        "loss": site.loss,
        "faults": sorted({*host.faults, *site.faults}),
    }


def _accepted(host: Host, family: Family) -> Json:
    """Return the versions of TLS a host accepts, newest first, and what is weak about its suites."""
    if host.old_tls:
        return {"versions": ["TLSv1"], "weaknesses": ["anonymous"]}
    if family in host.lenient:
        return {"versions": ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"], "weaknesses": ["anonymous"]}
    return {"versions": ["TLSv1.3", "TLSv1.2"], "weaknesses": []}


def state(site: Site, host: Host, address: Address, port: int) -> str:
    """Return what a connection attempt to *port* finds: open, closed or filtered."""
    family = Family.of(address)
    if address != site.address(host, family) or family not in host.families:
        return "filtered"
    if port in host.drops.get(family, ()):
        return "filtered"
    return "open" if port in host.ports and family in host.listens.get(port, BOTH) else "closed"


def _ports(site: Site, host: Host, published: tuple[Address, ...]) -> dict[str, str]:
    """Return the states by port, "mixed" where the addresses of the family differ."""
    seen = {port: {state(site, host, address, port) for address in published} for port in PORTS}
    return {str(port): states.pop() if len(states) == 1 else "mixed" for port, states in seen.items()}


def _ping(site: Site, host: Host, address: Address) -> bool:
    family = Family.of(address)
    owned = address == site.address(host, family) and family in host.families
    return owned and (family is Family.IPV4 or site.echo6)


def _path(site: Site, host: Host, address: Address) -> Json:
    """Return how large a packet echo finds the path to carry, and whether larger ones vanish, as far as that shows."""
    if not _ping(site, host, address):
        return {"mtu": None, "swallows": None, "told": None}
    six = Family.of(address) is Family.IPV6
    mtu = (site.mtu6 or site.tunnel6 or _WIDE) if six else _WIDE
    return {
        "mtu": mtu,
        "swallows": bool(six and site.mtu6 and host.web.filler > site.mtu6),
        "told": None if mtu == _WIDE else not site.mtu6,
    }


def _web(site: Site, host: Host, published: tuple[Address, ...], port: int) -> str:
    """Return what a request meets, without judging certificates or versions: ok, a failure, or why none was made."""
    if not published:
        return "no_address" if resolves(site) else Failure.DNS_SERVFAIL
    met = {_web_at(site, host, address, port) for address in published}
    return met.pop() if len(met) == 1 else "mixed"


def _web_at(site: Site, host: Host, address: Address, port: int) -> str:
    family = Family.of(address)
    if bogus(address):
        return "bogus_address"
    if address != site.address(host, family) or family not in host.families:
        return Failure.HOST_UNREACHABLE
    found = state(site, host, address, port)
    if found != "open":
        return Failure.CONNECTION_TIMEOUT if found == "filtered" else Failure.CONNECTION_REFUSED
    if site.mtu6 and family is Family.IPV6 and host.web.filler > site.mtu6:
        return Failure.HTTP_TIMEOUT
    return "ok"


Published = dict[Family, tuple[Address, ...]]


def _gaps(site: Site, host: Host, published: Published) -> list[int]:
    """Return the ports whose state differs between the families, where there is something to compare."""
    if not published[Family.IPV4] or not _usable(published):
        return []
    left, right = (_ports(site, host, of) for of in (published[Family.IPV4], _usable(published)))
    return [port for port in PORTS if left[str(port)] != right[str(port)]]


def _usable(published: Published) -> tuple[Address, ...]:
    return tuple(address for address in published[Family.IPV6] if not bogus(address))


def _same(site: Site, host: Host, published: Published) -> bool | None:
    """Say whether both families serve the same page; None where not both serve one."""
    for port in (443, 80):
        if all(_web(site, host, published[family], port) == "ok" for family in Family):
            return not host.web.split
    return None


def _ladder(site: Site, host: Host, published: Published, *, same: bool) -> Stage:
    """Return the stage the host has surely reached."""
    if not _usable(published):
        return Stage.NONE
    six = published[Family.IPV6]
    answers = all(state(site, host, address, port) == "open" for address in six for port in host.declared)
    pages = all(_web(site, host, six, port) == "ok" for port in host.declared)
    if not answers or not pages or host.web.redirect == city.OUTSIDE:
        # What lies beyond a redirect that we may not follow is not known, so nothing above is sure.
        return Stage.PUBLISHED
    if not published[Family.IPV4]:
        return _above(site, host, published)
    agree = all(len({_web(site, host, published[family], port) for family in Family}) == 1 for port in (80, 443))
    certificates = len(set(host.certs.values())) == 1
    equal = same and certificates and agree and not _gaps(site, host, published)
    return _above(site, host, published) if equal else Stage.REACHABLE


def _depth(site: Site, host: Host, published: Published) -> Json | None:
    """Return what is true below the home page, where that comes over IPv6 from the host itself."""
    opens = "ok" in {_web_at(site, host, address, port) for address in _usable(published) for port in host.declared}
    return depth.told(site, host) if opens and not host.web.redirect else None


def _above(site: Site, host: Host, published: Published) -> Stage:
    """Return the stage of a host whose families are equal."""
    below = _depth(site, host, published)
    if below is None or min(depth.rate(below["second"]), depth.rate(below["third"])) < LINK_RATE:
        return Stage.EQUAL
    # On loopback all share one IPv6 address: there is no root there to begin at, and the last step is not known.
    alone = depth.zone_has_ipv6(site) and not below["blockers"] and not ground.ON_LOOPBACK
    return Stage.IPV6_ONLY if alone else Stage.DEEP
