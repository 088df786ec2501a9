"""A wire to a host behind a path told beforehand: what it carries, who says so, and how far it goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import HttpExchange, HttpRequest, NotLooked, Resolution, Surroundings, Unreached
from probes.wire.sounding import Carrier, Sounded, Sounding, Word
from tests.probes.scripted_wire import AT, addressed, response

SILENT = Sounded(Word.SILENT)


@dataclass
class PathWire:
    """A target of *addresses*; *said* answers a sounding, *page* a request, *connects* a connection."""

    addresses: tuple[Address, ...]
    said: Callable[[Address, Sounding], Sounded | NotLooked] = lambda address, asked: SILENT
    page: Callable[[HttpRequest], HttpExchange | Failure | GapReason] = lambda request: Failure.CONNECTION_TIMEOUT
    connects: Callable[[Address, int], float | Failure | GapReason] = lambda address, port: Failure.CONNECTION_REFUSED
    surroundings: Surroundings = field(default_factory=Surroundings)
    sounded: list[Sounding] = field(default_factory=list)
    fetched: list[HttpRequest] = field(default_factory=list)
    connected: list[tuple[Address, int]] = field(default_factory=list)

    def now(self) -> dt.datetime:
        return AT

    async def resolve(self, name: str) -> Resolution:
        return addressed(*self.addresses)

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        self.sounded.append(asked)
        said = self.said(address, asked)
        if isinstance(said, NotLooked):
            raise said
        return said

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        self.fetched.append(request)
        told = self.page(request)
        if isinstance(told, Failure):
            raise Unreached(told)
        if isinstance(told, GapReason):
            raise NotLooked(told)
        return told

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        self.connected.append((address, port))
        told = self.connects(address, port)
        if isinstance(told, Failure):
            raise Unreached(told)
        if isinstance(told, GapReason):
            raise NotLooked(told)
        return told


def carrying(
    mtu: int, *, router: Address | None = None, echo: bool = True, most: int = 65535
) -> Callable[[Address, Sounding], Sounded]:
    """Return a path that carries *mtu* octets; a *router* says so, and the host answers pings of up to *most*."""

    def said(address: Address, asked: Sounding) -> Sounded:
        if asked.size > mtu:
            return SILENT if router is None else Sounded(Word.TOO_BIG, router, 0.01, mtu)
        if asked.carrier is Carrier.DATAGRAM or not echo or asked.size > most:
            return SILENT
        return Sounded(Word.ANSWERED, address, 0.02)

    return said


def page(octets: int = 20000, largest: int = 1440, asked: int = 1440) -> HttpExchange:
    """Return a page of *octets*, whose packets brought *largest* octets of data."""
    whole = response(body=b"x")
    return HttpExchange(200, (), whole.body, whole.phases, octets, segments=(asked, largest))


def family_of(request: HttpRequest) -> Family:
    """Return which family *request* is put over."""
    return Family.of(request.address)
