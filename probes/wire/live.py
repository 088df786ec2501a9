"""The real network: the guard in front, an engine for each protocol behind it, and every target on its own account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from probes.target import Address, Family, Target
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    HttpExchange,
    HttpRequest,
    PortLook,
    Resolution,
    Surroundings,
    TlsRequest,
    TlsSession,
)
from probes.wire.account import Account
from probes.wire.errand import Errand
from probes.wire.gathering import Sweeper
from probes.wire.greeter import Greeter
from probes.wire.greeting import Greeting, Hello
from probes.wire.guard import Guard
from probes.wire.http import Fetcher
from probes.wire.ledger import What
from probes.wire.link import ALL_ROUTERS, SOLICITATIONS, Overheard
from probes.wire.memo import Memo
from probes.wire.scan import PortScanner
from probes.wire.snmp import SnmpTable, SnmpWalk
from probes.wire.snmp.keys import SnmpKey
from probes.wire.snmp.walker import SnmpWalker
from probes.wire.sounding import Sounded, Sounding, Word
from probes.wire.tcp import Dialer, TcpConnector
from probes.wire.tls import TlsClient, TlsProber

T = TypeVar("T")

Ask = Callable[[DnsQuery], Awaitable[DnsAnswer]]
Gate = Callable[[Address, int], AbstractAsyncContextManager[Errand]]


class Asker(Protocol):
    """Puts DNS questions to servers, each datagram and each connection through *gate*."""

    async def ask(self, query: DnsQuery, gate: Gate) -> DnsAnswer:
        """Put one question to one server."""


class Resolver(Protocol):
    """Finds the addresses of names by asking questions through *ask*, for all targets of a round."""

    async def resolve(self, name: str, ask: Ask) -> Resolution:
        """Find the addresses of *name* in both families."""


class Echoer(Protocol):
    """Sends ICMP echo requests and crafted packets; the guard has been asked already."""

    async def echo(self, address: Address, count: int, timeout: float) -> tuple[float, ...]:
        """Return the round-trip seconds of those answered, never none."""

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        """Send one crafted packet; return the first word about it."""

    async def overhear(self, interface: str) -> Overheard:
        """Ask a link, and return who is heard on it."""


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class LiveWire:
    """Everything a round needs of the network; `for_target` gives each look its own `Wire`.

    *authorities* are PEM files of certificate authorities trusted besides the system's, *keys* the credentials for SNMP
    by name.

    Raises:
        OSError: an authority's file cannot be read, or holds no certificate.
    """

    def __init__(
        self,
        guard: Guard,
        surroundings: Surroundings,
        *,
        asker: Asker,
        resolver: Resolver,
        echoer: Echoer,
        sweeper: Sweeper,
        memo: Memo,
        authorities: Iterable[Path] = (),
        keys: Mapping[str, SnmpKey] = MappingProxyType({}),
        dialer: Dialer | None = None,
        clock: Callable[[], dt.datetime] = _utc,
    ) -> None:
        self.guard, self.surroundings, self.now = guard, surroundings, clock
        self.asker, self.resolver, self.echoer, self.memo = asker, resolver, echoer, memo
        dialer, tls = (
            dialer or Dialer(guard.limits.source_ports, patience=guard.limits.patience),
            TlsClient(authorities),
        )
        self.connector = TcpConnector(guard, dialer)
        self.fetcher = Fetcher(guard, dialer, tls, guard.limits.user_agent)
        self.scanner = PortScanner(guard, sweeper, self.connector)
        self.prober = TlsProber(guard, dialer, tls)
        self.greeter = Greeter(guard, dialer)
        self.walker = SnmpWalker(guard, keys)

    def for_target(self, target: Target) -> TargetWire:
        """Return the network as one look at *target* sees it, with a budget of its own."""
        return TargetWire(self, Account(target.host, target.agency))


class TargetWire:
    """`Wire`, on one target's account."""

    def __init__(self, live: LiveWire, account: Account) -> None:
        self._live, self._account = live, account

    @property
    def surroundings(self) -> Surroundings:
        """The vantage's own resolvers and control targets."""
        return self._live.surroundings

    def now(self) -> dt.datetime:
        """Return the time, aware and UTC."""
        return self._live.now()

    async def resolve(self, name: str) -> Resolution:
        """Find the addresses of *name* in both families."""
        return await self._live.resolver.resolve(name, self.ask)

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        """Put one question to one server."""
        return await self._live.asker.ask(replace(query, timeout=self._patient(query.timeout)), self._name_server)

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Take a measurement that targets share."""
        return await self._live.memo.once(key, measure)

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        """Open and close one TCP connection; return the seconds it took."""
        return await self._live.connector.connect(address, port, self._patient(timeout), self._account)

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        """Look at TCP ports of one address."""
        return await self._live.scanner.scan(address, ports, self._account)

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        """Fetch one URL from one address."""
        patient = replace(request, timeout=self._patient(request.timeout))
        return await self._live.fetcher.fetch(patient, self._account)

    async def handshake(self, request: TlsRequest) -> TlsSession:
        """Complete one TLS handshake and keep the chain."""
        patient = replace(request, timeout=self._patient(request.timeout))
        return await self._live.prober.handshake(patient, self._account)

    async def greet(self, hello: Hello) -> Greeting:
        """Say hello and return the server's first word."""
        patient = replace(hello, timeout=self._patient(hello.timeout))
        return await self._live.greeter.greet(patient, self._account)

    async def echo(self, address: Address, *, count: int = 3, timeout: float = 2.0) -> tuple[float, ...]:
        """Send ICMP echo requests; return the round-trip seconds of those answered, never none."""
        async with self._live.guard.admit(address, 0, What.ECHO, self._account, packets=count):
            return await self._live.echoer.echo(address, count, self._patient(timeout))

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        """Send one crafted packet; return the first word about it, silence included."""
        patient = replace(asked, timeout=self._patient(asked.timeout))
        what = What.SOUNDING
        async with self._live.guard.admit(address, 0, what, self._account, packets=asked.packets) as errand:
            said = await self._live.echoer.sound(address, patient)
            if said.word is Word.TOO_BIG and said.source is None:
                errand.unsent(asked.packets)
            else:
                errand.put(asked.octets(Family.of(address)))
            return said

    async def walk(self, asked: SnmpWalk) -> SnmpTable:
        """Read columns of a table of an SNMP agent."""
        patient = replace(asked, timeout=self._patient(asked.timeout), deadline=self._patient(asked.deadline))
        return await self._live.walker.walk(patient, self._account)

    async def overhear(self, interface: str) -> Overheard:
        """Ask the link at one of our interfaces for those who offer routes and addresses; return who is heard."""
        guard = self._live.guard
        async with guard.admit(ALL_ROUTERS, 0, What.SOLICITATION, self._account, packets=SOLICITATIONS) as errand:
            heard = await self._live.echoer.overhear(interface)
            errand.unsent(SOLICITATIONS - heard.asked)
            return heard

    def _patient(self, seconds: float) -> float:
        """Return how long we wait where *seconds* are usual."""
        return seconds * self._live.guard.limits.patience

    def _name_server(self, address: Address, port: int) -> Errand:
        return self._live.guard.admit(address, port, What.DNS, self._account)
