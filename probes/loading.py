"""Loading a page with all it needs over IPv6 alone, as a browser without IPv4 would have to."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from probes.blocker import IPV4_LITERAL, NO_AAAA, Blocker, Need
from probes.outsider import Standing, ipv4_literal, nameable, outsider
from probes.redirect import Goal, shown
from probes.reference import LOADED, Reference, Use, read_references, read_style
from probes.target import Family
from probes.visit import Visit, Visitor
from probes.wire import NotLooked, Unreached, Wire
from probes.wire.recursion import SETTLED, Recursion

RESOURCE_LIMIT = 150
"""Things one page needs that are asked for; those beyond it are not, and the load is not whole."""
LAYERS = 3
"""The page itself, what it loads, and what frames and style sheets among that load."""
TOGETHER = 4
_PAYMENT = re.compile(r"(?:^|[.-])(?:e?pay|payment|cashier|alipay|unionpay|95516|tenpay)(?=[.-]|\d)", re.IGNORECASE)
_NEEDS = {Use.REFRESH: Need.REDIRECT, Use.FORM: Need.FORM, Use.MAIL: Need.MAIL, Use.MENTION: Need.API}

_FETCHED = frozenset({Need.REDIRECT, *(Need(use.value) for use in LOADED)})
"""What is asked for; that the host of a form or of mail has IPv6 is all that can be known without using it."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """One thing a page asks for."""

    need: Need
    there: Goal
    page: str


class Loading:
    """One load of one page. *visited* things were asked for, *dead* of them came over neither family.

    *unverified* have an AAAA but lie outside our scope; of *unsettled* nobody could say. *possible* are what scripts
    mention, which they may ask for or not.
    """

    def __init__(self, wire: Wire, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._wire, self._recursion = wire, Recursion(wire.surroundings, nonce=lambda: f"{wire.now():%Y%m%d%H%M}")
        self._six, self._four = Visitor(wire, Family.IPV6), Visitor(wire, Family.IPV4)
        self._turns = asyncio.Semaphore(TOGETHER)
        self._seen: set[tuple[Need, str]] = set()
        self.blockers: list[Blocker] = []
        self.possible: list[Blocker] = []
        self.visited = self.dead = self.unverified = self.unsettled = 0
        self.whole = True

    async def load(self, page: Visit) -> None:
        """Ask for everything *page* needs, layer by layer."""
        pages = [page]
        for _ in range(LAYERS - 1):
            wishes = [wish for each in pages for wish in self._wishes(each)]
            room = RESOURCE_LIMIT - len(self._seen) + len(wishes)
            self.whole = self.whole and len(wishes) <= room
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(self._get(wish)) for wish in wishes[: max(room, 0)]]
            pages = [met for task in asked if (met := task.result()) is not None]

    def _wishes(self, page: Visit) -> Iterable[_Wish]:
        read = read_style if page.content_type.startswith("text/css") else read_references
        reading = read(page.body, page.content_type, page.end)
        self.whole = self.whole and reading.whole
        for reference in reading.references:
            need, there = _need(reference), reference.there
            # One answer settles a host that is linked, mailed or mentioned; what is loaded is asked for one by one.
            key = there.url if reference.use in LOADED else there.host
            if need is not None and (need, key) not in self._seen:
                self._seen.add((need, key))
                yield _Wish(need, there, shown(page.end))

    async def _get(self, wish: _Wish) -> Visit | None:
        """Ask for one thing; return what came if it may need more in turn."""
        async with self._turns:
            if time.monotonic() > self._until:
                self.whole = False
                return None
            if wish.need is Need.MAIL:
                await self._mail(wish)
                return None
            if ipv4_literal(wish.there.host) is not None:
                self._block(wish, IPV4_LITERAL, wish.page)
                return None
            if not nameable(wish.there.host):
                return None
            known = await outsider(wish.there.host, self._wire)
            if known.standing is Standing.IPV4_ONLY:
                self._block(wish, NO_AAAA, known.end)
            elif known.standing is Standing.UNKNOWN:
                self.unsettled += wish.need is not Need.API
            elif known.standing is Standing.ABSENT:
                self.dead += 1
            elif wish.need in _FETCHED:
                return await self._visit(wish)
        return None

    async def _visit(self, wish: _Wish) -> Visit | None:
        met = await self._six.get(wish.there)
        self.visited += met.settled
        if met.came:
            return met if wish.need in (Need.STYLE, Need.FRAME, Need.REDIRECT) else None
        if not met.settled:
            self.unverified += 1
            return None
        other = await self._four.get(wish.there, body_limit=4096)
        if other.came:
            self._block(wish, met.why, wish.there.host)
        elif other.settled:
            self.dead += 1
        else:
            self.unsettled += 1
        return None

    async def _mail(self, wish: _Wish) -> None:
        """Say whether any mail server of a domain can be reached over IPv6. Source: RFC 5321 5.1; RFC 7505."""
        domain = wish.there.host
        if not nameable(domain):
            return
        try:
            answer = await self._recursion.ask(self._wire.ask, domain, "MX")
        except (Unreached, NotLooked):
            answer = None
        if answer is None or answer.rcode not in SETTLED:
            self.unsettled += 1
            return
        values = (record.value.split() for record in answer.answer if record.rdtype == "MX")
        servers = sorted({value[-1].rstrip(".").lower() for value in values}) or [domain]
        known = [await outsider(server, self._wire) for server in servers[:8] if nameable(server)]
        standings = {each.standing for each in known}
        if not standings & {Standing.IPV6, Standing.UNKNOWN} and Standing.IPV4_ONLY in standings:
            self._block(wish, NO_AAAA, next(each.end for each in known if each.standing is Standing.IPV4_ONLY))
        elif Standing.UNKNOWN in standings and Standing.IPV6 not in standings:
            self.unsettled += 1

    def _block(self, wish: _Wish, why: str, end: str) -> None:
        url = wish.there.host if wish.need is Need.MAIL else shown(wish.there.url)
        met = self.possible if wish.need is Need.API else self.blockers
        met.append(Blocker(wish.need, wish.there.host, why, wish.page, url, end))


def _need(reference: Reference) -> Need | None:
    """Return what a page needs *reference* for; None for a link that leads to another page."""
    if reference.use in (Use.LINK, Use.FORM) and _PAYMENT.search(reference.there.host):
        return Need.PAYMENT
    if reference.use is Use.LINK:
        return None
    return _NEEDS.get(reference.use) or Need(reference.use.value)
