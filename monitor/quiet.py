"""Quiet hours: the spans of local time in which a target is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from probes.target import QuietHours


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


def _end(local: dt.datetime, end: dt.time) -> dt.datetime:
    """Return the next time the clock on the wall shows *end*."""
    day = local.date() if end > local.time() else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, end, local.tzinfo).astimezone(dt.UTC)
