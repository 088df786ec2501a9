"""Deadlines in working days: weekends, holidays and the weekends worked to make up for them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings.holidays import LAST_KNOWN_YEAR, HolidaysFile, workdays, years
from rules.workdays import Workdays

CHINA = workdays(None)
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 31))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("of", "works"),
    [
        ("2026-10-01", False),  # National Day, a Thursday
        ("2026-10-07", False),  # the last day of the holiday, a Wednesday
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday worked to make up for it
        ("2026-10-11", False),
        ("2026-02-14", True),  # a Saturday worked before the Spring Festival
        ("2026-02-17", False),
    ],
)
def test_the_published_calendar_is_known(of: str, works: bool) -> None:
    assert CHINA.works(day(of)) is works


@pytest.mark.parametrize(
    ("found", "count", "deadline"),
    [
        ("2026-09-29", 3, "2026-10-09"),
        ("2026-10-08", 2, "2026-10-10"),
        ("2026-10-08", 3, "2026-10-12"),
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-11-21", 0, "2026-11-23"),
        ("2026-11-20", 0, "2026-11-20"),
    ],
)
def test_a_deadline_skips_what_is_not_worked_and_counts_what_is(found: str, count: int, deadline: str) -> None:
    assert CHINA.after(day(found), count) == day(deadline)


def test_the_override_file_has_the_last_word() -> None:
    file = HolidaysFile.model_validate({"off": ["2027-02-08", "2026-10-10"], "working": ["2027-02-06", "2026-10-01"]})
    calendar = workdays(file)
    assert not calendar.works(day("2027-02-08"))
    assert calendar.works(day("2027-02-06"))
    assert not calendar.works(day("2026-10-10"))
    assert calendar.works(day("2026-10-01"))


def test_a_year_is_known_from_the_library_or_the_file() -> None:
    assert LAST_KNOWN_YEAR in years(None)
    assert 2999 not in years(None)
    assert 2999 in years(HolidaysFile.model_validate({"off": ["2999-01-01"]}))


@given(start=DAYS, count=st.integers(0, 60))
def test_a_deadline_is_a_working_day_with_just_as_many_before_it(start: dt.date, count: int) -> None:
    end = CHINA.after(start, count)
    assert CHINA.works(end)
    between = [start + dt.timedelta(days=number) for number in range(1, (end - start).days + 1)]
    worked = sum(CHINA.works(each) for each in between)
    assert worked == count or (count == 0 and worked == 1 and not CHINA.works(start))


@given(start=DAYS, count=st.integers(0, 30))
def test_one_day_more_is_never_sooner(start: dt.date, count: int) -> None:
    assert CHINA.after(start, count + 1) >= CHINA.after(start, count)
    assert CHINA.after(start + dt.timedelta(days=1), count) >= CHINA.after(start, count)


def test_a_holiday_without_end_ends_the_count() -> None:
    start = day("2026-01-01")
    never = Workdays(frozenset(start + dt.timedelta(days=number) for number in range(2000)))
    assert never.after(start, 1) > start
