"""Where a target's services are: every address of both families, and the gaps where they are not known."""

from __future__ import annotations

from collections.abc import AsyncIterator

from probes.observation import GapReason, Sighting, Subject
from probes.target import Address, Family, Target
from probes.wire import Wire

ADDRESS_LIMIT = 16
"""Addresses looked at per family, the smallest; what a zone publishes beyond them becomes one gap, not a flood."""


async def addresses(target: Target, wire: Wire) -> AsyncIterator[Address | Sighting]:
    """Yield the target's addresses, and a gap for each family whose addresses could not be settled.

    A family that surely has no address yields nothing. Families take turns, so that neither is hammered.
    """
    found = await wire.resolve(target.host)
    for family in Family:
        if found[family].presence is None:
            why = found[family].gap or GapReason.ADDRESS_UNKNOWN
            yield Sighting(Subject(family=family), why, detail=str(found[family].failure or found[family].detail))
    # Name servers shuffle: the same addresses in another order must be the same looks.
    known = {family: sorted(set(found[family].addresses), key=int) for family in Family}
    for place in range(ADDRESS_LIMIT):
        for family in Family:
            if place < len(known[family]):
                yield known[family][place]
    for family in Family:
        if (beyond := len(known[family]) - ADDRESS_LIMIT) > 0:
            yield Sighting(Subject(family=family), GapReason.BUDGET_SPENT, detail=f"{beyond} further addresses")
