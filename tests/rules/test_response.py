"""A response: steps with their proofs, a grade, reports owed by it, and a timeline from which nothing is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from rules.deed import Deed, Move
from rules.playbook import Evidence, Playbook, Step
from rules.reporting import Basis, Duty, Grade
from rules.response import (
    ABOUT,
    Opening,
    Response,
    ResponseObjection,
    begun,
    next_number,
    objection,
    owed,
    responses,
)
from rules.text import Text

AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
WORDS = Text("字", "words")
BOOK = Playbook(
    "website_defaced",
    WORDS,
    WORDS,
    (
        Step("look", WORDS, WORDS, Evidence.NONE),
        Step("tell", WORDS, WORDS),
        Step("keep", WORDS, WORDS, Evidence.FILE),
        Step("thank", WORDS, WORDS, optional=True),
    ),
)
DUTIES = (
    Duty("first", WORDS, WORDS, 3600, frozenset({Grade.MAJOR, Grade.LARGER}), Basis.COPY),
    Duty("summary", WORDS, WORDS, 30 * 86400, frozenset({Grade.MAJOR}), Basis.UNVERIFIED),
)
NUMBER = "R2026-001"


def deed(move: Move, to: str = "", why: str = "", value: str = "", hours: float = 0) -> Deed:
    return Deed(move, "李敏", AT + dt.timedelta(hours=hours), why, to=to, value=value, about=ABOUT + NUMBER)


def one(*deeds: Deed) -> Response:
    opening = Opening("website_defaced", "edu", "首页被改", AT - dt.timedelta(minutes=30))
    return responses([begun(NUMBER, opening, deed(Move.RESPONSE_BEGUN)), *deeds])[NUMBER]


DONE = (
    deed(Move.RESPONSE_STEP, "look"),
    deed(Move.RESPONSE_STEP, "tell", "told"),
    deed(Move.RESPONSE_STEP, "keep", value="sha256:00"),
)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (deed(Move.RESPONSE_STEP, "look"), None),
        (deed(Move.RESPONSE_STEP, "nothing", "x"), ResponseObjection.NO_STEP),
        (deed(Move.RESPONSE_STEP, "tell"), ResponseObjection.NO_PROOF),
        (deed(Move.RESPONSE_STEP, "keep", "words are no file"), ResponseObjection.NO_FILE),
        (deed(Move.RESPONSE_NOTED), ResponseObjection.NO_WORDS),
        (deed(Move.RESPONSE_CLOSED), ResponseObjection.STEPS_LEFT),
        (deed(Move.RESPONSE_REPORTED, "first", "no 1"), ResponseObjection.NO_DUTY),
    ],
)
def test_a_step_leaves_its_proof_behind(asked: Deed, why: ResponseObjection | None) -> None:
    assert objection(asked, one(), BOOK, DUTIES) is why


def test_it_is_closed_when_all_that_must_be_done_is() -> None:
    done = one(*DONE)
    assert done.left(BOOK) == []
    assert objection(deed(Move.RESPONSE_CLOSED), done, BOOK, DUTIES) is None
    assert objection(DONE[0], done, BOOK, DUTIES) is ResponseObjection.STEP_DONE
    closed = one(*DONE, deed(Move.RESPONSE_CLOSED))
    assert objection(deed(Move.RESPONSE_NOTED, why="x"), closed, BOOK, DUTIES) is ResponseObjection.CLOSED
    assert len(closed.deeds) == 5


def test_its_grade_says_what_is_owed_from_when_it_was_known() -> None:
    assert owed(one(), DUTIES) == []
    graded = one(deed(Move.RESPONSE_GRADED, "major", hours=3))
    first, summary = owed(graded, DUTIES)
    assert first.due == AT + dt.timedelta(minutes=30)
    assert [each.overdue(AT + dt.timedelta(hours=1)) for each in (first, summary)] == [True, False]
    lesser = one(deed(Move.RESPONSE_GRADED, "major"), deed(Move.RESPONSE_GRADED, "larger"))
    assert [each.duty.id for each in owed(lesser, DUTIES)] == ["first"]


def test_a_report_made_too_late_shows_as_late_and_is_made_once() -> None:
    made = deed(Move.RESPONSE_REPORTED, "first", "文号 1", hours=2)
    graded = one(deed(Move.RESPONSE_GRADED, "larger"))
    assert objection(made, graded, BOOK, DUTIES) is None
    assert objection(replace(made, why=""), graded, BOOK, DUTIES) is ResponseObjection.NO_PROOF
    (report,) = owed(one(deed(Move.RESPONSE_GRADED, "larger"), made), DUTIES)
    assert (report.late, report.overdue(AT + dt.timedelta(days=9))) == (True, False)
    again = one(deed(Move.RESPONSE_GRADED, "larger"), made)
    assert objection(made, again, BOOK, DUTIES) is ResponseObjection.REPORTED


def test_numbers_go_on_within_a_year() -> None:
    assert next_number([], 2026) == "R2026-001"
    assert next_number(["R2026-009", "R2025-400"], 2026) == "R2026-010"
