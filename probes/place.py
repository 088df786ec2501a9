"""What is known of a place links lead to, before any of them is followed: its robots.txt, and whether it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from probes.redirect import Goal
from probes.robots import EVERYTHING_FORBIDDEN, NOTHING_FORBIDDEN, ROBOTS_LIMIT, Robots, read_robots
from probes.target import Family
from probes.visit import ERROR, Visit, Visitor

SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Place:
    """One scheme, host and port. *down* says by family why nobody there needs to be asked again."""

    robots: Robots = NOTHING_FORBIDDEN
    down: tuple[tuple[Family, str], ...] = ()

    async def visit(self, there: Goal, visitor: Visitor, body_limit: int) -> Visit:
        """Ask for *there*, unless it is known that nobody answers."""
        why = dict(self.down).get(visitor.family)
        return await visitor.get(there, body_limit=body_limit) if why is None else Visit(there.url, why, settled=True)


async def explore(there: Goal, six: Visitor, four: Visitor) -> Place:
    """Read the robots.txt of the place *there* lies at, over IPv4 if nobody answers over IPv6.

    One that does not exist forbids nothing; one that the server fails to give forbids everything.

    Source: RFC 9309 2.3.1.
    """
    origin = there.url[: len(there.url) - len(there.path)] if there.url.endswith(there.path) else there.url
    asking = replace(there, url=f"{origin}/robots.txt", path="/robots.txt")
    down: list[tuple[Family, str]] = []
    for visitor in (six, four):
        met = await visitor.get(asking, body_limit=ROBOTS_LIMIT)
        if not met.down:
            return Place(_rules(met), tuple(down))
        down.append((visitor.family, met.why))
    return Place(down=tuple(down))


def _rules(met: Visit) -> Robots:
    if met.came:
        return read_robots(met.body)
    return NOTHING_FORBIDDEN if ERROR <= met.status < SERVER_ERROR else EVERYTHING_FORBIDDEN
