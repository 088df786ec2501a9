"""The one door to the world: what a probe may ask of the network, and what it gets back.

A probe is handed a `Wire` bound to its target. Every method asks the guard before a packet leaves, holds one
deadline for the whole exchange, bounds what it reads, and speaks in the closed sets of `probes.observation`:
it raises `Unreached` when the network said no and `NotLooked` when nothing was sent or we could not look.
Any other exception out of a wire is a defect of ours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Protocol, TypeVar

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire.greeting import Greeting, Hello
from probes.wire.link import Link, Overheard
from probes.wire.scope import Network
from probes.wire.snmp import SnmpTable, SnmpWalk
from probes.wire.sounding import Sounded, Sounding

T = TypeVar("T")


class Unreached(Exception):
    """The network said no, in a way that has a name."""

    def __init__(self, failure: Failure, detail: str = "", seconds: float = 0.0) -> None:
        super().__init__(f"{failure}: {detail}" if detail else str(failure))
        self.failure, self.detail, self.seconds = failure, detail, seconds


class NotLooked(Exception):
    """Nothing can be said of the target, because we could not look."""

    def __init__(self, reason: GapReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason, self.detail = reason, detail


class NotSent(NotLooked):
    """The same, and nothing has left this machine for it."""


# --- DNS ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DnsQuery:
    """One question to one server. *name* is absolute, without trailing dot, or "." for the root."""

    server: Address
    name: str
    rdtype: str
    port: int = 53
    tcp: bool = False
    recursive: bool = True
    checking_disabled: bool = False
    timeout: float = 3.0


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One resource record in presentation form; *owner* lower-case without trailing dot."""

    owner: str
    rdtype: str
    ttl: int
    value: str


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """A well-formed answer to the question asked; any rcode, SERVFAIL included, is an answer.

    *rcode* is the mnemonic (NOERROR, NXDOMAIN, SERVFAIL, ...).
    """

    rcode: str
    authoritative: bool
    authenticated: bool
    answer: tuple[DnsRecord, ...]
    authority: tuple[DnsRecord, ...]
    additional: tuple[DnsRecord, ...]
    seconds: float
    over_tcp: bool = False


class Presence(StrEnum):
    """What DNS says of a name's addresses in one family, when it says anything."""

    PRESENT = "present"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"


class Source(StrEnum):
    """Who settled a resolution: a resolver, the zone's own servers, or the name itself, being an address."""

    RECURSIVE = "recursive"
    AUTHORITATIVE = "authoritative"
    LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class FamilyResolution:
    """The addresses of a name in one family: exactly one of *presence*, *failure* and *gap* is set.

    *failure* is the target's: the question stays open because of its name servers. *gap* is ours: no resolver of
    ours works. *chain* holds the CNAME targets in order, without the name itself.
    """

    family: Family
    presence: Presence | None
    failure: Failure | None
    addresses: tuple[Address, ...] = ()
    chain: tuple[str, ...] = ()
    ttl: int | None = None
    source: Source = Source.RECURSIVE
    seconds: float = 0.0
    detail: str = ""
    gap: GapReason | None = None


Resolution = Mapping[Family, FamilyResolution]


# --- HTTP and TLS ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One GET to one address; Host and SNI are *host*, whatever the address.

    *segment* is the most octets of data we ask for in one packet; 0 leaves that to the kernel. *http2*: over TLS,
    HTTP/2 is offered too.
    """

    scheme: str
    address: Address
    port: int
    host: str
    path: str = "/"
    timeout: float = 10.0
    header_limit: int = 64 * 1024
    body_limit: int = 2 * 1024 * 1024
    decoded_limit: int = 8 * 1024 * 1024
    segment: int = 0
    http2: bool = False


LAG_BORNE, LAG_SHARE = 0.05, 0.05
"""How late our own loop may have been for times to count: in seconds, or as a share of what it took in all."""


@dataclass(frozen=True, slots=True)
class Phases:
    """Seconds spent in each phase of an exchange; *tls* is 0 without TLS, *lag* how late our own loop was meanwhile."""

    connect: float
    tls: float
    first_byte: float
    transfer: float
    lag: float = 0.0

    @property
    def total(self) -> float:
        """The sum of the phases."""
        return self.connect + self.tls + self.first_byte + self.transfer

    @property
    def timely(self) -> bool:
        """Whether these are the network's times: where our own loop was late, they may be its."""
        return self.lag <= max(LAG_BORNE, self.total * LAG_SHARE)


@dataclass(frozen=True, slots=True)
class HttpExchange:
    """One response, not followed anywhere. *body* is decoded; *headers* lower-case names, cleaned values, in order.

    *segments* are the most octets of data in one packet: what we asked for, and what came; zeros when not known.
    *protocol* is what it came over: http/1.0, http/1.1 or h2.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    phases: Phases
    wire_bytes: int
    truncated: bool = False
    segments: tuple[int, int] = (0, 0)
    protocol: str = "http/1.1"

    def header(self, name: str) -> str | None:
        """Return the first value of header *name* (lower case)."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class TlsRequest:
    """One TLS handshake with one address, SNI *host*."""

    address: Address
    port: int
    host: str
    timeout: float = 10.0


class ChainFault(StrEnum):
    """Why a certificate chain does not verify; a chain may have several faults."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SELF_SIGNED = "self_signed"
    UNTRUSTED = "untrusted"
    INCOMPLETE = "incomplete"
    NAME_MISMATCH = "name_mismatch"
    WEAK = "weak"
    MALFORMED = "malformed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TlsSession:
    """A finished handshake, whatever the certificate is worth. *chain* is DER, leaf first, never empty."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    faults: frozenset[ChainFault]
    seconds: float


# --- TCP ports ---------------------------------------------------------------------------------------------


class PortState(StrEnum):
    """What a TCP port is found to be: a reset closes it, an ICMP error makes it unreachable, silence filtered."""

    OPEN = "open"
    CLOSED = "closed"
    FILTERED = "filtered"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class PortLook:
    """One port of one address; *seconds* is the time it took to open, 0 for what is not open."""

    port: int
    state: PortState
    seconds: float = 0.0


# --- the wire itself ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to a control target that proves the vantage's own *family*: a TCP port that must answer."""

    address: Address
    port: int


@dataclass(frozen=True, slots=True)
class Crawling:
    """How far a website is followed: links of its second and third level that are asked for, and seconds in all.

    *robots*: what a site's robots.txt asks us to leave alone is left alone.
    """

    second: int = 100
    third: int = 200
    seconds: float = 240.0
    robots: bool = True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What we know of ourselves: the resolvers we use and the control targets that prove each family."""

    resolvers: tuple[Address, ...] = ()
    controls: Mapping[Family, tuple[Contact, ...]] = field(default_factory=dict)
    resolver_port: int = 53
    control_name: str = ""
    """A name the resolvers must be able to resolve when they work."""
    scan_ports: tuple[int, ...] = ()
    """TCP ports looked at on every target, besides those it declares."""
    roots: tuple[IPv6Address, ...] = ()
    """The root's servers over IPv6, where the way by IPv6 alone begins."""
    native: tuple[Network, ...] = ()
    """Prefixes in regular use here although registries reserve them: an intranet's, a laboratory's."""
    crawling: Crawling = field(default_factory=Crawling)
    links: Mapping[str, Link] = field(default_factory=dict)
    """The links we stand on ourselves, by the name of their target."""
    curious: bool = False
    """Whether somebody waits for this look, and wants to know what would otherwise be left alone."""


class BatchWire(Protocol):
    """The network as the looks of one batch see it together."""

    async def resolve_all(self, names: Iterable[str]) -> None:
        """Find the addresses of many names at once, as far as that is plain: `Wire.resolve` then has them ready."""


class Wire(Protocol):
    """The network as one target's probes see it."""

    @property
    def surroundings(self) -> Surroundings:
        """The vantage's own resolvers and control targets."""

    def now(self) -> dt.datetime:
        """Return the time, aware and UTC."""

    async def resolve(self, name: str) -> Resolution:
        """Find the addresses of *name* in both families; asked once per round, and kept."""

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        """Put one question to one server."""

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Take a measurement that targets share: once per round, whoever asks first."""

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        """Open and close one TCP connection; return the seconds it took."""

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        """Look at TCP *ports* of one address; return all of them in the order asked, or raise."""

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        """Fetch one URL from one address."""

    async def handshake(self, request: TlsRequest) -> TlsSession:
        """Complete one TLS handshake and keep the chain."""

    async def greet(self, hello: Hello) -> Greeting:
        """Say *hello* and return the server's first word; no handshake is completed."""

    async def echo(self, address: Address, *, count: int = 3, timeout: float = 2.0) -> tuple[float, ...]:
        """Send *count* ICMP echo requests; return the round-trip seconds of those answered, never none."""

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        """Send one crafted packet; return the first word about it, silence included."""

    async def walk(self, asked: SnmpWalk) -> SnmpTable:
        """Read columns of a table of an SNMP agent."""

    async def overhear(self, interface: str) -> Overheard:
        """Ask the link at one of our interfaces for those who offer routes and addresses; return who is heard."""
