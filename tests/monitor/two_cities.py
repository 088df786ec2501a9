"""Two cities of facts: one in which all is well, and one in which every rule there is has something to say.

A rule over a probe that is not here yet needs its probe's facts in both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from probes.addressing import AddressClass
from probes.descent import Stop
from probes.dns_address import DnsAddress, UnusableAddress
from probes.dns_chain import DnsChain
from probes.dns_delegation import DnsDelegation
from probes.http_home import HttpHome
from probes.icmp_echo import IcmpEcho
from probes.ipv6_only import Ipv6Only
from probes.level import Level
from probes.link_speakers import LinkSpeakers
from probes.marks import Marks
from probes.nameserver import ServerAnswer, Standing
from probes.observation import Facts, Failure, Sighting, Subject
from probes.path_headers import PathHeaders
from probes.path_mtu import PathMtu
from probes.route_trace import RouteTrace
from probes.site_visit import SiteVisit
from probes.snmp_interfaces import SnmpInterfaces
from probes.snmp_system import SnmpSystem
from probes.target import Address, Family, Transport
from probes.tcp_access import TcpAccess
from probes.tcp_ports import TcpPorts
from probes.tls_certificate import TlsCertificate
from probes.tls_versions import TlsVersions
from probes.transfer import Transfer
from probes.web_links import WebLinks
from probes.wire import ChainFault, Presence, Source
from probes.wire.greeting import TlsVersion
from probes.wire.link import Role
from probes.wire.sounding import Word
from probes.wire.tls_suites import SuiteKind
from probes.wire.zone import Side
from tests.monitor.watching import AT

Seen = Mapping[str, Iterable[Sighting]]
"""What each probe meets at one host."""

A1, A2 = IPv4Address("192.0.2.10"), IPv4Address("192.0.2.11")
B1, B2 = IPv6Address("2001:db8::10"), IPv6Address("2001:db8::11")
EVERY = (A1, A2, B1, B2)
SKETCH, OTHER = tuple(range(64)), tuple(range(100, 164))


@dataclass(frozen=True, slots=True)
class Host:
    """One website, as all its probes meet it; *pages* and *certificates* by address."""

    names: Mapping[Family, DnsAddress | Failure]
    zone: DnsDelegation
    chain: DnsChain
    servers: Mapping[str, DnsDelegation]
    ports: Mapping[Address, TcpPorts]
    echoes: Mapping[Address, IcmpEcho | Failure]
    pages: Mapping[tuple[str, Address], HttpHome | Failure]
    certificates: Mapping[Address, TlsCertificate | Failure]
    offers: Mapping[Address, TlsVersions]
    links: WebLinks
    alone: Ipv6Only
    paths: Mapping[Address, PathMtu]
    headers: Mapping[Address, PathHeaders]
    routes: Mapping[Address, RouteTrace]
    access: Mapping[Address, TcpAccess]
    visits: Mapping[Family, SiteVisit | Failure]

    def seen(self) -> Seen:
        """Return what each probe meets."""
        return {
            "dns_address": [Sighting(Subject(family=family), said) for family, said in self.names.items()],
            "dns_delegation": [
                Sighting(Subject(), self.zone),
                *(Sighting(Subject(server=name), facts) for name, facts in self.servers.items()),
            ],
            "dns_chain": [Sighting(Subject(), self.chain)],
            "tcp_ports": [Sighting(_at(address), facts) for address, facts in self.ports.items()],
            "icmp_echo": [Sighting(_at(address), said) for address, said in self.echoes.items()],
            "http_home": [
                Sighting(_at(address, scheme, 443 if scheme == "https" else 80, "/"), said, taken(said))
                for (scheme, address), said in self.pages.items()
            ],
            "tls_certificate": [
                Sighting(_at(address, "tls", 443), said) for address, said in self.certificates.items()
            ],
            "tls_versions": [Sighting(_at(address, "tls", 443), facts) for address, facts in self.offers.items()],
            "web_links": [Sighting(Subject(path="/"), self.links)],
            "ipv6_only": [Sighting(Subject(path="/"), self.alone)],
            "path_mtu": [Sighting(_at(address), facts) for address, facts in self.paths.items()],
            "path_headers": [Sighting(_at(address), facts) for address, facts in self.headers.items()],
            "route_trace": [Sighting(_at(address), facts) for address, facts in self.routes.items()],
            "tcp_access": [Sighting(_at(address, "tcp", 443), facts) for address, facts in self.access.items()],
            "site_visit": [Sighting(Subject(family=family, path="/"), said) for family, said in self.visits.items()],
        }


def _at(address: Address, scheme: str = "", port: int | None = None, path: str = "") -> Subject:
    return Subject(family=Family.of(address), address=address, scheme=scheme, port=port, path=path)


def name(*addresses: Address, **changes: object) -> DnsAddress:
    """Return a name with *addresses*, without a fault unless *changes* say so."""
    facts = DnsAddress(
        Presence.PRESENT if addresses else Presence.NODATA,
        addresses,
        len(addresses),
        (),
        300,
        Source.RECURSIVE,
        (),
        contradicted=False,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def answer(server: str, address: Address) -> ServerAnswer:
    """Return a name server's good answer over UDP."""
    return ServerAnswer(server, address, Family.of(address), Transport.UDP, Standing.AUTHORITATIVE)


NS1, NS2 = answer("ns1.example", ip_address("192.0.2.53")), answer("ns2.example", ip_address("192.0.2.54"))


def delegation(count: int = 2, **changes: object) -> DnsDelegation:
    """Return *count* name servers that are all well, unless *changes* say otherwise."""
    facts = DnsDelegation(
        zone="city.example",
        side=Side.CHILD,
        servers=("ns1.example", "ns2.example")[:count],
        count=count,
        with_ipv4=count,
        with_ipv6=count,
        ipv4_udp=count,
        ipv4_tcp=count,
        ipv6_udp=count,
        ipv6_tcp=count,
        lame=0,
        serials_agree=True,
        answers=(NS1, NS2)[:count],
        serials=(1,),
        ipv4_seconds=0.01,
        ipv6_seconds=0.01,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


CHAIN = DnsChain(
    resolves=True,
    presence=Presence.PRESENT,
    aliases=(),
    stop=None,
    stopped_at="",
    met=None,
    zones=(),
    unserved=(),
    single=(),
    sides_differ=(),
    glue_differs=(),
)
"""A name that a resolver without IPv4 finds, by a way on which all is well."""


def page(scheme: str, **changes: object) -> HttpHome:
    """Return the home page of a site that is in order, met over *scheme*."""
    facts = HttpHome(
        status=200,
        final="https://www.city.example/",
        hops=("https://www.city.example/",) if scheme == "http" else (),
        stopped="",
        arrived=True,
        upgraded=scheme == "http",
        title="开平市人民政府",
        content_type="text/html",
        server_header="nginx",
        hsts_seconds=31536000,
        headers=(
            "content-security-policy",
            "referrer-policy",
            "strict-transport-security",
            "x-content-type-options",
            "x-frame-options",
        ),
        truncated=False,
        protocol="h2",
        text_length=5000,
        sketch=SKETCH,
        body_digest="0" * 64,
        body_bytes=20000,
        dns_seconds=0.01,
        lag_seconds=0.001,
        connect_seconds=0.01,
        tls_seconds=0.02 if scheme == "https" else 0.0,
        first_byte_seconds=0.1,
        transfer_seconds=0.1,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def taken(said: HttpHome | Failure) -> float:
    """Return the seconds that a fetch of a page took, as the probe would say."""
    if isinstance(said, Failure):
        return 0.0
    return sum(filter(None, (said.connect_seconds, said.tls_seconds, said.first_byte_seconds, said.transfer_seconds)))


def certificate(**changes: object) -> TlsCertificate:
    """Return a good certificate, unless *changes* say otherwise."""
    facts = TlsCertificate(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        subject_name="CN=www.city.example",
        issuer_name="CN=Test CA",
        serial="1",
        fingerprint="a" * 64,
        names=("www.city.example",),
        not_before=AT - dt.timedelta(days=30),
        not_after=AT + dt.timedelta(days=300),
        key="secp256r1",
        key_bits=256,
        signature="sha256",
        chain=2,
        faults=(),
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


OFFER = TlsVersions(
    versions=(TlsVersion.TLS13, TlsVersion.TLS12),
    suites=("TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    weaknesses=(),
    forward_secrecy=True,
    without_forward_secrecy=False,
    tlcp=False,
    versions_settled=True,
    suites_settled=True,
)
_BAD_OFFER = replace(
    OFFER,
    versions=(*OFFER.versions, TlsVersion.SSL3),
    weaknesses=(SuiteKind.RC4, SuiteKind.TRIPLE_DES),
    without_forward_secrecy=True,
)


def links(reached: int, windows: int = 0) -> WebLinks:
    """Return a site of which *reached* of ten links of each level open over IPv6, and that has *windows*."""
    level = Level.of(10, reached, 10 - reached, 0, 0, 0)
    return WebLinks(
        status=200,
        final="https://www.city.example/",
        arrived=True,
        elsewhere=False,
        scripted=False,
        second=level,
        third=level,
        broken=(),
        dead=(),
        hosts=3,
        unsettled=0,
        all_settled=True,
        window_count=windows,
        windows=(),
        literal_count=windows,
        literals=(),
        marks=Marks("4407830001", "粤ICP备05012345号", "粤公网安备44078302000123号", badge=True),
        pages=11,
        whole=True,
        walk_seconds=3.0,
    )


def alone(blockers: int = 0) -> Ipv6Only:
    """Return a page that needs *blockers* things that do not come over IPv6."""
    return Ipv6Only(
        status=200,
        final="https://www.city.example/",
        usable=not blockers,
        blocker_count=blockers,
        needs=(),
        blockers=(),
        fix_count=blockers,
        fixes=(),
        possible=(),
        unverified=0,
        unsettled=0,
        dead=0,
        visited=5,
        whole=True,
        load_seconds=2.0,
    )


def path(**changes: object) -> PathMtu:
    """Return a path that a tunnel narrows, whose router says so."""
    facts = PathMtu(
        transfer=Transfer.PASSES,
        largest_seen=1480,
        echo=True,
        mtu=1480,
        lost=None,
        tellers=(B2,),
        own_link=False,
        learnt=False,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def access(made: int, seconds: float, *, hidden: bool = False) -> TcpAccess:
    """Return five connections of which *made* were made, each in *seconds*."""
    ways = () if made == 5 else (Failure.CONNECTION_TIMEOUT,)
    return TcpAccess(5, made, made / 5, seconds, seconds, seconds, ways, not hidden, hidden)


AGENT = SnmpSystem("core", "a router", encrypted=True, public=False, up_seconds=86400.0)
UPLINK = SnmpInterfaces(True, True, True, 1e9, 1e8, 2e8, 0.2, 0.3)
ECHO = IcmpEcho(3, 3, 0.01, 0.011, 0.012)
PORTS = TcpPorts((80, 443), (), (22, 6379), ())
WELL = Host(
    names={Family.IPV4: name(A1, A2), Family.IPV6: name(B1, B2)},
    zone=delegation(),
    chain=CHAIN,
    servers={f"ns{number}.example": delegation(1) for number in (1, 2)},
    ports=dict.fromkeys(EVERY, PORTS),
    echoes=dict.fromkeys(EVERY, ECHO),
    pages={(scheme, address): page(scheme) for scheme in ("http", "https") for address in EVERY},
    certificates=dict.fromkeys(EVERY, certificate()),
    offers=dict.fromkeys(EVERY, OFFER),
    links=links(10),
    alone=alone(),
    paths=dict.fromkeys(EVERY, path()),
    headers=dict.fromkeys(EVERY, PathHeaders(True, True, True, True)),
    routes={B1: RouteTrace(True, Word.ANSWERED, B1, 2, (str(B2), str(B1)), 0.02)},
    access=dict.fromkeys(EVERY, access(5, 0.01)),
    visits=dict.fromkeys(Family, SiteVisit(200, "https://www.city.example/", 1.0)),
)
"""A host of which no rule has anything bad to say."""

_HARDWARE = IPv6Address("2001:db8::211:22ff:fe33:4455")
_BAD_PAGE = page(
    "https",
    final="http://www.city.example/",
    title="Index of /",
    server_header="Apache/2.4.29 (Ubuntu)",
    hsts_seconds=0,
    headers=(),
    hops=("https://a/1", "https://a/2", "https://a/3", "https://a/4"),
    first_byte_seconds=16.0,
)
_EMPTY_PAGE = replace(_BAD_PAGE, title="", text_length=0, final="http://old.city.example/", first_byte_seconds=60.0)
_BAD_CERTIFICATE = certificate(
    version="TLSv1",
    cipher="AES256-SHA",
    names=(),
    not_before=AT - dt.timedelta(days=4000),
    not_after=AT - dt.timedelta(days=1),
    key="rsa",
    key_bits=1024,
    signature="sha1",
    chain=1,
    faults=(ChainFault.EXPIRED, ChainFault.INCOMPLETE, ChainFault.NAME_MISMATCH),
)
_BAD_SERVERS = delegation(
    1, with_ipv4=1, with_ipv6=1, ipv4_tcp=0, ipv6_udp=0, answers=(NS1, replace(NS1, server="ns2.example"))
)
_AILING = Host(
    names={
        Family.IPV4: name(A1, A2, chain=("a", "b", "c", "d")),
        Family.IPV6: name(
            _HARDWARE,
            unusable=(UnusableAddress(IPv6Address("fe80::1"), AddressClass.LINK_LOCAL),),
            contradicted=True,
        ),
    },
    zone=delegation(
        1,
        side=Side.PARENT,
        with_ipv6=1,
        ipv6_udp=0,
        serials_agree=False,
        ipv4_seconds=2.0,
        answers=(NS1, replace(NS1, server="ns2.example")),
    ),
    chain=replace(
        CHAIN,
        resolves=False,
        presence=None,
        stop=Stop.NO_IPV6_ADDRESS,
        stopped_at="city.example",
        unserved=("city.example",),
        single=("example",),
        sides_differ=("city.example",),
        glue_differs=("city.example",),
    ),
    servers={
        "ns1.example": _BAD_SERVERS,
        "ns2.example": replace(_BAD_SERVERS, lame=1),
        "ns3.example": replace(_BAD_SERVERS, with_ipv4=0, with_ipv6=0),
    },
    ports={A1: TcpPorts((22, 80, 110, 443), (23,), (), ()), _HARDWARE: TcpPorts((22, 6379), (), (80, 443), ())},
    echoes={A1: replace(ECHO, received=1), _HARDWARE: replace(ECHO, min_seconds=0.5)},
    pages={
        ("http", A1): page("http", upgraded=False),
        ("http", _HARDWARE): Failure.CONNECTION_TIMEOUT,
        ("https", A1): replace(_BAD_PAGE, first_byte_seconds=4.0),
        ("https", _HARDWARE): replace(_EMPTY_PAGE, hsts_seconds=1, sketch=OTHER),
    },
    certificates={
        A1: _BAD_CERTIFICATE,
        A2: replace(_BAD_CERTIFICATE, fingerprint="c" * 64),
        _HARDWARE: certificate(fingerprint="b" * 64, not_after=AT + dt.timedelta(days=3)),
    },
    offers={A1: OFFER, _HARDWARE: _BAD_OFFER},
    links=replace(links(3, windows=2), second=Level.of(10, 3, 6, 1, 0, 0), marks=Marks("", "", "", badge=False)),
    alone=alone(blockers=1),
    paths={
        A1: path(),
        _HARDWARE: path(transfer=Transfer.STALLS_UNLESS_SMALL, largest_seen=0, mtu=1400, lost=1420, tellers=()),
    },
    headers={_HARDWARE: PathHeaders(True, False, False, False)},
    routes={_HARDWARE: RouteTrace(False, Word.SILENT, B2, 1, (str(B2),), 0.01)},
    access={A1: access(5, 0.1), _HARDWARE: access(3, 0.6, hidden=True)},
    visits={
        Family.IPV4: SiteVisit(503, "https://www.city.example/", 0.0),
        Family.IPV6: Failure.CONNECTION_TIMEOUT,
    },
)
_GONE = replace(
    WELL,
    names={Family.IPV4: name(presence=Presence.NXDOMAIN), Family.IPV6: name(presence=Presence.NXDOMAIN)},
    chain=replace(CHAIN, presence=Presence.NXDOMAIN, unserved=("dns.example",)),
    ports={A1: TcpPorts((), (), (80, 443), ())},
    echoes={A1: Failure.ECHO_TIMEOUT, B1: Failure.ECHO_TIMEOUT},
    pages={("http", A1): Failure.CONNECTION_TIMEOUT, ("https", A1): Failure.CONNECTION_REFUSED},
    certificates={},
    offers={},
)
_UNSIGNED = replace(
    WELL,
    names={Family.IPV4: Failure.DNS_BOGUS, Family.IPV6: Failure.DNS_TIMEOUT},
    echoes={A1: ECHO, B1: Failure.ECHO_TIMEOUT},
    pages={
        ("https", A1): page("https", status=200, title="Welcome to nginx!"),
        ("https", B1): page("https", status=503, protocol="http/1.1"),
    },
)

OFFICE = "office.lan.city.example"
"""A link, and no host."""


def speaker(role: Role, *, declared: bool) -> Sighting:
    """Return somebody heard on a link."""
    mac, router = "02:00:00:00:00:01", IPv6Address("fe80::1")
    facts = LinkSpeakers(role, mac, router, ("2001:db8::/64",), declared=declared, lifetime_seconds=1800)
    return Sighting(Subject(path=f"/{role}/{mac}/{router}"), facts)


def link(*, declared: bool) -> Seen:
    """Return a link on which a router and a DHCPv6 server speak."""
    return {"link_speakers": [speaker(role, declared=declared) for role in (Role.ROUTER, Role.DHCPV6)]}


DEVICE = "core.net.city.example"
"""A network device, and no website."""


def device(uplink: SnmpInterfaces, *agents: SnmpSystem | Failure) -> Seen:
    """Return a device with an agent at each of its addresses, and an uplink."""
    places = zip((A1, B1), agents, strict=True)
    return {
        "snmp_system": [Sighting(_at(address), said) for address, said in places],
        "snmp_interfaces": [Sighting(Subject(path="/uplink"), uplink)],
    }


HEALTHY: Mapping[str, Seen] = {
    "www.city.gov.cn": WELL.seen(),
    OFFICE: link(declared=True),
    DEVICE: device(UPLINK, AGENT, AGENT),
}
AILING: Mapping[str, Seen] = {
    "www.city.example": _AILING.seen(),
    "gone.city.example": _GONE.seen(),
    "signed.city.example": _UNSIGNED.seen(),
    OFFICE: link(declared=False),
    DEVICE: device(
        replace(UPLINK, up=False, load=0.95, ipv6_share=0.0),
        replace(AGENT, encrypted=False, public=True),
        Failure.SNMP_TIMEOUT,
    ),
}


def facts_in(city: Mapping[str, Seen]) -> set[type[Facts]]:
    """Return the kinds of facts that occur in *city*."""
    return {
        type(sighting.outcome)
        for seen in city.values()
        for sightings in seen.values()
        for sighting in sightings
        if isinstance(sighting.outcome, Facts)
    }
