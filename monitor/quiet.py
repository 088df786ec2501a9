"""Quiet hours: the spans of local time in which a target is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from probes.observation import GapReason, Sighting
from probes.registry import Probe
from probes.target import QuietHours, Target
from probes.wire import BatchWire, NotLooked, Wire


def quiet_until(now: dt.datetime, spans: Collection[QuietHours], zone: dt.tzinfo) -> dt.datetime | None:
    """Return when the quiet around *now* ends, in UTC, or None when it is not quiet.

    Spans that touch are one; where they fill the whole day, the end is a day ahead.
    """
    at = now
    for _ in range(2 * len(spans) + 1):
        local = at.astimezone(zone)
        ends = [_end(local, span.end) for span in spans if span.covers(local.time())]
        if not ends:
            return None if at == now else at
        at = max(ends)
    return now + dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rest:
    """When targets are left alone: in *everyones* quiet hours and in their own, by the clock on the wall of *zone*."""

    everyones: tuple[QuietHours, ...]
    zone: dt.tzinfo

    def until(self, target: Target, now: dt.datetime) -> dt.datetime | None:
        """Return when *target* may be looked at again, None when it may be now."""
        spans = (*self.everyones, *target.quiet)
        return quiet_until(now, spans, self.zone) if spans else None


def considerate(probe: Probe, asleep: Callable[[Target], bool]) -> Probe:
    """Return *probe* as one that leaves alone, with that as the reason, whoever is *asleep* when their turn comes."""
    prepare = probe.prepare

    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        if asleep(target):
            raise NotLooked(GapReason.QUIET_HOURS)
        async for sighting in probe.run(target, wire):
            yield sighting

    async def prepare_awake(targets: Sequence[Target], wire: BatchWire) -> None:
        if prepare is not None:
            await prepare([target for target in targets if not asleep(target)], wire)

    return replace(probe, run=run, prepare=prepare_awake)


def _end(local: dt.datetime, end: dt.time) -> dt.datetime:
    """Return the next time the clock on the wall shows *end*."""
    day = local.date() if end > local.time() else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, end, local.tzinfo).astimezone(dt.UTC)
