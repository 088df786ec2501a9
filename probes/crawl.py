"""Following the links of a website to its third level over IPv6, a sample of each, and never faster than the pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from probes.hosts import Referred
from probes.level import BrokenLink, Level
from probes.place import Place, explore
from probes.redirect import Goal, goal, shown
from probes.reference import Reference, Use, read_references
from probes.sample import Sample
from probes.target import Family
from probes.visit import Visit, Visitor
from probes.wire import Wire

TOGETHER = 4
"""Links of one website that are asked for at the same time."""
PAGE_LIMIT = 1024 * 1024
FILE_LIMIT = 16 * 1024
"""Bytes read of what is no page by its name: that it comes is all that is asked."""
FOLLOWED = frozenset({Use.LINK, Use.FRAME, Use.REFRESH})
_FILES = (
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".wps", ".et", ".zip", ".rar", ".7z", ".gz"),
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".mp3", ".mp4", ".avi", ".apk", ".exe"),
)

_Offer = Callable[[str, Iterable[Reference]], None]


@dataclass(frozen=True, slots=True)
class _From:
    """The page a link stands on."""

    there: Goal
    page: str

    def merge(self, other: _From) -> _From:
        return min(self, other, key=lambda each: each.page)


class Crawl:
    """One walk over one website, from its *home* page on. *site* is its domain: links within it are its own.

    *referred* are other hosts its pages refer to, *broken* and *dead* the links that did not come, *pages* how many
    were read. *whole* is false where time or the size of a page cut the walk short.
    """

    def __init__(
        self, site: str, home: Visit, wire: Wire, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._site, self._home, self._clock = site, home, clock
        self._limits = wire.surroundings.crawling
        self._until = clock() + seconds
        self._six, self._four = Visitor(wire, Family.IPV6), Visitor(wire, Family.IPV4)
        self._explored: dict[tuple[str, str, int | None], asyncio.Task[Place]] = {}
        self._turns = asyncio.Semaphore(TOGETHER)
        self.referred = Referred({site, f"www.{site}"})
        self.broken: list[BrokenLink] = []
        self.dead: list[BrokenLink] = []
        self.pages, self.whole = 0, True

    async def levels(self) -> tuple[Level, Level]:
        """Walk, and return what became of the links of the second and of the third level."""
        second: Sample[_From] = Sample(self._limits.second)
        third: Sample[_From] = Sample(self._limits.third)
        self._read(self._home, self._offering(second))
        met = await self._level(second, self._offering(third, second))
        return met, await self._level(third, _nowhere)

    def _offering(self, sample: Sample[_From], before: Sample[_From] | None = None) -> _Offer:
        """Return what puts a page's links within the site into *sample*, those known *before* left out."""

        def offer(page: str, references: Iterable[Reference]) -> None:
            for reference in references:
                there = reference.there
                known = there.url in (self._home.url, self._home.end) or (before is not None and there.url in before)
                if reference.use in FOLLOWED and not known and within(there.host, self._site):
                    sample.offer(there.url, _From(there, page))

        return offer

    async def _level(self, sample: Sample[_From], offer: _Offer) -> Level:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._link(link, offer)) for _, link in sample.items()]
        words = [task.result() for task in asked]
        counts = [words.count(word) for word in ("reached", "broken", "dead", "unknown", "forbidden")]
        return Level.of(len(sample), *counts)

    async def _link(self, link: _From, offer: _Offer) -> str:
        """Ask for one link, and once over IPv4 too where IPv6 does not bring it: is it IPv6 that breaks it?"""
        async with self._turns:
            if self._clock() >= self._until:
                self.whole = False
                return "late"
            place = await self._place(link.there)
            if not place.robots.allows(link.there.path):
                return "forbidden"
            six = await place.visit(link.there, self._six, _limit(link.there))
            if six.came:
                self._read(six, offer)
                return "reached"
            if six.hop and self._leaves(link, six.hop):
                return "reached"
            four = await place.visit(link.there, self._four, FILE_LIMIT)
        if not six.settled or not (four.came or four.settled):
            return "unknown"
        met = self.broken if four.came else self.dead
        met.append(BrokenLink(shown(link.there.url), shown(link.page), six.why))
        return "broken" if four.came else "dead"

    def _leaves(self, link: _From, hop: str) -> bool:
        """Say whether a link leads out of the site, where its goal is one host more that its pages lean on."""
        there = goal(hop, hop)
        if there is None or within(there.host, self._site):
            return False
        self.referred.note(link.page, [Reference(Use.LINK, there)])
        return True

    async def _place(self, there: Goal) -> Place:
        if not self._limits.robots:
            return Place()
        key = (there.scheme, there.host, there.port)
        if key not in self._explored:
            self._explored[key] = asyncio.create_task(explore(there, self._six, self._four))
        return await self._explored[key]

    def _read(self, page: Visit, offer: _Offer) -> None:
        if not page.html or not page.body:
            return
        reading = read_references(page.body, page.content_type, page.end)
        self.pages += 1
        self.whole = self.whole and reading.whole
        self.referred.note(page.end, reading.references)
        offer(page.end, reading.references)


def within(host: str, site: str) -> bool:
    """Say whether *host* is the *site*'s domain or below it."""
    return host == site or host.endswith(f".{site}")


def _nowhere(page: str, references: Iterable[Reference]) -> None:
    """Follow no link of the third level any further."""


def _limit(there: Goal) -> int:
    return FILE_LIMIT if there.path.partition("?")[0].lower().endswith(_FILES) else PAGE_LIMIT
