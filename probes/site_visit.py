"""Whether a website can be opened at all, visited evenly over the day over each family."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from probes.observation import SAMPLE, Facts, Failure, GapReason, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering, resolving
from probes.redirect import HOP_LIMIT, shown
from probes.registry import probe
from probes.target import Family, Kind, Target
from probes.visit import NO_ADDRESS, TRIED, Visit, Visitor, entries
from probes.wire import Wire
from probes.wire.ledger import What

EVERY = 2700.0
"""Seconds between two visits: 32 a day, so that some may be missed and 20 are left."""
LIMIT = 15.0
"""Seconds after which a page that has not come counts as not coming."""
BODY = 256 * 1024
"""Octets of a page that are read: enough to know that it comes."""

OURS = {"limit": GapReason.BUDGET_SPENT, "port": GapReason.OUT_OF_SCOPE, "http_429": GapReason.BUDGET_SPENT}
"""Ends of a visit of our own making: redirects that browsers follow and we do not, and being asked to come less."""


@dataclass(frozen=True, slots=True)
class SiteVisit(Facts):
    """One visit that met a web server, redirects walked.

    *came* is 1 when a page came in time and 0 when none did, as a number, so that days of visits have a mean.
    """

    status: int
    final: str
    came: float = field(metadata=SAMPLE)


_WORDS = {
    "status": ("状态码", "status"),
    "final": ("最终网址", "final URL"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    families = sum(count > 0 for count in outlook.addresses.values())
    pages = families * len(list(entries(outlook.target, outlook.target.paths[0])))
    yield connecting(What.HTTP, (TRIED + HOP_LIMIT) * pages, usual=2 * families)
    yield remembering()
    yield resolving(HOP_LIMIT, usual=0)


@probe(
    facts=SiteVisit,
    words=_WORDS,
    doing=("打开网站", "opening websites"),
    every=EVERY,
    deadline=180.0,
    kinds=frozenset({Kind.WEBSITE}),
    sends=_sends,
    steady=True,
)
async def site_visit(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Does the website open for a visitor over each family, within fifteen seconds?

    One page over each family that the name has an address of, as a browser without the other family would: any of its
    addresses will do, HTTPS comes first and HTTP where that is refused, redirects are followed. Visits are spread
    evenly whatever is found, as their share over a week is what counts.

    Source: 国办秘函〔2019〕19号 (inspection of government websites: at least 20 visits a day for a week, 15 s each).
    """
    for family in Family:
        visit = await _open(target, Visitor(wire, family, LIMIT))
        if visit.why != NO_ADDRESS:
            yield _sighting(Subject(family=family, path=target.paths[0]), visit)


async def _open(target: Target, visitor: Visitor) -> Visit:
    for there in entries(target, target.paths[0]):
        visit = await visitor.get(there, body_limit=BODY)
        # Who has waited in vain does not begin again elsewhere.
        if visit.status or visit.why != Failure.CONNECTION_REFUSED:
            break
    return visit


def _sighting(subject: Subject, visit: Visit) -> Sighting:
    """Say what came of a visit, by the time that servers took: our own waiting for turns is not theirs."""
    ours = OURS.get(visit.why)
    if ours is None and not visit.settled:
        ours = GapReason(visit.why) if visit.why in set(GapReason) else GapReason.BUDGET_SPENT
    if ours is not None:
        return Sighting(subject, ours, visit.seconds)
    if visit.why in set(Failure):
        return Sighting(subject, Failure(visit.why), visit.seconds)
    came = visit.came and visit.seconds < LIMIT
    return Sighting(subject, SiteVisit(visit.status, shown(visit.end), float(came)), visit.seconds)
