"""A week of visits: the seven whole days before today, in local time, of our own vantage, each with enough of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store import Store
from monitor.weeks import weeks
from probes.observation import Failure, Gap, GapReason, Observation, Record, Subject
from probes.site_visit import SiteVisit
from probes.target import Family
from rules.week import DAYS, Day, Week

HOST, VANTAGE, PROBE = "www.kaiping.gov.test", "tower", "site_visit"
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = dt.date(2026, 11, 20)
SUBJECT = Subject(family=Family.IPV6, path="/")


def visit(at: dt.datetime, outcome: float | Failure | GapReason) -> Record:
    if isinstance(outcome, GapReason):
        return Gap(PROBE, HOST, VANTAGE, SUBJECT, at, outcome)
    if isinstance(outcome, Failure):
        return Observation(PROBE, HOST, VANTAGE, SUBJECT, at, 15.0, None, outcome)
    facts = SiteVisit(200 if outcome else 503, f"https://{HOST}/", outcome)
    return Observation(PROBE, HOST, VANTAGE, SUBJECT, at, 0.2, facts, None)


def keep(store: Store, *records: Record) -> None:
    for record in records:
        run = store.begin_run(PROBE, VANTAGE, record.at, 1)
        store.record(run, [record], [HOST])
        store.end_run(run, record.at, complete=True)


def known(store: Store) -> Week | None:
    return weeks(store, [HOST], TODAY).get((HOST, VANTAGE), {}).get((PROBE, Family.IPV6.value))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'diaolou.db'}", zone=ZONE)


def midnight(days_ago: int) -> dt.datetime:
    return dt.datetime.combine(TODAY - dt.timedelta(days=days_ago), dt.time(), ZONE).astimezone(dt.UTC)


def test_failures_and_error_pages_count_and_gaps_do_not(store: Store) -> None:
    with store:
        for day in range(1, DAYS + 1):
            hours = [midnight(day) + dt.timedelta(hours=hour) for hour in range(4)]
            outcomes = (1.0, 0.0, Failure.CONNECTION_TIMEOUT, GapReason.VANTAGE_BLIND_IPV6)
            keep(store, *map(visit, hours, outcomes))
        assert known(store) == Week(looks=3 * DAYS, failed=2 * DAYS, fewest=3)


def test_only_whole_days_before_today_count_by_the_local_calendar(store: Store) -> None:
    with store:
        second = dt.timedelta(seconds=1)
        keep(store, *(visit(midnight(days), 1.0) for days in range(1, DAYS + 1)))
        keep(store, visit(midnight(DAYS) - second, 0.0), visit(midnight(0), 0.0))
        assert known(store) == Week(looks=DAYS, failed=0, fewest=1)


def test_a_day_without_visits_leaves_too_few_for_a_share(store: Store) -> None:
    with store:
        keep(store, *(visit(midnight(days), 1.0) for days in range(2, DAYS + 1)))
        week = known(store)
        assert week == Week(looks=DAYS - 1, failed=0, fewest=0)
        assert "share" not in week.plain(1)


def test_nobody_visited_is_no_week(store: Store) -> None:
    with store:
        assert known(store) is None


@given(st.lists(st.builds(lambda looks, well: Day(looks, min(looks, well)), st.integers(1, 50), st.integers(0, 50))))
def test_a_share_is_one_and_only_where_every_day_has_enough(days: list[Day]) -> None:
    days = days[:DAYS]
    values = Week.of(days).plain(20)
    assert ("share" in values) == (len(days) == DAYS and all(day.looks >= 20 for day in days))
    assert 0 <= float(str(values.get("share", 0))) <= 1
