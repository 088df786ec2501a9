"""What a citizen gets from the home page, over every address of both families, redirects walked by hand."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from probes.endpoint import addresses
from probes.framework import in_hand, refused
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering, resolving
from probes.page import read_page
from probes.redirect import HOP_LIMIT, Walk, shown
from probes.registry import probe
from probes.sketch import sketch
from probes.target import Address, Family, Kind, Target, Transport
from probes.text import clean
from probes.wire import HttpRequest, NotLooked, Phases, Unreached, Wire
from probes.wire.ledger import What

AT_ONCE = 4
"""Pages of one target in hand: a silent address must not keep the others waiting, nor many pages fill the memory."""

SCHEMES = {80: "http", 443: "https"}


@dataclass(frozen=True, slots=True)
class HttpHome(Facts):
    """The last response after walking redirects, and the way to it; texts are cleaned and clipped.

    *hops* are the URLs redirected to, in order and without queries; *stopped* says why a further redirect was not
    walked (`limit`, `loop`, `scheme`, `port`, `malformed`, or a gap or failure), empty when there was none.
    *arrived* is false where a redirect led nowhere, and None where we could not follow it ourselves. *upgraded* is
    true when the first redirect leads to HTTPS on the same host. *hsts_seconds* is what the host itself says over
    HTTPS, 0 without the header. *protocol* is what the last response came over: http/1.0, http/1.1, or h2, which is
    offered over HTTPS. *sketch* holds the smallest hashes of the visible text's shingles: the share two sketches have
    in common estimates how alike the texts are. Phases are of the first response, in seconds; *dns_seconds* is what
    finding the addresses took when they were looked for. *lag_seconds* is how late our own loop was: where that is
    too much for the phases to be the network's, they are None.
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
    protocol: str
    text_length: int = field(metadata=SAMPLE)
    sketch: tuple[int, ...] = field(metadata=SAMPLE)
    body_digest: str = field(metadata=SAMPLE)
    body_bytes: int = field(metadata=SAMPLE)
    dns_seconds: float = field(metadata=SAMPLE)
    connect_seconds: float | None = field(metadata=SAMPLE)
    tls_seconds: float | None = field(metadata=SAMPLE)
    first_byte_seconds: float | None = field(metadata=SAMPLE)
    transfer_seconds: float | None = field(metadata=SAMPLE)
    lag_seconds: float = field(metadata=SAMPLE)


SECURITY_HEADERS = (
    "content-security-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
)
"""Response headers whose presence is noted, in this order."""


_WORDS = {
    "status": ("状态码", "status"),
    "final": ("最终地址", "final"),
    "hops": ("跳转", "hops"),
    "stopped": ("停在", "stopped"),
    "arrived": ("跳转可达", "arrived"),
    "upgraded": ("跳转到 HTTPS", "upgraded to HTTPS"),
    "title": ("标题", "title"),
    "content_type": ("内容类型", "content type"),
    "server_header": ("服务器标识", "server header"),
    "hsts_seconds": ("HSTS 秒数", "HSTS seconds"),
    "headers": ("安全响应头", "security headers"),
    "truncated": ("截断", "truncated"),
    "protocol": ("协议", "protocol"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    pages = len(http_ports(outlook.target)) * len(outlook.target.paths) * outlook.places
    if pages:
        yield remembering()
        # A page and one redirect; at most all of them, each asked again by HTTP/1.1, to hosts of other names.
        yield connecting(What.HTTP, 2 * (1 + HOP_LIMIT) * pages, usual=2 * pages)
        yield resolving(HOP_LIMIT * len(outlook.target.paths), usual=0)


@probe(
    facts=HttpHome,
    words=_WORDS,
    doing=("访问首页", "fetching home pages"),
    every=3600.0,
    deadline=300.0,
    sends=_sends,
)
async def http_home(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """What does each address of the target answer when asked for its pages, over HTTP and HTTPS?

    The address and family are ours to choose: there is no fallback. Redirects within the same host stay on the
    address; those to other hosts are walked over the same family, and only inside the inventory's scope.

    Source: the national IPv6 indicators (home page reachable, contents agree); RFC 9110 15.4.
    """
    ports = http_ports(target)
    if not ports:
        return
    places: list[Address] = []
    async for found in addresses(target, wire):
        if isinstance(found, Sighting):
            yield found
        else:
            places.append(found)
    pages = (partial(_page, target, *where, wire) for where in product(places, ports, target.paths))
    async for sighting in in_hand(pages, AT_ONCE):
        yield sighting


def http_ports(target: Target) -> list[int]:
    """Return the ports of *target* on which pages are asked for, ascending."""
    declared = {service.port for service in target.declared if service.transport is Transport.TCP}
    return sorted(set(SCHEMES) if target.kind is Kind.WEBSITE else declared & set(SCHEMES))


async def _page(target: Target, address: Address, port: int, path: str, wire: Wire) -> Sighting:
    scheme = SCHEMES[port]
    subject = Subject(scheme=scheme, port=port, family=Family.of(address), address=address, path=path)
    try:
        first = await wire.fetch(HttpRequest(scheme, address, port, target.host, path, http2=scheme == "https"))
    except (Unreached, NotLooked) as refusal:
        return refused(subject, refusal)
    walk = Walk(target.host, address, f"{scheme}://{_authority(target.host)}{path}", first, http2=True)
    await walk.to_the_end(wire)
    dns = (await wire.resolve(target.host))[Family.of(address)].seconds
    return Sighting(subject, _facts(walk, first.phases, dns), first.phases.total)


def _facts(walk: Walk, phases: Phases, dns: float) -> HttpHome:
    last = walk.last
    content_type = last.header("content-type") or ""
    page = read_page(last.body, content_type)
    return HttpHome(
        status=last.status,
        final=shown(walk.url),
        hops=tuple(walk.hops),
        stopped=walk.stopped,
        arrived=None if walk.blind else not walk.stopped,
        upgraded=walk.upgraded,
        title=page.title,
        content_type=clean(content_type, 128),
        server_header=clean(last.header("server") or "", 128),
        hsts_seconds=_hsts(walk.secure.header("strict-transport-security")) if walk.secure else 0,
        headers=tuple(name for name in SECURITY_HEADERS if last.header(name) is not None),
        truncated=last.truncated,
        protocol=last.protocol,
        text_length=len(page.text),
        sketch=sketch(page.text),
        body_digest=hashlib.sha256(last.body).hexdigest(),
        body_bytes=len(last.body),
        dns_seconds=dns,
        connect_seconds=phases.connect if phases.timely else None,
        tls_seconds=phases.tls if phases.timely else None,
        first_byte_seconds=phases.first_byte if phases.timely else None,
        transfer_seconds=phases.transfer if phases.timely else None,
        lag_seconds=phases.lag,
    )


def _hsts(header: str | None) -> int:
    """Return the max-age of a Strict-Transport-Security header in seconds, 0 when absent or not a number."""
    for directive in (header or "").split(";"):
        name, _, value = directive.strip().partition("=")
        if name.strip().lower() == "max-age":
            digits = value.strip().strip('"')
            return min(int(digits), 2**31) if digits.isascii() and digits.isdigit() else 0
    return 0


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host
