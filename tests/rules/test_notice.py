import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.deed import Deed, Move
from rules.finding import Finding, State
from rules.notice import (
    Notice,
    NoticeObjection,
    NoticeState,
    due_for_chasing,
    due_for_escalation,
    next_number,
    notices,
    objection,
    outcome,
    to_notify,
)
from tests.rules.judgement import NOW, finding

DAY = dt.timedelta(days=1)
TODAY = NOW.date()
ONE, TWO = finding("one"), finding("two")
KEYS = (ONE.key, TWO.key)


def deed(move: Move, day: float = 0, **changes: object) -> Deed:
    return Deed(move, "li", NOW + day * DAY, "words", notice="2026-0001", **changes)  # type: ignore[arg-type]


ISSUE = deed(Move.NOTICE_ISSUED, keys=KEYS, to="edu", until=TODAY + 10 * DAY)
LIFE = [ISSUE, deed(Move.NOTICE_RECEIVED), deed(Move.NOTICE_ANSWERED, 2), deed(Move.NOTICE_RETESTED, 3)]


def after(*deeds: Deed) -> Notice:
    return notices(deeds)["2026-0001"]


def test_a_notice_goes_its_way() -> None:
    way = [*LIFE, deed(Move.NOTICE_CLOSED, 4)]
    assert [after(*way[:steps]).state for steps in range(1, 6)] == [
        NoticeState.ISSUED,
        NoticeState.RECEIVED,
        NoticeState.ANSWERED,
        NoticeState.RETESTED,
        NoticeState.CLOSED,
    ]


def test_a_retest_that_still_finds_something_returns_it() -> None:
    returned = after(*LIFE[:3], deed(Move.NOTICE_RETESTED, 3, keys=(ONE.key,)))
    assert (returned.state, returned.remaining) == (NoticeState.RETURNED, (ONE.key,))
    assert objection(deed(Move.NOTICE_CLOSED), returned) is NoticeObjection.NOT_NOW
    assert objection(deed(Move.NOTICE_ANSWERED), returned) is None


@given(st.lists(st.sampled_from([move for move in Move if move.value.startswith("notice") and "issued" not in move])))
def test_a_notice_is_closed_only_after_a_retest_that_found_nothing(moves: list[Move]) -> None:
    notice = after(ISSUE)
    for move in moves:
        done = deed(move, keys=(ONE.key,) if move is Move.NOTICE_RETESTED and len(notice.deeds) % 2 else ())
        if objection(done, notice) is None:
            notice = notice.after(done)
    if notice.state is NoticeState.CLOSED:
        kept = [each for each in notice.deeds if each.move in (Move.NOTICE_RETESTED, Move.NOTICE_CLOSED)]
        assert [each.move for each in kept[-2:]] == [Move.NOTICE_RETESTED, Move.NOTICE_CLOSED]
        assert kept[-2].keys == ()


def test_an_answer_says_something() -> None:
    received = after(*LIFE[:2])
    empty = dataclasses.replace(deed(Move.NOTICE_ANSWERED), why="")
    assert objection(empty, received) is NoticeObjection.NO_ANSWER


def test_numbers_go_on_within_a_year_and_begin_anew_with_the_next() -> None:
    assert next_number([], 2026) == "2026-0001"
    assert next_number(["2026-0001", "2026-0012", "2025-0099"], 2026) == "2026-0013"
    assert next_number(["2026-0012"], 2027) == "2027-0001"


def test_a_notice_asks_for_what_is_open_and_under_no_other() -> None:
    waived = dataclasses.replace(finding("waived"), waived=True)
    closed = finding("closed", state=State.CLOSED)
    other = dataclasses.replace(finding("other"), agency="health")
    everything = [ONE, TWO, waived, closed, other]
    agencies = frozenset({ONE.agency})
    assert to_notify(everything, agencies, []) == [ONE, TWO]
    assert to_notify(everything, agencies, [after(ISSUE)]) == []
    assert to_notify(everything, agencies, [after(*LIFE, deed(Move.NOTICE_CLOSED, 4))]) == [ONE, TWO]


def looked(found: Finding, day: float, **changes: object) -> Finding:
    return dataclasses.replace(found, last_confirmed=NOW + day * DAY, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "remaining", "unseen"),
    [
        (looked(ONE, 1), True, True),
        (looked(ONE, 3), True, False),
        (looked(ONE, 3, passes=1), True, True),
        (looked(ONE, 3, state=State.CLOSED), False, False),
        (looked(ONE, 1, waived=True), False, False),
    ],
)
def test_only_looks_after_the_answer_decide(one: Finding, *, remaining: bool, unseen: bool) -> None:
    found = outcome(after(*LIFE[:3]), {one.key: one})
    assert (bool(found.remaining), bool(found.unseen)) == (remaining, unseen)


def test_its_agency_is_reminded_before_the_deadline_and_once_a_day() -> None:
    notice = after(ISSUE)
    assert [due_for_chasing(notice, TODAY + day * DAY, 3) for day in (6, 7, 11)] == [False, True, True]
    chased = notice.after(deed(Move.NOTICE_CHASED, 7))
    assert [due_for_chasing(chased, TODAY + day * DAY, 3) for day in (7, 8)] == [False, True]
    assert not due_for_chasing(after(*LIFE), TODAY + 20 * DAY, 3)


def test_the_superior_hears_once_of_what_is_long_overdue() -> None:
    notice = after(ISSUE)
    assert [due_for_escalation(notice, TODAY + day * DAY, 3) for day in (13, 14)] == [False, True]
    assert not due_for_escalation(notice.after(deed(Move.NOTICE_ESCALATED, 14)), TODAY + 15 * DAY, 3)


def test_it_is_overdue_behind_its_deadline_until_all_is_mended() -> None:
    assert [after(ISSUE).overdue(TODAY + day * DAY) for day in (10, 11)] == [False, True]
    assert not after(*LIFE).overdue(TODAY + 11 * DAY)
