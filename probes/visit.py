"""Fetching what pages refer to over one family, redirects walked, and saying why it did not come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from probes.dns64 import usable_among
from probes.framework import outcome_of
from probes.observation import Failure, GapReason
from probes.redirect import HOP_PORTS, PORTS, Goal, Walk, goal
from probes.target import Address, Family, Target, Transport
from probes.wire import HttpExchange, HttpRequest, NotLooked, Unreached, Wire

PATIENCE = 2
"""Times in a row nobody answers at a place before it is taken to be down for the rest of the look."""
TIMEOUT = 10.0
"""Seconds a response may take, if nobody says otherwise."""
TRIED = 3
"""Addresses of a host that are tried, the smallest first; the first that answers is kept to."""
ERROR = 400
"""The smallest status that says a page did not come."""
NO_ADDRESS = "no_address"
"""Why a visit failed when the host has no usable address of the family."""
UNASKABLE = frozenset(
    {
        NO_ADDRESS,
        Failure.CONNECTION_REFUSED,
        Failure.CONNECTION_TIMEOUT,
        Failure.NETWORK_UNREACHABLE,
        Failure.HOST_UNREACHABLE,
        Failure.ADMIN_PROHIBITED,
        Failure.TLS_TIMEOUT,
    }
)
"""Reasons that hold for everything at the same place, so that it need not be asked again."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of asking for *url*: the last response, or *why* it is none.

    *why* is empty for a status below 400; a failure, `http_STATUS`, what stopped a redirect, or `no_address` where the
    network or DNS said no; and the reason of a gap, with *settled* false, where we could not look. *end* is the URL
    of the last response, and *hop* that of a redirect which was not walked. *seconds* are those that servers took, and
    *truncated* is whether the body is only the beginning of what there was.
    """

    url: str
    why: str
    settled: bool
    end: str = ""
    hop: str = ""
    status: int = 0
    content_type: str = ""
    body: bytes = b""
    seconds: float = 0.0
    truncated: bool = False

    @property
    def came(self) -> bool:
        """Whether there is a response to read."""
        return not self.why

    @property
    def error(self) -> bool:
        """Whether a server answered that there is no such page, or that it has failed."""
        return self.status >= ERROR and self.why == f"http_{self.status}"

    @property
    def down(self) -> bool:
        """Whether nobody answers at this place, whatever is asked for."""
        return self.settled and not self.status and self.why in UNASKABLE

    @property
    def html(self) -> bool:
        """Whether the response is a page; one that does not say what it is may be one."""
        kind = self.content_type.partition(";")[0].strip().lower()
        return kind in ("", "text/html", "application/xhtml+xml")


class Visitor:
    """Fetches over *family* alone, on the wire of one look; no response may take longer than *timeout* seconds."""

    def __init__(self, wire: Wire, family: Family, timeout: float = TIMEOUT) -> None:
        self._wire, self.family, self._timeout = wire, family, timeout
        self._answered: dict[tuple[str, int], Address] = {}
        self._silent: Counter[tuple[str, int]] = Counter()
        self._down: dict[tuple[str, int], str] = {}

    async def get(self, there: Goal, *, body_limit: int = 1024 * 1024) -> Visit:
        """Ask for *there*; nothing is raised, and what may not be asked for is a gap."""
        if there.port not in HOP_PORTS or there.scheme not in PORTS:
            return Visit(there.url, GapReason.OUT_OF_SCOPE, settled=False)
        if (why := self._down.get((there.host, there.port))) is not None:
            return Visit(there.url, why, settled=True)
        met = await self._ask(there, there.port, body_limit)
        self._learn((there.host, there.port), met)
        return met

    def _learn(self, place: tuple[str, int], met: Visit) -> None:
        self._silent[place] = self._silent[place] + 1 if met.down else 0
        if self._silent[place] >= PATIENCE:
            self._down[place] = met.why

    async def _ask(self, there: Goal, port: int, body_limit: int) -> Visit:
        try:
            places = await self._places(there.host, port)
            address, first = await self._first(there, places, body_limit)
            walk = Walk(there.host, address, there.url, first)
            await walk.to_the_end(self._wire)
        except (Unreached, NotLooked) as refusal:
            waited = refusal.seconds if isinstance(refusal, Unreached) else 0.0
            return Visit(there.url, self._why(refusal), settled=isinstance(refusal, Unreached), seconds=waited)
        self._answered[there.host, port] = address
        return _visit(there.url, walk)

    def _why(self, refusal: Unreached | NotLooked) -> str:
        return NO_ADDRESS if refusal.detail == NO_ADDRESS else str(outcome_of(refusal))

    async def _places(self, host: str, port: int) -> Sequence[Address]:
        if (known := self._answered.get((host, port))) is not None:
            return (known,)
        found = (await self._wire.resolve(host))[self.family]
        if found.gap is not None:
            raise NotLooked(found.gap)
        if found.failure is not None:
            raise Unreached(found.failure)
        places = await usable_among(found.addresses, self._wire)
        if not places:
            raise Unreached(Failure.NETWORK_UNREACHABLE, NO_ADDRESS)
        return places[:TRIED]

    async def _first(self, there: Goal, places: Sequence[Address], limit: int) -> tuple[Address, HttpExchange]:
        assert there.port is not None, "only ports of the web are asked"
        request = HttpRequest(
            there.scheme, places[-1], there.port, there.host, there.path, self._timeout, body_limit=limit
        )
        # A silent address leaves the others time, as a browser would.
        share = self._timeout / len(places)
        for address in places[:-1]:
            try:
                return address, await self._wire.fetch(replace(request, address=address, timeout=share))
            except Unreached:
                continue
        return places[-1], await self._wire.fetch(request)


def entries(target: Target, path: str) -> Iterator[Goal]:
    """Yield where *path* of *target* may be asked for: by HTTPS first, where the target offers it."""
    ports = {service.port for service in target.declared if service.transport is Transport.TCP}
    schemes = [name for name, port in (("https", 443), ("http", 80)) if port in ports] or ["https", "http"]
    host = f"[{target.host}]" if ":" in target.host else target.host
    for scheme in schemes:
        there = goal(f"{scheme}://{host}/", path)
        assert there is not None, "a path of the inventory is one"
        yield there


async def front(target: Target, path: str, visitor: Visitor) -> Visit:
    """Ask for *path* of *target* at one entry after the other, until a server says something."""
    for there in entries(target, path):
        home = await visitor.get(there)
        if home.status or home.why == NO_ADDRESS or not home.settled:
            break
    return home


def _visit(url: str, walk: Walk) -> Visit:
    last = walk.last
    content_type = last.header("content-type") or ""
    if walk.stopped:
        return Visit(
            url,
            walk.stopped,
            settled=not walk.blind,
            end=walk.url,
            hop=walk.hops[-1] if walk.hops else "",
            status=last.status,
            seconds=walk.seconds,
        )
    why = f"http_{last.status}" if last.status >= ERROR else ""
    return Visit(
        url,
        why,
        settled=True,
        end=walk.url,
        status=last.status,
        content_type=content_type,
        body=last.body,
        seconds=walk.seconds,
        truncated=last.truncated,
    )
