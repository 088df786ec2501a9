"""Walking HTTP redirects by hand: each goal is read and judged before a packet goes there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from probes.framework import outcome_of
from probes.observation import Failure
from probes.target import Address, Family
from probes.text import clean
from probes.wire import HttpExchange, HttpRequest, NotLooked, Unreached, Wire

HOP_LIMIT = 5
"""Redirects walked, as browsers' patience goes and no further."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PORTS = {"http": 80, "https": 443}
HOP_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports a redirect may lead to; no page talks us into speaking HTTP to somebody's database."""

_UNREADABLE = ("\\", "\ufffd", "…")
"""What the wire puts in place of control characters, of bytes that are no text, and of what was too long."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a Location leads: *host* is lower-case and without trailing dot, *path* includes the query."""

    url: str
    scheme: str
    host: str
    port: int | None
    path: str


def goal(base: str, location: str | None) -> Goal | None:
    """Read *location*, found at *base*; None when it is no URL, or one of the web without a host.

    Spaces are taken as browsers take them; anything else that cannot stand in a URL makes it none.

    Source: RFC 9110 10.2.2; RFC 3986 5.
    """
    text = (location or "").strip(" ").replace(" ", "%20")
    if not text or any(sign in text for sign in _UNREADABLE) or any(character < " " for character in text):
        return None
    try:
        parts = urlsplit(urljoin(base, text))._replace(fragment="")
        host = _ascii((parts.hostname or "").rstrip("."))
        port = PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return None
    if parts.scheme in PORTS and not host:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Goal(parts.geturl(), parts.scheme, host, port, path)


def shown(url: str) -> str:
    """Return *url* for keeping: its query may be a stranger's token, and another one every time."""
    return clean(url.partition("?")[0])


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii").lower()


class Walk:
    """The walk from the first response to the last.

    *hops* are the URLs redirected to, without their queries; *stopped* says why a further one was not walked and is
    empty otherwise; *blind* when we are to blame for that: we keep no cookies, and a site that hands one out and sends
    us round may well let a browser through. *secure* is the last response over HTTPS of the host we set out for.
    *http2*: HTTP/2 is offered on the way. *seconds* are those of all responses, our own waiting for turns apart.
    """

    def __init__(self, host: str, address: Address, url: str, first: HttpExchange, *, http2: bool = False) -> None:
        self._home, self.url, self.last, self._http2 = host, url, first, http2
        self.secure = first if url.startswith("https:") else None
        self._places = {host: address}
        self._family = Family.of(address)
        self.hops: list[str] = []
        self.stopped = ""
        self.seconds = first.phases.total
        self.blind = self.upgraded = self._cookies = False

    async def to_the_end(self, wire: Wire) -> None:
        """Follow redirects until one response is none or may not be followed."""
        seen = {self.url}
        while self.last.status in REDIRECTS and not self.stopped:
            there = goal(self.url, self.last.header("location"))
            if there is None:
                self.stopped = "malformed"
                return
            self.upgraded = self.upgraded or (not self.hops and there.scheme == "https" and there.host == self._home)
            self.hops.append(shown(there.url))
            self.stopped = self._objection(there, seen)
            self._cookies = self._cookies or self.last.header("set-cookie") is not None
            self.blind = self._cookies and self.stopped in ("loop", "limit")
            if not self.stopped:
                seen.add(there.url)
                await self._hop(there, wire)

    def _objection(self, there: Goal, seen: set[str]) -> str:
        """Return why *there* is not to be walked to, empty when nothing is against it."""
        if there.scheme not in PORTS:
            return "scheme"
        if there.port not in HOP_PORTS:
            return "port"
        if there.url in seen:
            return "loop"
        return "limit" if len(self.hops) > HOP_LIMIT else ""

    async def _hop(self, there: Goal, wire: Wire) -> None:
        assert there.port is not None, "a URL of the web has a port"
        try:
            address = self._places.get(there.host) or await _address(there.host, self._family, wire)
            http2 = self._http2 and there.scheme == "https"
            asking = HttpRequest(there.scheme, address, there.port, there.host, there.path, http2=http2)
            self.last = await wire.fetch(asking)
            self.seconds += self.last.phases.total
        except (Unreached, NotLooked) as refusal:
            self.stopped = str(outcome_of(refusal))
            self.blind = isinstance(refusal, NotLooked)
            return
        self._places[there.host], self.url = address, there.url
        if there.host == self._home and there.scheme == "https":
            self.secure = self.last


async def _address(host: str, family: Family, wire: Wire) -> Address:
    found = (await wire.resolve(host))[family]
    if found.gap is not None:
        raise NotLooked(found.gap, found.detail)
    if found.failure is not None:
        raise Unreached(found.failure, found.detail)
    if not found.addresses:
        # The redirect leads to a host without this family: for a citizen with this family alone, a dead end.
        raise Unreached(Failure.NETWORK_UNREACHABLE, f"{clean(host, 253)} has no {family} address")
    return min(found.addresses, key=int)
