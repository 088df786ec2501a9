"""Whether the links of a website lead anywhere over IPv6, and which hosts without IPv6 its pages lean on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace

from probes.crawl import Crawl, within
from probes.hosts import EXAMPLES, Literal, SkyWindow
from probes.level import BrokenLink, Level
from probes.marks import Marks, read_marks
from probes.observation import SAMPLE, Facts, Failure, GapReason, Sighting, Subject
from probes.redirect import goal, shown
from probes.reference import read_references
from probes.registry import probe
from probes.target import Family, Kind, Target, Transport
from probes.visit import NO_ADDRESS, Visit, Visitor
from probes.wire import Wire

WINDOW_EXAMPLES = 50
"""Hosts without IPv6 that are named; how many there are is said besides."""


@dataclass(frozen=True, slots=True)
class WebLinks(Facts):
    """A website as far as its third level, over IPv6, from one of its paths on.

    *arrived* and *status* are of the page itself: false where a redirect led nowhere, None where we could not follow
    it. *elsewhere*: it led to another site, whose links are not this one's. *second* are the links of that page within
    the site's domain, *third* those of the pages reached by them. *broken*, *dead*, *windows* and *literals* hold
    examples; how many there are the counts say, all of them smaller or equal to what the whole site has where *whole*
    is false. *unsettled* are hosts of which nobody could say whether they have IPv6. *scripted*: the page names no
    link at all but runs scripts, which may make some.
    """

    status: int
    final: str
    arrived: bool | None
    elsewhere: bool
    scripted: bool
    second: Level
    third: Level
    broken: tuple[BrokenLink, ...]
    dead: tuple[BrokenLink, ...]
    hosts: int
    unsettled: int
    window_count: int
    windows: tuple[SkyWindow, ...]
    literal_count: int
    literals: tuple[Literal, ...]
    marks: Marks
    pages: int = field(metadata=SAMPLE)
    whole: bool = field(metadata=SAMPLE)
    walk_seconds: float = field(metadata=SAMPLE)

    def unheard(self, families: Collection[Family]) -> WebLinks:
        """Return what is left: a page that came is one, and what DNS said stays."""
        if not families:
            return self
        deaf = {"ipv4": Family.IPV4 in families, "ipv6": Family.IPV6 in families}
        left = replace(self, second=self.second.unheard(**deaf), third=self.third.unheard(**deaf), dead=())
        return replace(left, broken=(), arrived=self.arrived or None) if deaf["ipv6"] else left


@probe(facts=WebLinks, every=86400.0, deadline=330.0, kinds=frozenset({Kind.WEBSITE}))
async def web_links(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Do the website's links of second and third level work over IPv6, and what on its pages has none?

    A sample of the links is asked for, the same every time; links that IPv6 does not bring are asked for once over
    IPv4, to tell those that IPv6 breaks from those that are dead. Of hosts outside the site only our own resolvers
    are asked. robots.txt is respected. A target without IPv6 has nothing to follow.

    Source: the national IPv6 indicators (二级、三级内链支持率; 天窗); RFC 6586 6.1 (IPv4 literals); RFC 9309.
    """
    for path in target.paths:
        began = time.monotonic()
        home = await front(target, path, wire)
        if home.why == NO_ADDRESS:
            return
        seconds = time.monotonic() - began
        subject = Subject(family=Family.IPV6, path=path)
        if not home.status:
            yield Sighting(subject, _named(home), seconds)
            continue
        yield Sighting(subject, await _walk(target, home, wire), time.monotonic() - began)


async def front(target: Target, path: str, wire: Wire) -> Visit:
    """Ask for *path* of *target* over IPv6, by HTTPS first where the target offers it."""
    ports = {service.port for service in target.declared if service.transport is Transport.TCP}
    schemes = [name for name, port in (("https", 443), ("http", 80)) if port in ports] or ["https", "http"]
    host = f"[{target.host}]" if ":" in target.host else target.host
    visitor = Visitor(wire, Family.IPV6)
    for scheme in schemes:
        there = goal(f"{scheme}://{host}/", path)
        assert there is not None, "a path of the inventory is one"
        home = await visitor.get(there)
        if home.status or home.why == NO_ADDRESS or not home.settled:
            break
    return home


def _named(home: Visit) -> Failure | GapReason:
    """Return why the page did not come, as an outcome."""
    return Failure(home.why) if home.settled else GapReason(home.why)


def site_of(host: str) -> str:
    """Return the domain whose names count as one site with *host*."""
    return host.removeprefix("www.")


async def _walk(target: Target, home: Visit, wire: Wire) -> WebLinks:
    began = time.monotonic()
    site, end = site_of(target.host), goal(home.end, home.end)
    elsewhere = end is not None and not within(end.host, site)
    crawl = Crawl(site, home if home.came and not elsewhere else replace(home, body=b""), wire)
    second, third = await crawl.levels()
    windows, unsettled = await crawl.referred.windows(wire)
    references = read_references(home.body, home.content_type, home.end).references
    return WebLinks(
        status=home.status,
        final=shown(home.end),
        arrived=True if home.came else (None if not home.settled else home.error),
        elsewhere=elsewhere,
        scripted=not second.linked and b"<script" in home.body.lower(),
        second=second,
        third=third,
        broken=_examples(crawl.broken),
        dead=_examples(crawl.dead),
        hosts=crawl.referred.hosts,
        unsettled=unsettled,
        window_count=len(windows),
        windows=windows[:WINDOW_EXAMPLES],
        literal_count=crawl.referred.literals,
        literals=crawl.referred.literal_examples(),
        marks=read_marks(home.body, home.content_type, references),
        pages=crawl.pages,
        whole=crawl.whole,
        walk_seconds=time.monotonic() - began,
    )


def _examples(links: list[BrokenLink]) -> tuple[BrokenLink, ...]:
    return tuple(sorted(links, key=lambda link: (link.page, link.url)))[:EXAMPLES]
