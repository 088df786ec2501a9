"""Which hosts the pages of a site refer to, and where: those it is shown through, and addresses written out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from probes.outsider import Outsider, Standing, ipv4_literal, nameable, outsider
from probes.redirect import shown
from probes.reference import LOADED, Reference, Use
from probes.sample import Sample
from probes.wire import Wire

HOST_LIMIT = 300
"""Hosts whose addresses are asked for."""
LITERAL_LIMIT = 1000
EXAMPLES = 20
"""Examples kept of what there may be many of."""
_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class Mention:
    """Where something stands: *page*, the smallest URL if there are several, and *url* as it stands there.

    *times* counts pages; *loaded*: some page loads it by itself.
    """

    page: str
    url: str
    loaded: bool
    times: int = 1

    def merge(self, other: Self) -> Self:
        """Return what both know."""
        page, url = min((self.page, self.url), (other.page, other.url))
        return type(self)(page, url, self.loaded or other.loaded, self.times + other.times)


@dataclass(frozen=True, slots=True)
class SkyWindow:
    """A host without IPv6 that pages refer to: for a citizen without IPv4 a hole in the page.

    *loaded*: a page loads something from it by itself, and does not merely link there. *page* is one it stands on,
    *url* what stands there, *pages* how many there are. *end* is the name its aliases lead to.
    """

    host: str
    loaded: bool
    page: str
    url: str
    pages: int
    end: str


@dataclass(frozen=True, slots=True)
class Literal:
    """An IPv4 address written into a page, which no name, no DNS64 and no second address family can help."""

    address: str
    page: str
    url: str


class Referred:
    """Everything the pages of one site refer to beyond *own*, the names it bears itself."""

    def __init__(self, own: Iterable[str]) -> None:
        self._own = frozenset(own)
        self._hosts: Sample[Mention] = Sample(HOST_LIMIT)
        self._literals: Sample[Mention] = Sample(LITERAL_LIMIT)

    def note(self, page: str, references: Iterable[Reference]) -> None:
        """Take the *references* of one page into account."""
        here: dict[str, Mention] = {}
        for reference in references:
            there, loaded = reference.there, reference.use in LOADED
            if reference.use is Use.MAIL or there.host in self._own:
                continue
            mention = Mention(shown(page), shown(there.url), loaded)
            if ipv4_literal(there.host) is not None:
                self._literals.offer(f"{there.host} {mention.page}", mention)
            elif reference.use is not Use.MENTION and nameable(there.host):
                known = here.get(there.host)
                here[there.host] = mention if known is None else known.merge(mention)
        for host, mention in here.items():
            self._hosts.offer(host, Mention(mention.page, mention.url, mention.loaded))

    @property
    def hosts(self) -> int:
        """How many different hosts there are."""
        return len(self._hosts)

    @property
    def literals(self) -> int:
        """How many pages each address stands on, over all addresses."""
        return len(self._literals)

    def literal_examples(self) -> tuple[Literal, ...]:
        """Return some addresses with the page they stand on."""
        found = (
            Literal(str(ipv4_literal(key.partition(" ")[0])), each.page, each.url)
            for key, each in self._literals.items()
        )
        return tuple(sorted(found, key=lambda each: (each.page, each.address)))[:EXAMPLES]

    async def windows(self, wire: Wire, seconds: float) -> tuple[tuple[SkyWindow, ...], int]:
        """Return the hosts that have no IPv6, and how many could not be settled, in *seconds* or at all."""
        places = asyncio.Semaphore(_TOGETHER)
        kept, until = dict(self._hosts.items()), time.monotonic() + seconds

        async def ask(host: str) -> Outsider:
            async with places:
                late = time.monotonic() > until
                return Outsider(host, Standing.UNKNOWN, host) if late else await outsider(host, wire)

        known = await asyncio.gather(*(ask(host) for host in kept))
        windows = [_window(each, kept[each.host]) for each in known if each.standing is Standing.IPV4_ONLY]
        unsettled = sum(each.standing is Standing.UNKNOWN for each in known) + len(self._hosts) - len(kept)
        return tuple(sorted(windows, key=lambda each: (-each.pages, each.host))), unsettled


def _window(known: Outsider, mention: Mention) -> SkyWindow:
    return SkyWindow(known.host, mention.loaded, mention.page, mention.url, mention.times, known.end)
