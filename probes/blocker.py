"""What keeps a citizen without IPv4 from a page, and the least that would have to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

NO_AAAA = "no_aaaa"
IPV4_LITERAL = "ipv4_literal"
SURE = frozenset({NO_AAAA, IPV4_LITERAL})
"""Reasons that DNS or the page itself gives, whoever is deaf."""


class Need(StrEnum):
    """What a page needs something for."""

    DNS = "dns"
    PAGE = "page"
    REDIRECT = "redirect"
    FRAME = "frame"
    SCRIPT = "script"
    STYLE = "style"
    FONT = "font"
    IMAGE = "image"
    MEDIA = "media"
    FORM = "form"
    PAYMENT = "payment"
    MAIL = "mail"
    API = "api"


@dataclass(frozen=True, slots=True, order=True)
class Blocker:
    """Something on *host* that *page* needs and that does not come over IPv6.

    *why* is `no_aaaa`, `ipv4_literal`, or what a request over IPv6 met that IPv4 did not. *url* is where it is asked
    for. *end* is what would have to change: the name at the end of the host's aliases, or the page with an address in
    it.
    """

    need: Need
    host: str
    why: str
    page: str
    url: str
    end: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to be given IPv6, or to be rewritten; *lifts* blockers are gone then, of these *needs*."""

    end: str
    needs: tuple[Need, ...]
    lifts: int


def fixes(blockers: Iterable[Blocker]) -> tuple[Fix, ...]:
    """Return the smallest set of changes that lifts every one of *blockers*, those that lift most first.

    Each blocker has one end, so that set is that of their ends.
    """
    by_end: dict[str, list[Blocker]] = {}
    for blocker in blockers:
        by_end.setdefault(blocker.end, []).append(blocker)
    found = [Fix(end, tuple(sorted({each.need for each in mine})), len(mine)) for end, mine in by_end.items()]
    return tuple(sorted(found, key=lambda fix: (-fix.lifts, fix.end)))
