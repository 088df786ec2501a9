"""What became of the links of one level of a website."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """A link that did not lead anywhere over IPv6: *url*, the *page* it stands on, and *why*, a failure or a status."""

    url: str
    page: str
    why: str


@dataclass(frozen=True, slots=True)
class Level:
    """The links of one level: *linked* different ones were found and *sampled* of them asked for.

    Of these *reached* led to a page over IPv6, *broken* only over IPv4, *dead* over neither; of *unknown* we could not
    tell, and *forbidden* are those that robots.txt keeps us from. *lowest* and *highest* bound the share that IPv6
    reaches, dead links left out; *rate* is that share, None where the two differ.
    """

    linked: int
    sampled: int
    reached: int
    broken: int
    dead: int
    unknown: int
    forbidden: int
    lowest: float
    highest: float
    rate: float | None

    @classmethod
    def of(cls, linked: int, reached: int, broken: int, dead: int, unknown: int, forbidden: int) -> Self:
        """Return the level with its rates; without any link that could count, everything there is can be reached."""
        sampled = reached + broken + dead + unknown + forbidden
        counted = reached + broken + unknown
        low, high = (reached / counted, (reached + unknown) / counted) if counted else (1.0, 1.0)
        if not counted and linked > dead:
            low = 0.0
        return cls(linked, sampled, reached, broken, dead, unknown, forbidden, low, high, low if low == high else None)

    def unseen(self) -> Level:
        """Return the level of a page whose links only its scripts know."""
        return replace(self, lowest=0.0, highest=1.0, rate=None)

    def unheard(self, *, ipv4: bool, ipv6: bool) -> Level:
        """Return what is left when it was we who were deaf: what did not answer may have."""
        broken = 0 if ipv6 else self.broken
        dead = 0 if ipv4 or ipv6 else self.dead
        lost = self.broken - broken + self.dead - dead
        return Level.of(self.linked, self.reached, broken, dead, self.unknown + lost, self.forbidden)
