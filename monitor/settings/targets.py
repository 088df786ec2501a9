"""targets.yaml, targets.csv and targets/*: the entries of the inventory, and the targets they stand for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from monitor.settings.fields import AgencyCode, Port, Quiet, Section, SnmpKeyName, Words, Zone, parsed
from monitor.settings.hosts import FREE_RANGE, Span, parse_host
from monitor.settings.mistakes import Refused
from probes.target import Family, Kind, Service, SnmpAccess, Target, Transport
from rules.text import Text

USUAL: dict[Kind, dict[Transport, tuple[int, ...]]] = {
    Kind.WEBSITE: {Transport.TCP: (80, 443)},
    Kind.DNS: {Transport.TCP: (53,), Transport.UDP: (53,)},
    Kind.MAIL: {Transport.TCP: (25,)},
    Kind.SERVER: {},
    Kind.NETWORK_DEVICE: {},
    Kind.LINK: {},
}
"""What a target is meant to offer when its entry does not say, over both families."""


class Ports(Section):
    """Services by transport."""

    tcp: list[Port] = Field(default_factory=list)
    udp: list[Port] = Field(default_factory=list)

    def services(self, family: Family) -> Iterator[Service]:
        """Yield the services, offered over *family*."""
        yield from (Service(family, Transport.TCP, port) for port in self.tcp)
        yield from (Service(family, Transport.UDP, port) for port in self.udp)


class Declared(Ports):
    """Services meant to be offered: by transport over both families, or family by family."""

    ipv4: Ports | None = None
    ipv6: Ports | None = None

    @property
    def apart(self) -> bool:
        """Whether the families are declared apart."""
        return self.ipv4 is not None or self.ipv6 is not None

    @model_validator(mode="after")
    def _one_form(self) -> Declared:
        if self.apart and (self.tcp or self.udp):
            message = Text("tcp、udp 不能与 ipv4、ipv6 混写", "tcp and udp cannot stand beside ipv4 and ipv6")
            raise Refused(message, Text("请写到 ipv4、ipv6 之下", "put them under ipv4 and ipv6"))
        return self


_BOTH = tuple(Family)
_WORD = re.compile(r"(?:(ipv[46])/)?(tcp|udp)/(\d{1,5})", re.ASCII)


def services_of_words(value: object) -> object:
    """Read the form of one table cell, `tcp/80 ipv6/tcp/22`; `none` declares nothing.

    Raises:
        Refused: A word is no service.
    """
    if not isinstance(value, str):
        return value
    words = value.replace(";", " ").split() if value.strip() != "none" else []
    matches = [_service(word) for word in words]
    apart = any(match[1] for match in matches)
    families: dict[str, dict[str, list[str]]] = {}
    for family, transport, port in (match.groups() for match in matches):
        for one in ((family,) if family else ("ipv4", "ipv6")) if apart else ("both",):
            families.setdefault(one, {}).setdefault(transport, []).append(port)
    return families if apart else families.get("both", {})


def _service(word: str) -> re.Match[str]:
    match = _WORD.fullmatch(word)
    if match is None:
        cure = Text("写法如 tcp/443、ipv6/tcp/22，或 none", "write it like tcp/443, ipv6/tcp/22, or none")
        raise Refused(Text(f"“{word}”不是服务", f'"{word}" is no service'), cure)
    return match


_PATH = re.compile(r"/(?!/)[!-\"$-~]*", re.ASCII)


def _path(text: str) -> str:
    if not _PATH.fullmatch(text) or len(text) > 1024:
        message = Text(f"“{text[:80]}”不是 URL 路径", f'"{text[:80]}" is no URL path')
        cure = Text("以一个 / 开头，汉字和空格用 %XX 编码", "begin with one /, and write other characters as %XX")
        raise Refused(message, cure)
    return text


_HOSTS = ["www.example.gov.cn", "192.0.2.1", "2001:db8::/120", "192.0.2.1-192.0.2.9"]
Host = Annotated[str | Span, *parsed(parse_host, examples=_HOSTS)]
Path = Annotated[str, *parsed(_path, pattern="^/")]


def _consented(consent: bool, info: ValidationInfo) -> bool:
    host = info.data.get("host")
    if isinstance(host, Span) and host.size > FREE_RANGE and not consent:
        message = Text(
            f"{host.text} 有 {host.size} 个地址，超过 {FREE_RANGE} 个",
            f"{host.text} holds {host.size} addresses, more than {FREE_RANGE}",
        )
        raise Refused(
            message, Text("确实要全部探测时，写 consent: true", "to have them all probed, write consent: true")
        )
    return consent


class SnmpEntry(Section):
    """How a network device is asked by SNMP."""

    credentials: SnmpKeyName
    port: Port = 161
    uplinks: list[Words] = Field(default_factory=list, max_length=64)

    def noun(self) -> SnmpAccess:
        """Return the access."""
        return SnmpAccess(self.credentials, self.port, tuple(dict.fromkeys(self.uplinks)))


def _named(value: object) -> object:
    """Read the short form: the name of the credentials alone."""
    return {"credentials": value} if isinstance(value, str) else value


class TargetEntry(Section):
    """One entry: a name, an address, a prefix or a range, and the agency that answers for it."""

    host: Host
    consent: Annotated[bool, AfterValidator(_consented)] = Field(default=False, validate_default=True)
    agency: AgencyCode
    kind: Kind = Kind.SERVER
    value: int = Field(default=3, ge=1, le=5)
    paths: list[Path] = Field(default_factory=lambda: ["/"], min_length=1)
    declared: Annotated[Declared | None, BeforeValidator(services_of_words)] = None
    zones: list[Zone] = Field(default_factory=list)
    quiet: list[Quiet] = Field(default_factory=list)
    ipv6_exempt: Words | None = None
    snmp: Annotated[SnmpEntry | None, BeforeValidator(_named)] = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> TargetEntry:
        if self.snmp is not None and self.kind is not Kind.NETWORK_DEVICE:
            message = Text("只有网络设备才有 snmp", "only network devices have snmp")
            raise Refused(message, Text("写 kind: network_device", "write kind: network_device"), ("snmp",))
        if self.ipv6_exempt and self.families == (Family.IPV6,):
            raise Refused(
                Text("IPv6 地址不能豁免 IPv6", "an IPv6 address cannot be exempt from IPv6"), at=("ipv6_exempt",)
            )
        if self.declared is not None and self.declared.apart:
            for family, ports in ((Family.IPV4, self.declared.ipv4), (Family.IPV6, self.declared.ipv6)):
                if ports is not None and family not in self.families:
                    self._refuse_family(family)
        return self

    def _refuse_family(self, family: Family) -> None:
        message = Text(
            f"该目标没有 {family}，却声明了 {family} 服务",
            f"services are declared over {family}, which the target does not have",
        )
        raise Refused(message, Text("请删除该声明", "remove the declaration"), ("declared", str(family)))

    @property
    def families(self) -> tuple[Family, ...]:
        """The families the target may offer services over: its address's own; IPv4 alone where exempt."""
        if isinstance(self.host, Span):
            return (Family.of(self.host.first),)
        if ":" in self.host:
            return (Family.IPV6,)
        if self.ipv6_exempt or self.host.rpartition(".")[2].isdigit():
            return (Family.IPV4,)
        return _BOTH

    def services(self) -> frozenset[Service]:
        """Return the services declared, or those usual for the kind."""
        if self.declared is None:
            return _usual(self.kind, self.families)
        declared = self.declared
        if declared.apart:
            by_family = {Family.IPV4: declared.ipv4, Family.IPV6: declared.ipv6}
            return frozenset(one for family, ports in by_family.items() if ports for one in ports.services(family))
        return frozenset(one for family in self.families for one in declared.services(family))

    def nouns(self) -> Iterable[Target]:
        """Yield the targets of the entry, one for each address of a range."""
        hosts = self.host.addresses() if isinstance(self.host, Span) else (self.host,)
        paths, zones, quiet = tuple(dict.fromkeys(self.paths)), frozenset(self.zones), tuple(self.quiet)
        # A link is no host that IPv6 could be rolled out to.
        declared, exempt = self.services(), self.ipv6_exempt is not None or self.kind is Kind.LINK
        snmp = self.snmp.noun() if self.snmp is not None else None
        return [
            Target(host, self.agency, self.kind, self.value, paths, declared, zones, quiet, exempt, snmp)
            for host in hosts
        ]


@functools.cache
def _usual(kind: Kind, families: tuple[Family, ...]) -> frozenset[Service]:
    return frozenset(
        Service(family, transport, port)
        for family in families
        for transport, ports in USUAL[kind].items()
        for port in ports
    )


class TargetsFile(Section):
    """The inventory, or a part of it."""

    targets: list[TargetEntry]
