"""A wire that knows which families the vantage itself has: what needs the others is not looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    HttpExchange,
    HttpRequest,
    NotLooked,
    PortLook,
    Resolution,
    Surroundings,
    TlsRequest,
    TlsSession,
    Wire,
)
from probes.wire.greeting import Greeting, Hello
from probes.wire.link import Overheard
from probes.wire.snmp import SnmpTable, SnmpWalk
from probes.wire.sounding import Sounded, Sounding

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SightedWire:
    """*wire* without the families that are *unseen*: asking for one raises NotLooked with the reason it has there."""

    wire: Wire
    unseen: Mapping[Family, GapReason]

    @property
    def surroundings(self) -> Surroundings:
        """The vantage's own resolvers and control targets."""
        return self.wire.surroundings

    def now(self) -> dt.datetime:
        """Return the time, aware and UTC."""
        return self.wire.now()

    async def resolve(self, name: str) -> Resolution:
        """Find the addresses of *name*; both families can be asked for over either."""
        return await self.wire.resolve(name)

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        """Put one question to one server."""
        self._check(query.server)
        return await self.wire.ask(query)

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Take a measurement that targets share."""
        return await self.wire.once(key, measure)

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        """Open and close one TCP connection."""
        self._check(address)
        return await self.wire.connect(address, port, timeout=timeout)

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        """Look at TCP ports of one address."""
        self._check(address)
        return await self.wire.scan(address, ports)

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        """Fetch one URL from one address."""
        self._check(request.address)
        return await self.wire.fetch(request)

    async def handshake(self, request: TlsRequest) -> TlsSession:
        """Complete one TLS handshake."""
        self._check(request.address)
        return await self.wire.handshake(request)

    async def greet(self, hello: Hello) -> Greeting:
        """Say hello to one TLS server."""
        self._check(hello.address)
        return await self.wire.greet(hello)

    async def echo(self, address: Address, *, count: int = 3, timeout: float = 2.0) -> tuple[float, ...]:
        """Send ICMP echo requests."""
        self._check(address)
        return await self.wire.echo(address, count=count, timeout=timeout)

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        """Send one crafted packet."""
        self._check(address)
        return await self.wire.sound(address, asked)

    async def walk(self, asked: SnmpWalk) -> SnmpTable:
        """Read columns of a table of an SNMP agent."""
        self._check(asked.address)
        return await self.wire.walk(asked)

    async def overhear(self, interface: str) -> Overheard:
        """Ask a link and return who is heard on it; it needs no family of ours beyond it."""
        return await self.wire.overhear(interface)

    def _check(self, address: Address) -> None:
        family = Family.of(address)
        if family in self.unseen:
            raise NotLooked(self.unseen[family])
