"""diaolou.yaml: who we are, where we look from, where we may send, how gently, and where we keep and tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from monitor.bundles import keys
from monitor.bundles.keys import TrustedKey
from monitor.settings.fields import AgencyCode, Duration, FileName, Port, Prefix, Section, Words, Zone, parsed, spelled
from monitor.settings.hosts import parse_host
from monitor.settings.links import LinkEntry, LinkName
from monitor.settings.mistakes import Refused
from probes.target import Address, Family, Vantage
from probes.wire import Contact, Crawling, Surroundings
from probes.wire.scope import Limits, Network, Scope
from rules.text import Language, Text


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and port to listen on."""

    address: Address
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"


_ENDPOINT = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})", re.ASCII)


def _endpoint(text: str) -> Endpoint:
    match = _ENDPOINT.fullmatch(text.strip())
    try:
        if match is not None and 1 <= int(match[3]) <= 65535:
            return Endpoint(ip_address(match[1] or match[2]), int(match[3]))
    except ValueError:
        pass
    like = "192.0.2.1:443, [2001:db8::1]:443"
    message = Text(f"“{text}”不是地址加端口", f'"{text}" is no address with a port')
    raise Refused(message, Text(f"写法如 {like}", f"write it like {like}"))


def _address(text: str) -> Address:
    try:
        return ip_address(text.strip())
    except ValueError as error:
        raise Refused(Text(f"“{text}”不是地址", f'"{text}" is no address')) from error


def _root_server(text: str) -> IPv6Address:
    address = _address(text)
    if not isinstance(address, IPv6Address):
        message = Text(f"{address} 不是 IPv6 地址", f"{address} is no IPv6 address")
        cure = Text("写根服务器的 IPv6 地址", "give the root server's IPv6 address")
        raise Refused(message, cure)
    return address


def _control_name(text: str) -> str:
    host = parse_host(text)
    if not isinstance(host, str) or ":" in host or host.rpartition(".")[2].isdigit():
        raise Refused(Text("应为域名，不是地址", "must be a name, not an address"))
    return host


def _time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = Text(f"没有名为“{text}”的时区", f'no time zone "{text}"')
        cure = Text("写法如 Asia/Shanghai，并安装 tzdata", "write it like Asia/Shanghai, and install tzdata")
        raise Refused(message, cure) from error


def _policy_key(text: str) -> bytes:
    try:
        return keys.parse(text)
    except ValueError as error:
        message = Text(f"“{text[:80]}”不是公钥", f'"{text[:80]}" is no public key')
        cure = Text("diaolou policy keygen 会打印出来", "diaolou policy keygen prints it")
        raise Refused(message, cure) from error


PolicyKey = Annotated[bytes, *parsed(_policy_key, pattern="^ed25519:[A-Za-z0-9+/]{43}=$")]
Listen = Annotated[Endpoint, *parsed(_endpoint, examples=["192.0.2.1:443", "[2001:db8::1]:443"])]
Literal = Annotated[Address, *parsed(_address, examples=["192.0.2.53"])]
RootServer = Annotated[IPv6Address, *parsed(_root_server, examples=["2001:db8:53::1"])]
ControlName = Annotated[str, *parsed(_control_name, examples=["www.example.com"])]
TimeZone = Annotated[ZoneInfo, *parsed(_time_zone, examples=["Asia/Shanghai"])]
_SQLITE = "sqlite:///"
StoreUrl = Annotated[
    str,
    *spelled(
        r"sqlite:///\S+|postgresql(?:\+psycopg)?://\S+",
        "写法如 sqlite:///var/diaolou.sqlite 或 postgresql://…",
        "write it like sqlite:///var/diaolou.sqlite or postgresql://...",
    ),
]
SocketPath = Annotated[
    str, *spelled(r"/\S{1,106}", "写绝对路径，最多 107 个字符", "an absolute path of at most 107 characters")
]
ContactUrl = Annotated[
    str, *spelled(r"(?:https?://|mailto:)[!-~]{1,190}", "写 https:// 或 mailto: 地址", "an https:// or mailto: address")
]


class VantageEntry(Section):
    """Where we look from."""

    name: Zone
    zone: Zone = "default"
    families: list[Family] = Field(default_factory=lambda: list(Family), min_length=1)


class ControlsEntry(Section):
    """Places that must answer when we ourselves have the family."""

    ipv4: list[Listen] = Field(default_factory=list)
    ipv6: list[Listen] = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_their_family(self) -> ControlsEntry:
        for family, endpoints in ((Family.IPV4, self.ipv4), (Family.IPV6, self.ipv6)):
            for index, endpoint in enumerate(endpoints):
                if Family.of(endpoint.address) is not family:
                    message = Text(f"{endpoint} 不是 {family} 地址", f"{endpoint} is no {family} address")
                    raise Refused(message, at=(str(family), index))
        return self


class SurroundingsEntry(Section):
    """What we know of ourselves."""

    resolvers: list[Literal] = Field(min_length=1)
    resolver_port: Port = 53
    control_name: ControlName
    controls: ControlsEntry
    roots: list[RootServer] = Field(default_factory=list, max_length=32)
    native: list[Prefix] = Field(default_factory=list)

    def noun(self) -> Surroundings:
        """Return the surroundings."""
        controls = {
            family: tuple(Contact(endpoint.address, endpoint.port) for endpoint in endpoints)
            for family, endpoints in ((Family.IPV4, self.controls.ipv4), (Family.IPV6, self.controls.ipv6))
        }
        return Surroundings(
            resolvers=tuple(self.resolvers),
            controls=MappingProxyType(controls),
            resolver_port=self.resolver_port,
            control_name=self.control_name,
            roots=tuple(self.roots),
            native=tuple(self.native),
        )


class CrawlEntry(Section):
    """How far the links of a website are followed; at the pace of everything else."""

    second: int = Field(default=100, ge=1, le=5000)
    third: int = Field(default=200, ge=0, le=5000)
    seconds: float = Field(default=240.0, ge=10, le=240)
    robots: bool = True

    def noun(self) -> Crawling:
        """Return how far."""
        return Crawling(self.second, self.third, self.seconds, self.robots)


class ScopeEntry(Section):
    """Where packets may go. Deny beats allow; an empty allow sends nothing."""

    allow: list[Prefix] = Field(default_factory=list)
    deny: list[Prefix] = Field(default_factory=list)
    name_servers: list[Prefix] = Field(default_factory=list)

    @field_validator("allow")
    @classmethod
    def _is_owned(cls, allow: list[Network]) -> list[Network]:
        for index, network in enumerate(allow):
            if network.prefixlen < (8 if network.version == 4 else 16):
                message = Text(
                    f"{network} 太大，不可能都归本级管理", f"{network} is larger than any government's network"
                )
                raise Refused(message, Text("请写本级管理的网段", "write the prefixes you answer for"), (index,))
        return allow

    def noun(self) -> Scope:
        """Return the scope."""
        return Scope(tuple(self.allow), tuple(self.deny), tuple(self.name_servers))


PRIVILEGED = 1024
"""Ports below which only the system's own programs should send."""
FEWEST_PORTS = 1024
"""Source ports there must be: a guess of port and ID together then hits once in 67 million."""


class LimitsEntry(Section):
    """How gently we probe; connections or packets per second, both families of a host together."""

    overall: float = Field(default=100.0, gt=0, le=1_000_000)
    per_host: float = Field(default=10.0, gt=0, le=100_000)
    per_agency: float = Field(default=50.0, gt=0, le=1_000_000)
    concurrent: int = Field(default=256, ge=1, le=65536)
    per_host_concurrent: int = Field(default=8, ge=1, le=1024)
    source_ports: Annotated[list[Port], Field(min_length=2, max_length=2)] | None = None
    patience: float = Field(default=1.0, ge=0.1, le=10)
    syn: bool = True

    @field_validator("source_ports")
    @classmethod
    def _in_order(cls, ports: list[int] | None) -> list[int] | None:
        if ports is not None and ports[0] > ports[1]:
            raise Refused(Text("源端口范围首尾颠倒", "the range of source ports is reversed"))
        if ports is not None and (ports[0] < PRIVILEGED or ports[1] - ports[0] + 1 < FEWEST_PORTS):
            message = Text(
                f"源端口须在 {PRIVILEGED} 以上，且至少 {FEWEST_PORTS} 个",
                f"source ports must lie above {PRIVILEGED - 1}, and be {FEWEST_PORTS} at least",
            )
            cure = Text(
                "写法如 [40000, 44999]；太少则连接会用尽端口，伪造的 DNS 应答也容易猜中",
                "write it like [40000, 44999]; few run out, and forgers of DNS answers guess the right one",
            )
            raise Refused(message, cure)
        return ports

    def noun(self, user_agent: str) -> Limits:
        """Return the limits."""
        ports = (self.source_ports[0], self.source_ports[1]) if self.source_ports else None
        return Limits(
            self.overall,
            self.per_host,
            self.per_agency,
            self.concurrent,
            self.per_host_concurrent,
            user_agent,
            ports,
            self.patience,
            self.syn,
        )


SHORTEST_KEEP = 180 * 86400.0
"""Seconds that history is kept at least: six months, as is the practice for network logs."""


class StoreEntry(Section):
    """Where observations and findings are kept."""

    url: StoreUrl = "sqlite:///var/diaolou.sqlite"
    keep: Annotated[Duration, Field(ge=SHORTEST_KEEP, json_schema_extra={"default": "400d"})] = 400 * 86400.0
    keep_minutes: Annotated[Duration, Field(ge=86400.0, json_schema_extra={"default": "31d"})] = 31 * 86400.0

    def located(self, directory: Path) -> str:
        """Return the URL with a relative file as one below *directory*, wherever the program is started."""
        file = self.url.removeprefix(_SQLITE)
        return self.url if file == self.url else f"{_SQLITE}{directory.absolute() / file}"


class MetricsEntry(Section):
    """Where Prometheus finds us."""

    listen: Listen = Endpoint(ip_address("127.0.0.1"), 9817)


class PacketsEntry(Section):
    """Where the packet process, alone with its capability, is spoken to."""

    socket: SocketPath = "/run/diaolou/packets.sock"


class PolicyKeyEntry(Section):
    """One whose signature on a policy is accepted."""

    name: Words
    key: PolicyKey


class DaemonFile(Section):
    """The tower itself."""

    city: AgencyCode
    contact: ContactUrl
    vantage: VantageEntry
    surroundings: SurroundingsEntry
    scope: ScopeEntry
    limits: LimitsEntry = Field(default_factory=LimitsEntry)
    crawl: CrawlEntry = Field(default_factory=CrawlEntry)
    links: dict[LinkName, LinkEntry] = Field(default_factory=dict, max_length=64)
    store: StoreEntry = Field(default_factory=StoreEntry)
    metrics: MetricsEntry = Field(default_factory=MetricsEntry)
    packets: PacketsEntry = Field(default_factory=PacketsEntry)
    authorities: list[FileName] = Field(default_factory=list)
    policy_keys: list[PolicyKeyEntry] = Field(default_factory=list)
    language: Language = Language.ZH
    time_zone: TimeZone = ZoneInfo("Asia/Shanghai")

    def vantage_noun(self) -> Vantage:
        """Return where we look from."""
        return Vantage(self.vantage.name, self.vantage.zone, frozenset(self.vantage.families))

    def trusted(self) -> tuple[TrustedKey, ...]:
        """Return the keys policy is accepted from."""
        return tuple(TrustedKey(entry.name, entry.key) for entry in self.policy_keys)
