import dataclasses
import datetime as dt

import pytest

from rules.agency import Agency, Tier, Tree
from rules.deed import Deed, Move
from rules.finding import Act, Event, Finding, State
from rules.notice import NoticeState, notices
from rules.rectification import WITHDRAWN, Age, Rectification, rectification
from rules.text import Text
from tests.rules.judgement import NOW, finding

DAY = dt.timedelta(days=1)
TODAY = NOW.date()
TREE = Tree.of(
    Agency(code, Text(code, code), Tier.COUNTY, parent) for code, parent in (("city", ""), ("edu", "city"), ("art", ""))
)


def found(rule: str, age: float, mended: float | None = None, deadline: int | None = None) -> Finding:
    """A finding first seen *age* days ago, mended that many days ago."""
    state = State.OPEN if mended is None else State.CLOSED
    return dataclasses.replace(
        finding(rule, state=state),
        agency="edu",
        first_seen=NOW - age * DAY,
        closed_at=None if mended is None else NOW - mended * DAY,
        deadline=None if deadline is None else TODAY + deadline * DAY,
    )


def record(*findings: Finding, events: tuple[Event, ...] = (), agency: str = "city") -> Rectification:
    return rectification(TREE, findings, events, (), NOW)[agency]


@pytest.mark.parametrize(
    ("days", "age"),
    [(0, Age.WEEK), (7, Age.WEEK), (7.1, Age.MONTH), (30, Age.MONTH), (90, Age.QUARTER), (91, Age.OLDER)],
)
def test_open_findings_grow_old(days: float, age: Age) -> None:
    assert record(found("rule", days)).ages == {age: 1}


def test_in_time_is_by_the_deadline_and_what_is_left_behind_it_counts_as_late() -> None:
    known = [
        found("in time", 20, mended=5, deadline=-5),
        found("late", 20, mended=4, deadline=-5),
        found("left", 20, deadline=-1),
        found("not due", 20, deadline=1),
        found("without", 20, mended=5),
        found("long ago", 200, mended=91, deadline=-100),
    ]
    assert (record(*known).due, record(*known).in_time) == (3, 1)
    assert record(*known).on_time == pytest.approx(1 / 3)


def test_the_mean_is_of_what_was_mended() -> None:
    assert record(found("a", 10, mended=8), found("b", 10, mended=2), found("c", 50)).mean == 5 * 86400.0
    assert record(found("c", 50)).mean is None


def test_what_the_policy_gave_up_was_mended_by_nobody() -> None:
    gone = found("gone", 10, mended=2, deadline=1)
    told = record(gone, events=(Event(gone.key, Act.CLOSED, NOW - 2 * DAY, WITHDRAWN),))
    assert (told.due, told.seconds, told.closed) == (0, (), 0)


def test_what_comes_back_is_held_against_what_was_closed() -> None:
    one = found("one", 10)
    acts = [(Act.CLOSED, 6), (Act.REOPENED, 5), (Act.CLOSED, 4), (Act.REOPENED, 100)]
    told = record(one, events=tuple(Event(one.key, act, NOW - days * DAY) for act, days in acts))
    assert (told.closed, told.reopened, told.recurrence) == (2, 1, 0.5)


def test_an_agency_answers_for_all_below_it() -> None:
    assert record(found("rule", 1), agency="edu") == record(found("rule", 1), agency="city")
    assert "art" not in rectification(TREE, [found("rule", 1)], (), (), NOW)


def test_notices_are_counted_by_where_they_stand() -> None:
    issued = Deed(Move.NOTICE_ISSUED, "li", NOW, notice="2026-0001", to="edu", until=TODAY - DAY)
    told = rectification(TREE, (), (), notices([issued]).values(), NOW)["edu"]
    assert (told.notices, told.notices_overdue) == ({NoticeState.ISSUED: 1}, 1)
