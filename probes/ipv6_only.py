"""Whether a citizen without IPv4 can use a website, and what stands in the way."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field, replace

from probes.blocker import NO_AAAA, SURE, Blocker, Fix, Need, fixes
from probes.loading import RESOURCE_LIMIT, Loading
from probes.observation import SAMPLE, Facts, GapReason, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, recursing, remembering
from probes.redirect import HOP_LIMIT, goal, shown
from probes.registry import probe
from probes.target import Family, Kind, Target
from probes.visit import NO_ADDRESS, TRIED, Visit, Visitor, front
from probes.wire import Wire
from probes.wire.ledger import What

SECONDS = 120.0
"""Seconds in which what pages need is asked for; what is left then was not."""
EXAMPLES = 40
"""Blockers and fixes that are named; how many there are is said besides."""
STOPPED_SHORT = frozenset({"loop", "limit", "scheme", "port", "malformed"})
"""Why a redirect was not walked, whatever the family."""


@dataclass(frozen=True, slots=True)
class Ipv6Only(Facts):
    """A page and all it needs, loaded with IPv4 absent.

    *usable* is false when something that is needed does not come, and None where we could not find out. *blockers*
    are what does not come over IPv6 but does over IPv4, *needs* what it is needed for, and *fixes* the smallest set of
    changes that lifts all of them. *possible* are hosts without IPv6 that scripts mention, *unverified* things with an
    AAAA that lie outside our scope, *dead* things that come over neither family.
    """

    status: int
    final: str
    usable: bool | None
    blocker_count: int
    needs: tuple[Need, ...]
    blockers: tuple[Blocker, ...]
    fix_count: int
    fixes: tuple[Fix, ...]
    possible: tuple[Blocker, ...]
    unverified: int
    unsettled: int
    dead: int
    visited: int = field(metadata=SAMPLE)
    whole: bool = field(metadata=SAMPLE)
    load_seconds: float = field(metadata=SAMPLE)

    def unheard(self, families: Collection[Family]) -> Ipv6Only:
        """Return what is left: what DNS and the page say stays, what nobody answered does not count."""
        if Family.IPV6 in families:
            left = tuple(blocker for blocker in self.blockers if blocker.why in SURE)
            return replace(_blamed(self, left), usable=False if left else None)
        return replace(self, usable=self.usable and None) if families and self.dead else self


_WORDS = {
    "status": ("状态码", "status"),
    "final": ("最终网址", "final URL"),
    "usable": ("没有 IPv4 可用", "usable without IPv4"),
    "blocker_count": ("障碍数", "blockers"),
    "needs": ("受阻用途", "needs not met"),
    "blockers": ("障碍", "blockers named"),
    "need": ("用途", "need"),
    "host": ("主机", "host"),
    "why": ("原因", "why"),
    "page": ("所在页面", "on page"),
    "url": ("网址", "URL"),
    "end": ("改造处", "to be changed"),
    "fix_count": ("最少改造数", "least changes"),
    "fixes": ("最小改造集", "least set of changes"),
    "lifts": ("解除障碍数", "lifts"),
    "possible": ("脚本提及、可能受阻", "possibly, as scripts mention them"),
    "unverified": ("范围外未验证", "not verified, out of scope"),
    "unsettled": ("未能判断", "not settled"),
    "dead": ("两个协议族都打不开", "dead over both families"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    paths, works = len(outlook.target.paths), outlook.addresses[Family.IPV6] > 0
    things = (RESOURCE_LIMIT + 2) * len(Family) * (TRIED + HOP_LIMIT)
    yield connecting(What.HTTP, things * paths, usual=RESOURCE_LIMIT * paths * works)
    yield remembering(paths)
    yield recursing(RESOURCE_LIMIT * paths, usual=0)


@probe(
    facts=Ipv6Only,
    words=_WORDS,
    doing=("只用 IPv6 打开网站", "loading pages without IPv4"),
    every=86400.0,
    deadline=240.0,
    kinds=frozenset({Kind.WEBSITE}),
    sends=_sends,
)
async def ipv6_only(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Can a citizen without any IPv4 use the website, and which hosts stand in the way?

    The page, its redirects, frames, scripts, style sheets, fonts, images, forms, mail and payment hosts: whatever does
    not come over IPv6 is asked for once over IPv4, to tell what IPv6 lacks from what is dead. Of hosts outside our
    scope only our own resolvers are asked. A target named by an IPv4 address has no name to find it by.

    Source: RFC 6586 5 and 6 (experiences of an IPv6-only network); RFC 8305; RFC 5321 5.1.
    """
    if target.literal is not None and target.literal.version == 4:
        return
    home: Visit | None = None
    for path in target.paths:
        began = time.monotonic()
        home = home if home is not None and home.down else await front(target, path, Visitor(wire, Family.IPV6))
        loading = Loading(wire, SECONDS / len(target.paths))
        subject = Subject(family=Family.IPV6, path=path)
        if not home.status and not home.settled:
            yield Sighting(subject, GapReason(home.why), time.monotonic() - began)
            continue
        if home.came:
            await loading.load(home)
        else:
            loading.blockers += _at_the_door(target, home)
        yield Sighting(subject, _facts(home, loading, time.monotonic() - began), time.monotonic() - began)


def _at_the_door(target: Target, home: Visit) -> list[Blocker]:
    """Return why not even the page comes; nothing, where IPv6 is not the reason."""
    if home.error or not home.settled or home.why in STOPPED_SHORT:
        return []
    if home.hop:
        there = goal(home.hop, home.hop)
        host = there.host if there else ""
        return [Blocker(Need.REDIRECT, host, home.why, shown(home.url), shown(home.hop), host)]
    need, why = (Need.DNS, NO_AAAA) if home.why == NO_ADDRESS else (Need.PAGE, home.why)
    return [Blocker(need, target.host, why, shown(home.url), shown(home.url), target.host)]


def _facts(home: Visit, loading: Loading, seconds: float) -> Ipv6Only:
    blockers = sorted(loading.blockers)
    known = home.came and loading.whole and not loading.unsettled
    bare = Ipv6Only(
        status=home.status,
        final=shown(home.end),
        usable=False if blockers else (True if known else None),
        blocker_count=0,
        needs=(),
        blockers=(),
        fix_count=0,
        fixes=(),
        possible=tuple(sorted(loading.possible))[:EXAMPLES],
        unverified=loading.unverified,
        unsettled=loading.unsettled,
        dead=loading.dead,
        visited=loading.visited,
        whole=loading.whole,
        load_seconds=seconds,
    )
    return _blamed(bare, tuple(blockers))


def _blamed(facts: Ipv6Only, blockers: tuple[Blocker, ...]) -> Ipv6Only:
    ends = fixes(blockers)
    return replace(
        facts,
        blocker_count=len(blockers),
        needs=tuple(sorted({blocker.need for blocker in blockers})),
        blockers=blockers[:EXAMPLES],
        fix_count=len(ends),
        fixes=ends[:EXAMPLES],
    )
