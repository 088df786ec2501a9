"""Whether the links of a website lead anywhere over IPv6, and which hosts without IPv6 its pages lean on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field, replace

from probes.crawl import Crawl, within
from probes.hosts import EXAMPLES, HOST_LIMIT, Literal, SkyWindow
from probes.level import BrokenLink, Level
from probes.marks import Marks, read_marks
from probes.observation import SAMPLE, Facts, Failure, GapReason, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, recursing, remembering
from probes.redirect import HOP_LIMIT, goal, shown
from probes.reference import read_references
from probes.registry import probe
from probes.target import Family, Kind, Target
from probes.visit import ERROR, NO_ADDRESS, TRIED, Visit, Visitor, front
from probes.wire import Wire
from probes.wire.ledger import What

HOST_SECONDS = 60.0
"""Seconds in which hosts are asked about; of those left then nothing is known."""
WINDOW_EXAMPLES = 50
"""Hosts without IPv6 that are named; how many there are is said besides."""


@dataclass(frozen=True, slots=True)
class WebLinks(Facts):
    """A website as far as its third level, over IPv6, from one of its paths on.

    *arrived* and *status* are of the page itself: false where a redirect led nowhere, None where we could not follow
    it. *elsewhere*: it led to another site, whose links are not this one's. *second* are the links of that page within
    the site's domain, *third* those of the pages reached by them. *broken*, *dead*, *windows* and *literals* hold
    examples; how many there are the counts say, all of them smaller or equal to what the whole site has where *whole*
    is false. *unsettled* are hosts of which nobody could say whether they have IPv6; where there are such,
    *all_settled* is None. *dead_free* is whether no link that was asked for is dead, None where not enough is known of
    them to say so. *scripted*: the page names no
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
    all_settled: bool | None
    window_count: int
    windows: tuple[SkyWindow, ...]
    literal_count: int
    literals: tuple[Literal, ...]
    marks: Marks
    pages: int = field(metadata=SAMPLE)
    whole: bool = field(metadata=SAMPLE)
    walk_seconds: float = field(metadata=SAMPLE)
    dead_free: bool | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dead_free", self._dead_free())

    def _dead_free(self) -> bool | None:
        if self.second.dead or self.third.dead:
            return False
        levels = self.second, self.third
        asked = all(not level.linked or level.sampled > level.forbidden for level in levels)
        known = asked and self.whole and not self.scripted and not any(level.unknown for level in levels)
        return True if known and self.arrived and self.status < ERROR else None

    def unheard(self, families: Collection[Family]) -> WebLinks:
        """Return what is left: a page that came is one, and what DNS said stays."""
        if not families:
            return self
        deaf = {"ipv4": Family.IPV4 in families, "ipv6": Family.IPV6 in families}
        left = replace(self, second=self.second.unheard(**deaf), third=self.third.unheard(**deaf), dead=())
        return replace(left, broken=(), arrived=self.arrived or None) if deaf["ipv6"] else left


_WORDS = {
    "status": ("状态码", "status"),
    "final": ("最终网址", "final URL"),
    "arrived": ("到达", "arrived"),
    "elsewhere": ("转到别的网站", "led elsewhere"),
    "scripted": ("链接由脚本生成", "links made by scripts"),
    "second": ("二级内链", "second level"),
    "third": ("三级内链", "third level"),
    "linked": ("链接数", "linked"),
    "sampled": ("抽查", "sampled"),
    "reached": ("IPv6 可达", "reached over IPv6"),
    "broken": ("仅 IPv4 可达", "broken over IPv6"),
    "dead": ("死链", "dead"),
    "unknown": ("未能判断", "unknown"),
    "forbidden": ("robots 禁止", "forbidden by robots.txt"),
    "lowest": ("支持率下限", "lowest rate"),
    "highest": ("支持率上限", "highest rate"),
    "rate": ("支持率", "rate"),
    "url": ("链接", "URL"),
    "page": ("所在页面", "on page"),
    "why": ("原因", "why"),
    "hosts": ("引用主机数", "hosts referred to"),
    "unsettled": ("未能判断的主机", "hosts not settled"),
    "all_settled": ("全部查清", "all settled"),
    "window_count": ("天窗数", "sky windows"),
    "windows": ("天窗", "sky windows named"),
    "host": ("主机", "host"),
    "loaded": ("页面自动加载", "loaded by itself"),
    "pages": ("页面数", "pages"),
    "end": ("别名终点", "aliases end at"),
    "literal_count": ("IPv4 地址数", "IPv4 addresses"),
    "literals": ("写死的 IPv4 地址", "IPv4 addresses written out"),
    "address": ("地址", "address"),
    "dead_free": ("没有死链", "free of dead links"),
    "marks": ("网站标识", "marks"),
    "site_code": ("网站标识码", "site code"),
    "icp": ("ICP 备案号", "ICP record"),
    "police": ("公安备案号", "public-security record"),
    "badge": ("党政机关标识", "party-and-government mark"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    crawling, paths = outlook.surroundings.crawling, len(outlook.target.paths)
    links = crawling.second + crawling.third
    if outlook.addresses[Family.IPV6]:
        # Home and robots.txt over either scheme besides the links; over IPv4 too what IPv6 does not bring.
        pages = (links + 4) * len(Family) * (TRIED + HOP_LIMIT)
        yield connecting(What.HTTP, pages * paths, usual=links * paths)
        yield remembering(paths)
        yield recursing(HOST_LIMIT * paths, usual=0)


@probe(
    facts=WebLinks,
    words=_WORDS,
    doing=("顺着链接看网站", "following links"),
    every=86400.0,
    deadline=480.0,
    kinds=frozenset({Kind.WEBSITE}),
    sends=_sends,
)
async def web_links(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Do the website's links of second and third level work over IPv6, and what on its pages has none?

    A sample of the links is asked for, the same every time; links that IPv6 does not bring are asked for once over
    IPv4, to tell those that IPv6 breaks from those that are dead. Of hosts outside the site only our own resolvers
    are asked. robots.txt is respected. A target without IPv6 has nothing to follow.

    Source: the national IPv6 indicators (二级、三级内链支持率; 天窗); RFC 6586 6.1 (IPv4 literals); RFC 9309.
    """
    home: Visit | None = None
    for path in target.paths:
        began = time.monotonic()
        home = home if home is not None and home.down else await front(target, path, Visitor(wire, Family.IPV6))
        if home.why == NO_ADDRESS:
            return
        seconds = time.monotonic() - began
        subject = Subject(family=Family.IPV6, path=path)
        if not home.status:
            yield Sighting(subject, _named(home), seconds)
            continue
        yield Sighting(subject, await _walk(target, home, wire), time.monotonic() - began)


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
    seconds = wire.surroundings.crawling.seconds / len(target.paths)
    crawl = Crawl(site, home if home.came and not elsewhere else replace(home, body=b""), wire, seconds)
    second, third = await crawl.levels()
    scripted = not second.linked and b"<script" in home.body.lower()
    windows, unsettled = await crawl.referred.windows(wire, HOST_SECONDS / len(target.paths))
    references = read_references(home.body, home.content_type, home.end).references
    return WebLinks(
        status=home.status,
        final=shown(home.end),
        arrived=True if home.came else (None if not home.settled else home.error),
        elsewhere=elsewhere,
        scripted=scripted,
        second=second.unseen() if scripted else second,
        third=third.unseen() if scripted else third,
        broken=_examples(crawl.broken),
        dead=_examples(crawl.dead),
        hosts=crawl.referred.hosts,
        unsettled=unsettled,
        all_settled=None if unsettled else True,
        window_count=len(windows),
        windows=windows[:WINDOW_EXAMPLES],
        literal_count=crawl.referred.literals,
        literals=crawl.referred.literal_examples(),
        marks=read_marks(home.body, home.content_type, references, whole=not scripted and not home.truncated),
        pages=crawl.pages,
        whole=crawl.whole,
        walk_seconds=time.monotonic() - began,
    )


def _examples(links: list[BrokenLink]) -> tuple[BrokenLink, ...]:
    return tuple(sorted(links, key=lambda link: (link.page, link.url)))[:EXAMPLES]
