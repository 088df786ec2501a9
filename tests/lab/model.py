"""The nouns the city is written in: sites, hosts, certificates, and what listens where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from probes.target import Address, Family
from tests.lab import ground
from tests.lab.sheets import Sheet

SUFFIX = "kaiping.gov.test"
"""The city's zone (RFC 6761); agencies' zones are its children."""

ONLY_IPV4 = frozenset({Family.IPV4})
ONLY_IPV6 = frozenset({Family.IPV6})
BOTH = frozenset(Family)


NOBODY = 99
"""The site number of addresses that nobody has."""


def ipv4(site: int, host: int) -> IPv4Address:
    """Return an address of the benchmarking range, or of loopback. Source: RFC 2544."""
    return IPv4Address(f"{ground.PREFIX4}.{site}.{host}")


def ipv6(site: int, host: int) -> IPv6Address:
    """Return an address of the documentation range, its decimal digits written as they are. Source: RFC 3849."""
    if ground.ON_LOOPBACK and site != NOBODY:
        return IPv6Address(ground.ONE_FOR_ALL)
    return IPv6Address(f"{ground.PREFIX6}:{site}::{host}")


class Service(StrEnum):
    """What answers on a port."""

    HTTP = "http"
    HTTPS = "https"
    SSH = "ssh"
    TELNET = "telnet"
    MYSQL = "mysql"
    REDIS = "redis"
    SMB = "smb"
    HOSTILE = "hostile"


class Cert(StrEnum):
    """The state of a certificate, as a client that trusts the city's authority finds it."""

    VALID = "valid"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    SELF_SIGNED = "self_signed"
    WRONG_NAME = "wrong_name"


class Name(StrEnum):
    """The name servers of the city; the value is the first label."""

    NS1 = "ns1"
    """Both families, UDP and TCP: as it should be."""
    NS2 = "ns2"
    """IPv4 only: no AAAA."""
    NS3 = "ns3"
    """Both families, as ns1, on another site."""
    NS4 = "ns4"
    """Has an AAAA, but a firewall drops DNS over IPv6."""
    NS5 = "ns5"
    """Answers UDP and refuses TCP."""
    LAME = "lame"
    """Answers REFUSED to everything, over both families."""


@dataclass(frozen=True, slots=True)
class Web:
    """What a host's web server does.

    *title* is the Chinese title of the page; *channels* are further pages by path. *redirect* sends every request
    elsewhere. *filler* are bytes of text added to the page. *delay* is waited before each answer, in seconds.
    *split* gives IPv6 another page. *sheets* are pages that refer to others, by path.
    """

    title: str = ""
    forces_https: bool = False
    redirect: str = ""
    split: bool = False
    filler: int = 0
    delay: float = 0.0
    channels: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, Sheet] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Host:
    """One host of a site.

    *name* is the part before the site's domain. *families* are those it has an address of, *published* those its
    name has a record for (None: the same). *listens* narrows a port to some families. *drops* are ports a firewall
    silently drops. *further* are AAAA records besides its own; nobody owns those inside the site.
    *declared* are the ports it is meant to offer, over every published family. *lenient* are the families over which it
    accepts TLS 1.0 and anonymous suites besides what is good, *http2* those over which it speaks HTTP/2 too.
    """

    name: str
    number: int
    ports: Mapping[int, Service]
    families: frozenset[Family] = BOTH
    published: frozenset[Family] | None = None
    listens: Mapping[int, frozenset[Family]] = field(default_factory=dict)
    drops: Mapping[Family, frozenset[int]] = field(default_factory=dict)
    further: tuple[IPv6Address, ...] = ()
    declared: frozenset[int] = frozenset({80, 443})
    web: Web = field(default_factory=Web)
    certs: Mapping[Family, Cert] = field(default_factory=lambda: dict.fromkeys(Family, Cert.VALID))
    old_tls: bool = False
    lenient: frozenset[Family] = frozenset()
    http2: frozenset[Family] = frozenset()
    value: int = 3
    faults: tuple[str, ...] = ()

    @property
    def records(self) -> frozenset[Family]:
        """The families its name has an address record for."""
        return self.families if self.published is None else self.published


@dataclass(frozen=True, slots=True)
class Site:
    """One agency's network: one namespace behind the router, one /24 and one /64.

    *domain* is the zone below the city's, or empty for names in the city's zone itself. *servers* serve that zone.
    *loss* is the share of packets lost each way. *mtu6* is the IPv6 path MTU the router keeps to itself, *tunnel6* one
    that it tells.
    """

    key: str
    number: int
    zh: str
    en: str
    hosts: tuple[Host, ...]
    domain: str = ""
    servers: tuple[Name, ...] = (Name.NS1, Name.NS3)
    echo6: bool = True
    loss: float = 0.0
    mtu6: int = 0
    tunnel6: int = 0
    tier: str = "county"
    faults: tuple[str, ...] = ()

    @property
    def zone(self) -> str:
        """The zone its names lie in, without trailing dot."""
        return f"{self.domain}.{SUFFIX}" if self.domain else SUFFIX

    def fqdn(self, host: Host) -> str:
        """Return the full name of *host*, without trailing dot."""
        return f"{host.name}.{self.zone}"

    def address(self, host: Host, family: Family) -> Address:
        """Return the address the site's plan gives *host* in *family*, whether it uses it or not."""
        return (ipv4 if family is Family.IPV4 else ipv6)(self.number, host.number)


@dataclass(frozen=True, slots=True)
class Channel:
    """An agency without hosts of its own: a path of another agency's website."""

    key: str
    zh: str
    en: str
    host: str
    path: str


def addresses(site: Site, host: Host, family: Family) -> tuple[Address, ...]:
    """Return what the DNS publishes for *host* in *family*: its own address first."""
    own = (site.address(host, family),) if family in host.records else ()
    return own + (host.further if family is Family.IPV6 else ())
