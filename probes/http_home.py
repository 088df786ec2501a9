"""What a citizen gets from the home page, over every address of both families, redirects walked by hand."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from probes.endpoint import addresses
from probes.framework import outcome_of
from probes.observation import SAMPLE, Facts, Failure, Sighting, Subject
from probes.page import read_page
from probes.registry import probe
from probes.sketch import sketch
from probes.target import Address, Family, Kind, Target, Transport
from probes.text import clean
from probes.wire import HttpExchange, HttpRequest, NotLooked, Unreached, Wire

HOP_LIMIT = 5
"""Redirects walked, as browsers' patience goes and no further."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
SCHEMES = {80: "http", 443: "https"}
HOP_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports a redirect may lead to; no page talks us into speaking HTTP to somebody's database."""


@dataclass(frozen=True, slots=True)
class HttpHome(Facts):
    """The last response after walking redirects, and the way to it; texts are cleaned and clipped.

    *hops* are the URLs redirected to, in order; *stopped* says why a further redirect was not walked (`limit`,
    `loop`, `scheme`, `port`, `malformed`, or a gap or failure), empty when there was none. *arrived* is false
    where a redirect led nowhere, and None where we could not follow it ourselves. *upgraded* is true when
    the first redirect leads to HTTPS on the same host. *hsts_seconds* is 0 without the header. *sketch* holds the
    smallest hashes of the visible text's shingles: the share two sketches have in common estimates how alike the
    texts are. Phases are of the first response, in seconds.
    """

    status: int
    final: str
    hops: tuple[str, ...]
    stopped: str
    arrived: bool | None
    upgraded: bool
    title: str
    content_type: str
    server_header: str
    hsts_seconds: int
    headers: tuple[str, ...]
    truncated: bool
    text_length: int = field(metadata=SAMPLE)
    sketch: tuple[int, ...] = field(metadata=SAMPLE)
    body_digest: str = field(metadata=SAMPLE)
    body_bytes: int = field(metadata=SAMPLE)
    connect_seconds: float = field(metadata=SAMPLE)
    tls_seconds: float = field(metadata=SAMPLE)
    first_byte_seconds: float = field(metadata=SAMPLE)
    transfer_seconds: float = field(metadata=SAMPLE)


SECURITY_HEADERS = (
    "content-security-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
)
"""Response headers whose presence is noted, in this order."""


@probe(facts=HttpHome, every=3600.0, deadline=300.0)
async def http_home(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """What does each address of the target answer when asked for its pages, over HTTP and HTTPS?

    The address and family are ours to choose: there is no fallback. Redirects within the same host stay on the
    address; those to other hosts are walked over the same family, and only inside the inventory's scope.

    Source: the national IPv6 indicators (home page reachable, contents agree); RFC 9110 15.4.
    """
    ports = http_ports(target)
    if not ports:
        return
    async for address in addresses(target, wire):
        if isinstance(address, Sighting):
            yield address
            continue
        for port in ports:
            for path in target.paths:
                yield await _page(target, address, port, path, wire)


def http_ports(target: Target) -> list[int]:
    """Return the ports of *target* on which pages are asked for, ascending."""
    declared = {service.port for service in target.declared if service.transport is Transport.TCP}
    return sorted(set(SCHEMES) if target.kind is Kind.WEBSITE else declared & set(SCHEMES))


async def _page(target: Target, address: Address, port: int, path: str, wire: Wire) -> Sighting:
    scheme = SCHEMES[port]
    subject = Subject(scheme=scheme, port=port, family=Family.of(address), address=address, path=path)
    try:
        first = await wire.fetch(HttpRequest(scheme, address, port, target.host, path))
    except (Unreached, NotLooked) as refusal:
        return Sighting(subject, outcome_of(refusal), getattr(refusal, "seconds", 0.0), refusal.detail)
    way = _Way(target.host, address, f"{scheme}://{_authority(target.host)}{path}", first)
    await way.walk(wire)
    return Sighting(subject, _facts(way, first), first.phases.total)


class _Way:
    """The walk from the first response to the last."""

    def __init__(self, host: str, address: Address, url: str, first: HttpExchange) -> None:
        self.host, self.address, self.url, self.last = host, address, url, first
        self.hops: list[str] = []
        self.stopped = ""
        self.blind = False
        self.upgraded = False

    async def walk(self, wire: Wire) -> None:
        """Follow redirects, each checked before it is walked, until one response is none or may not be followed."""
        seen = {self.url}
        while self.last.status in REDIRECTS and not self.stopped:
            goal = _goal(self.url, self.last.header("location"))
            if goal is None:
                self.stopped = "malformed"
                return
            url = goal.geturl()
            if not self.hops:
                self.upgraded = goal.scheme == "https" and goal.hostname == self.host
            self.hops.append(clean(url))
            if goal.scheme not in ("http", "https"):
                self.stopped = "scheme"
            elif _port(goal) not in HOP_PORTS:
                self.stopped = "port"
            elif url in seen:
                self.stopped = "loop"
            elif len(self.hops) > HOP_LIMIT:
                self.stopped = "limit"
            else:
                seen.add(url)
                await self._hop(goal, url, wire)

    async def _hop(self, goal: SplitResult, url: str, wire: Wire) -> None:
        host = (goal.hostname or "").rstrip(".").lower()
        path = (goal.path or "/") + (f"?{goal.query}" if goal.query else "")
        try:
            address = self.address if host == self.host else await _address(host, Family.of(self.address), wire)
            self.last = await wire.fetch(HttpRequest(goal.scheme, address, _port(goal), host, path))
        except (Unreached, NotLooked) as refusal:
            self.stopped = str(outcome_of(refusal))
            self.blind = isinstance(refusal, NotLooked)
            return
        self.address, self.host, self.url = address, host, url


def _port(goal: SplitResult) -> int:
    return goal.port or (443 if goal.scheme == "https" else 80)


async def _address(host: str, family: Family, wire: Wire) -> Address:
    found = (await wire.resolve(host))[family]
    if found.gap is not None:
        raise NotLooked(found.gap, found.detail)
    if found.failure is not None:
        raise Unreached(found.failure, found.detail)
    if not found.addresses:
        # The redirect leads to a host without this family: for a citizen with this family alone, a dead end.
        raise Unreached(Failure.NETWORK_UNREACHABLE, f"{clean(host, 253)} has no {family} address")
    return found.addresses[0]


def _goal(base: str, location: str | None) -> SplitResult | None:
    """Return where a Location leads, or None when it cannot be read as a URL with a host."""
    if not location or any(character <= " " for character in location.strip()):
        return None
    try:
        goal = urlsplit(urljoin(base, location.strip()))
        _ = goal.port
    except ValueError:
        return None
    if goal.scheme in ("http", "https") and not goal.hostname:
        return None
    return goal._replace(fragment="")


def _facts(way: _Way, first: HttpExchange) -> HttpHome:
    last = way.last
    content_type = last.header("content-type") or ""
    page = read_page(last.body, content_type)
    return HttpHome(
        status=last.status,
        final=clean(way.url),
        hops=tuple(way.hops[: HOP_LIMIT + 1]),
        stopped=way.stopped,
        arrived=None if way.blind else not way.stopped,
        upgraded=way.upgraded,
        title=page.title,
        content_type=clean(content_type, 128),
        server_header=clean(last.header("server") or "", 128),
        hsts_seconds=_hsts(last.header("strict-transport-security")),
        headers=tuple(name for name in SECURITY_HEADERS if last.header(name) is not None),
        truncated=last.truncated,
        text_length=len(page.text),
        sketch=sketch(page.text),
        body_digest=hashlib.sha256(last.body).hexdigest(),
        body_bytes=len(last.body),
        connect_seconds=first.phases.connect,
        tls_seconds=first.phases.tls,
        first_byte_seconds=first.phases.first_byte,
        transfer_seconds=first.phases.transfer,
    )


def _hsts(header: str | None) -> int:
    """Return the max-age of a Strict-Transport-Security header in seconds, 0 when absent or not a number."""
    for directive in (header or "").split(";"):
        name, _, value = directive.strip().partition("=")
        if name.strip().lower() == "max-age":
            digits = value.strip().strip('"')
            return min(int(digits), 2**31) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
    return 0


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host
