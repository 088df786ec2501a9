import dataclasses
import datetime as dt

import pytest

from rules.deed import Deed, Move
from rules.finding import Finding, State
from rules.handling import UNHANDLED, Handling, Objection, excuses, handled, handlings, objection, since
from tests.rules.judgement import NOW, finding

DAY = dt.timedelta(days=1)
TODAY = NOW.date()
OPEN = dataclasses.replace(finding("rule"), deadline=TODAY + 3 * DAY, value="6379", first_seen=NOW - DAY)


def deed(move: Move, who: str = "li", days: float = 0, why: str = "because", until: int | None = None) -> Deed:
    last = None if until is None else TODAY + until * DAY
    return Deed(move, who, NOW + days * DAY, why, (OPEN.key,), until=last, value="6379")


def after(*deeds: Deed) -> Handling:
    return handlings(deeds)[OPEN.key]


def test_deeds_amount_to_where_the_finding_stands() -> None:
    handling = after(
        deed(Move.ACKNOWLEDGED), dataclasses.replace(deed(Move.ASSIGNED), to="wang"), deed(Move.CLAIMED_FIXED)
    )
    assert (handling.owner, handling.acknowledged is not None, handling.claimed is not None) == ("wang", True, True)


@pytest.mark.parametrize("answer", [Move.VERIFIED, Move.SENT_BACK])
def test_an_answer_ends_the_claim(answer: Move) -> None:
    assert after(deed(Move.CLAIMED_FIXED), deed(answer)).claimed is None


def test_a_deadline_moves_only_when_a_second_person_grants_it() -> None:
    asked = after(deed(Move.EXTENSION_ASKED, until=10))
    assert handled(OPEN, asked).deadline == TODAY + 3 * DAY
    granted = asked.after(deed(Move.EXTENDED, "wang", until=10))
    assert handled(OPEN, granted).deadline == TODAY + 10 * DAY


def test_nobody_grants_their_own_request() -> None:
    asked = after(deed(Move.EXTENSION_ASKED, "Li", until=10))
    assert objection(deed(Move.EXTENDED, " li "), OPEN, asked) is Objection.SAME_PERSON
    assert objection(deed(Move.EXTENDED, "wang"), OPEN, asked) is None


def test_what_was_done_about_an_earlier_life_binds_the_later_one_to_nothing() -> None:
    before = after(deed(Move.EXTENSION_ASKED, until=10), deed(Move.EXTENDED, "wang", until=10))
    again = dataclasses.replace(OPEN, first_seen=NOW + DAY)
    assert handled(again, before) == again
    assert since(before, again.first_seen) == UNHANDLED


def test_a_false_positive_holds_for_the_value_it_was_said_of() -> None:
    handling = after(deed(Move.FALSE_POSITIVE, until=30))
    assert [waiver.until for waiver in excuses(OPEN, handling)] == [TODAY + 30 * DAY]
    assert excuses(dataclasses.replace(OPEN, value="3306"), handling) == ()


CLOSED = dataclasses.replace(OPEN, state=State.CLOSED)
ENDLESS = dataclasses.replace(OPEN, deadline=None)


@pytest.mark.parametrize(
    ("done", "on", "why"),
    [
        (deed(Move.ACKNOWLEDGED), CLOSED, Objection.NOT_OPEN),
        (deed(Move.COMMENTED), CLOSED, None),
        (deed(Move.COMMENTED, why=""), OPEN, Objection.NO_REASON),
        (deed(Move.FALSE_POSITIVE, why="", until=3), OPEN, Objection.NO_REASON),
        (deed(Move.FALSE_POSITIVE), OPEN, Objection.NOT_LATER),
        (deed(Move.FALSE_POSITIVE, until=0), OPEN, Objection.NOT_LATER),
        (deed(Move.FALSE_POSITIVE, until=181), OPEN, Objection.TOO_LONG),
        (deed(Move.FALSE_POSITIVE, until=180), OPEN, None),
        (deed(Move.EXTENSION_ASKED, until=3), OPEN, Objection.NOT_LATER),
        (deed(Move.EXTENSION_ASKED, until=4), OPEN, None),
        (deed(Move.EXTENSION_ASKED, until=4), ENDLESS, Objection.NO_DEADLINE),
        (deed(Move.EXTENDED, "wang"), OPEN, Objection.NOTHING_ASKED),
        (deed(Move.CLAIMED_FIXED), OPEN, None),
    ],
)
def test_what_cannot_be_done_is_refused(done: Deed, on: Finding, why: Objection | None) -> None:
    assert objection(done, on, UNHANDLED) is why


def test_nobody_claims_twice_before_the_answer() -> None:
    claimed = after(deed(Move.CLAIMED_FIXED))
    assert objection(deed(Move.CLAIMED_FIXED), OPEN, claimed) is Objection.ALREADY_CLAIMED
    assert objection(deed(Move.CLAIMED_FIXED), OPEN, claimed.after(deed(Move.SENT_BACK))) is None
