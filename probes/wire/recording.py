"""A wire that writes down all that goes over it, and one that answers from what was written, and from nothing else."""

from __future__ import annotations

import datetime as dt
import json
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue

from probes.target import Address, Family
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    FamilyResolution,
    HttpExchange,
    HttpRequest,
    NotLooked,
    PortLook,
    Resolution,
    Surroundings,
    TlsRequest,
    TlsSession,
    Unreached,
    Wire,
)
from probes.wire.greeting import Greeting, Hello
from probes.wire.link import Overheard
from probes.wire.memo import Memo
from probes.wire.recorded import key, read, read_outcome, write, write_outcome
from probes.wire.snmp import SnmpTable, SnmpWalk
from probes.wire.sounding import Sounded, Sounding

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResolveRequest:
    """What `Wire.resolve` is asked."""

    name: str


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """What `Wire.connect` is asked."""

    address: Address
    port: int
    timeout: float = 4.0


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What `Wire.scan` is asked."""

    address: Address
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EchoRequest:
    """What `Wire.echo` is asked."""

    address: Address
    count: int = 3
    timeout: float = 2.0


@dataclass(frozen=True, slots=True)
class SoundRequest:
    """What `Wire.sound` is asked."""

    address: Address
    asked: Sounding


@dataclass(frozen=True, slots=True)
class OverhearRequest:
    """What `Wire.overhear` is asked."""

    interface: str


class NotRecorded(Exception):
    """A replayed wire was asked what the recording does not hold, or not so often."""


class _WrittenWire(ABC):
    """`Wire`, whose every request and outcome can be written."""

    @abstractmethod
    async def _exchange(
        self, name: str, asked: type[Q], request: Q, answered: type[A], real: Callable[[Wire], Awaitable[A]]
    ) -> A:
        """Return the answer to *request*; *real* puts it to a wire."""

    async def resolve(self, name: str) -> Resolution:
        """Find the addresses of *name* in both families."""
        request = ResolveRequest(name)
        return await self._exchange("resolve", ResolveRequest, request, _RESOLUTION, lambda wire: wire.resolve(name))

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        """Put one question to one server."""
        return await self._exchange("ask", DnsQuery, query, DnsAnswer, lambda wire: wire.ask(query))

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        """Open and close one TCP connection; return the seconds it took."""
        request = ConnectRequest(address, port, timeout)
        return await self._exchange(
            "connect", ConnectRequest, request, float, lambda wire: wire.connect(address, port, timeout=timeout)
        )

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        """Look at TCP ports of one address."""
        request = ScanRequest(address, tuple(ports))
        return await self._exchange("scan", ScanRequest, request, _LOOKS, lambda wire: wire.scan(address, ports))

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        """Fetch one URL from one address."""
        return await self._exchange("fetch", HttpRequest, request, HttpExchange, lambda wire: wire.fetch(request))

    async def handshake(self, request: TlsRequest) -> TlsSession:
        """Complete one TLS handshake and keep the chain."""
        return await self._exchange("handshake", TlsRequest, request, TlsSession, lambda wire: wire.handshake(request))

    async def greet(self, hello: Hello) -> Greeting:
        """Say hello to one TLS server."""
        return await self._exchange("greet", Hello, hello, Greeting, lambda wire: wire.greet(hello))

    async def echo(self, address: Address, *, count: int = 3, timeout: float = 2.0) -> tuple[float, ...]:
        """Send ICMP echo requests; return the round-trip seconds of those answered."""
        request = EchoRequest(address, count, timeout)
        return await self._exchange(
            "echo", EchoRequest, request, _SECONDS, lambda wire: wire.echo(address, count=count, timeout=timeout)
        )

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        """Send one crafted packet; return the first word about it."""
        request = SoundRequest(address, asked)
        return await self._exchange("sound", SoundRequest, request, Sounded, lambda wire: wire.sound(address, asked))

    async def walk(self, asked: SnmpWalk) -> SnmpTable:
        """Read columns of a table of an SNMP agent."""
        return await self._exchange("walk", SnmpWalk, asked, SnmpTable, lambda wire: wire.walk(asked))

    async def overhear(self, interface: str) -> Overheard:
        """Ask a link, and return who is heard on it."""
        request = OverhearRequest(interface)
        return await self._exchange(
            "overhear", OverhearRequest, request, Overheard, lambda wire: wire.overhear(interface)
        )


class RecordingWire(_WrittenWire):
    """Passes everything on to *wire* and remembers it; `save` writes it down."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._began = wire, wire.now()
        self._exchanges: list[JsonValue] = []

    @property
    def surroundings(self) -> Surroundings:
        """The vantage's own resolvers and control targets."""
        return self._wire.surroundings

    def now(self) -> dt.datetime:
        """Return the time, aware and UTC."""
        return self._wire.now()

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Take a measurement that targets share; what it asks of this wire is recorded, if it is taken at all."""
        return await self._wire.once(key, measure)

    def save(self, path: Path) -> None:
        """Write the recording, in the order in which the outcomes came."""
        # Of mappings pydantic writes only real dictionaries, and a configuration's are read-only.
        own = replace(self.surroundings, controls=dict(self.surroundings.controls), links=dict(self.surroundings.links))
        recording = {
            "at": self._began.isoformat(),
            "surroundings": write(Surroundings, own),
            "exchanges": self._exchanges,
        }
        path.write_text(json.dumps(recording, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    async def _exchange(
        self, name: str, asked: type[Q], request: Q, answered: type[A], real: Callable[[Wire], Awaitable[A]]
    ) -> A:
        entry: dict[str, JsonValue] = {name: write(asked, request)}
        try:
            answer = await real(self._wire)
        except (Unreached, NotLooked) as refusal:
            self._exchanges.append(entry | write_outcome(answered, refusal))
            raise
        self._exchanges.append(entry | write_outcome(answered, answer))
        return answer


class ReplayWire(_WrittenWire):
    """Answers from the recording at *path*; its clock stands still at the recording's beginning.

    The same request asked several times gets its outcomes in the order recorded; a name stays resolved as it was.

    Raises:
        ValueError: the file is no recording.
    """

    def __init__(self, path: Path) -> None:
        recording = json.loads(path.read_text(encoding="utf-8"))
        self.surroundings = read(Surroundings, recording.get("surroundings", {}))
        self._at = read(dt.datetime, recording["at"])
        self._memo = Memo()
        self._outcomes: dict[str, deque[Mapping[str, JsonValue]]] = defaultdict(deque)
        for entry in recording["exchanges"]:
            name = next(name for name in entry if name in _REQUESTS)
            # Reading and writing again fills in nothing but brings every spelling to the same one.
            request = write(_REQUESTS[name], read(_REQUESTS[name], entry[name]))
            self._outcomes[key([name, request])].append(entry)

    def now(self) -> dt.datetime:
        """Return the time at which the recording began."""
        return self._at

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Take a measurement that targets share."""
        return await self._memo.once(key, measure)

    @property
    def unasked(self) -> tuple[str, ...]:
        """The requests recorded and not yet asked for, names that were resolved left out."""
        return tuple(asked for asked, outcomes in self._outcomes.items() if outcomes and not asked.startswith(_RESOLVE))

    async def _exchange(
        self, name: str, asked: type[Q], request: Q, answered: type[A], real: Callable[[Wire], Awaitable[A]]
    ) -> A:
        asking = key([name, write(asked, request)])
        outcomes = self._outcomes.get(asking)
        if not outcomes:
            raise NotRecorded(asking)
        entry = outcomes[0] if name == "resolve" else outcomes.popleft()
        return read_outcome(answered, entry)


_RESOLUTION: type[Resolution] = dict[Family, FamilyResolution]
_SECONDS = tuple[float, ...]
_LOOKS = tuple[PortLook, ...]
_RESOLVE = '["resolve"'
_REQUESTS: Mapping[str, type] = {
    "resolve": ResolveRequest,
    "ask": DnsQuery,
    "connect": ConnectRequest,
    "scan": ScanRequest,
    "fetch": HttpRequest,
    "handshake": TlsRequest,
    "greet": Hello,
    "echo": EchoRequest,
    "sound": SoundRequest,
    "walk": SnmpWalk,
    "overhear": OverhearRequest,
}
