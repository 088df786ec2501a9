"""Whether a rule's cases show all that it can say."""

from __future__ import annotations

from rules.cases import Result, unshown
from rules.verdict import Outcome

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def case(rule: str, expected: Outcome, actual: Outcome | None = None) -> Result:
    return Result(rule, "case", {"": expected}, {"": actual or expected})


def test_a_rule_that_shows_every_outcome_lacks_nothing() -> None:
    assert unshown([case("whole", PASS), case("whole", FAIL), case("whole", UNKNOWN)]) == {}


def test_what_is_not_shown_is_told_by_rule() -> None:
    results = [case("one", PASS), case("two", FAIL), case("two", Outcome.NOT_APPLICABLE)]
    assert unshown(results) == {"one": (FAIL, UNKNOWN), "two": (PASS, UNKNOWN)}


def test_a_case_that_does_not_hold_shows_nothing() -> None:
    assert unshown([case("one", PASS), case("one", FAIL, UNKNOWN)]) == {"one": (FAIL, UNKNOWN)}
