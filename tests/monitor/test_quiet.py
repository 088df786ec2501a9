"""Quiet hours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.quiet import quiet_until
from probes.target import QuietHours

CHINA = ZoneInfo("Asia/Shanghai")


def span(start: str, end: str) -> QuietHours:
    return QuietHours(dt.time.fromisoformat(start), dt.time.fromisoformat(end))


def local(text: str, zone: dt.tzinfo = CHINA) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


NIGHT = span("22:00", "06:00")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-01T21:59", None),
        ("2026-11-01T22:00", "2026-11-02T06:00"),
        ("2026-11-02T00:00", "2026-11-02T06:00"),
        ("2026-11-02T05:59", "2026-11-02T06:00"),
        ("2026-11-02T06:00", None),
    ],
)
def test_a_night_crosses_midnight_in_local_time(now: str, until: str | None) -> None:
    assert quiet_until(local(now), [NIGHT], CHINA) == (None if until is None else local(until))


def test_spans_that_touch_are_one() -> None:
    spans = [span("08:00", "10:00"), span("09:30", "12:00"), span("12:00", "13:00"), span("14:00", "15:00")]
    assert quiet_until(local("2026-11-01T08:30"), spans, CHINA) == local("2026-11-01T13:00")


def test_no_spans_are_never_quiet() -> None:
    assert quiet_until(local("2026-11-01T08:30"), [], CHINA) is None


def test_a_day_filled_with_quiet_is_asked_again_a_day_later() -> None:
    now = local("2026-11-01T08:30")
    assert quiet_until(now, [span("00:00", "12:00"), span("12:00", "00:00")], CHINA) == now + dt.timedelta(days=1)


def test_the_night_the_clocks_change_ends_when_the_wall_says_so() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = local("2026-10-24T23:00", berlin)
    assert quiet_until(now, [NIGHT], berlin) == dt.datetime(2026, 10, 25, 5, 0, tzinfo=dt.UTC)


times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
spans = st.lists(st.builds(QuietHours, times, times), max_size=4)


@given(spans=spans, minute=st.integers(0, 3 * 24 * 60))
def test_quiet_ends_where_nothing_is_quiet(spans: list[QuietHours], minute: int) -> None:
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
    end = quiet_until(now, spans, CHINA)
    quiet_now = any(span.covers(now.astimezone(CHINA).time()) for span in spans)
    assert (end is not None) == quiet_now
    if end is not None and end != now + dt.timedelta(days=1):
        assert end > now
        assert not any(span.covers(end.astimezone(CHINA).time()) for span in spans)
