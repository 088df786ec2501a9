"""A wire told beforehand what everyone answers, for situations no server can be brought into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    FamilyResolution,
    HttpExchange,
    HttpRequest,
    NotLooked,
    Phases,
    PortLook,
    PortState,
    Presence,
    Resolution,
    Surroundings,
    TlsRequest,
    TlsSession,
    Unreached,
)
from probes.wire.greeting import Greeting, Hello
from probes.wire.scan import refused
from probes.wire.snmp import SnmpTable, SnmpWalk

T = TypeVar("T")

AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
PHASES = Phases(0.001, 0.002, 0.003, 0.004)

Told = Failure | GapReason


def addressed(*addresses: Address) -> Resolution:
    """Return the resolution of a name that has *addresses*."""
    return {family: _resolution(family, [each for each in addresses if Family.of(each) is family]) for family in Family}


def unresolved(told: Told) -> Resolution:
    """Return the resolution of a name nobody knows anything about."""
    failure, gap = (told, None) if isinstance(told, Failure) else (None, told)
    return {family: FamilyResolution(family, None, failure, detail="as told", gap=gap) for family in Family}


def _resolution(family: Family, addresses: Iterable[Address]) -> FamilyResolution:
    found = tuple(addresses)
    return FamilyResolution(family, Presence.PRESENT if found else Presence.NODATA, None, found)


def response(status: int = 200, body: bytes = b"", **headers: str) -> HttpExchange:
    """Return a response; an underscore in a header's name stands for a hyphen."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpExchange(status, named, body, PHASES, len(body))


def url(request: HttpRequest) -> str:
    """Return what *request* asks for, as a URL without the default port."""
    default = {"http": 80, "https": 443}[request.scheme]
    port = "" if request.port == default else f":{request.port}"
    return f"{request.scheme}://{request.host}{port}{request.path}"


def refuse(told: Told) -> None:
    """Raise what the wire raises for *told*."""
    raise Unreached(told, "as told", 0.5) if isinstance(told, Failure) else NotLooked(told, "as told")


@dataclass
class ScriptedWire:
    """Names not in *names* have no address, ports not in *ports* are refused, pages not in *pages* are 404."""

    names: Mapping[str, Resolution] = field(default_factory=dict)
    ports: Mapping[tuple[Address, int], float | Told] = field(default_factory=dict)
    pages: Mapping[str, HttpExchange | Told] = field(default_factory=dict)
    sessions: Mapping[tuple[Address, int], TlsSession | Told] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[Address, int]] = field(default_factory=list)
    fetched: list[HttpRequest] = field(default_factory=list)

    def now(self) -> dt.datetime:
        return AT

    async def resolve(self, name: str) -> Resolution:
        self.resolved.append(name)
        return self.names.get(name, addressed())

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        raise AssertionError(f"nobody should ask {query}")

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        return await measure()

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        self.connected.append((address, port))
        told = self.ports.get((address, port), Failure.CONNECTION_REFUSED)
        if not isinstance(told, float):
            refuse(told)
        return float(told)

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        looks = []
        for port in ports:
            self.connected.append((address, port))
            told = self.ports.get((address, port), Failure.CONNECTION_REFUSED)
            if isinstance(told, GapReason):
                refuse(told)
            elif isinstance(told, Failure):
                looks.append(PortLook(port, refused(told)))
            else:
                looks.append(PortLook(port, PortState.OPEN, told))
        return tuple(looks)

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        self.fetched.append(request)
        told = self.pages.get(url(request), response(404))
        if not isinstance(told, HttpExchange):
            refuse(told)
        assert isinstance(told, HttpExchange)
        return told

    async def handshake(self, request: TlsRequest) -> TlsSession:
        told = self.sessions.get((request.address, request.port), Failure.CONNECTION_REFUSED)
        if not isinstance(told, TlsSession):
            refuse(told)
        assert isinstance(told, TlsSession)
        return told

    async def greet(self, hello: Hello) -> Greeting:
        raise AssertionError(f"nobody should greet {hello.address}")

    async def echo(self, address: Address, *, count: int = 3, timeout: float = 2.0) -> tuple[float, ...]:
        raise AssertionError(f"nobody should ping {address}")

    async def walk(self, asked: SnmpWalk) -> SnmpTable:
        raise AssertionError(f"nobody should ask the agent of {asked.address}")
