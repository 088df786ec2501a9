"""Two policies over the same facts: what one would change of the other."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.comparison import Turn, clause_changes, shifts
from rules.policy import Clause, Level, Policy
from rules.verdict import Outcome, Verdict
from tests.rules.judgement import policy, verdict

DAY = dt.date(2026, 11, 1)
FAIL, PASS, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN


def turns(old: Policy, new: Policy, before: Outcome | None, after: Outcome | None) -> list[Turn]:
    told = [[verdict("rule", outcome, "tcp/1")] if outcome else [] for outcome in (before, after)]
    return [shift.turn for shift in shifts(old, new, told[0], told[1], DAY)]


HIGH, LOW, NONE = policy(Clause("rule", Level.HIGH)), policy(Clause("rule", Level.LOW)), policy()


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "expected"),
    [
        (HIGH, HIGH, FAIL, FAIL, []),
        (HIGH, HIGH, PASS, FAIL, [Turn.OPENS]),
        (HIGH, HIGH, None, FAIL, [Turn.OPENS]),
        (HIGH, HIGH, UNKNOWN, FAIL, [Turn.OPENS]),
        (NONE, HIGH, None, FAIL, [Turn.OPENS]),
        (NONE, HIGH, None, PASS, []),
        (HIGH, HIGH, FAIL, PASS, [Turn.CLOSES]),
        (HIGH, HIGH, FAIL, Outcome.NOT_APPLICABLE, [Turn.CLOSES]),
        (HIGH, HIGH, FAIL, None, [Turn.CLOSES]),
        (HIGH, NONE, FAIL, None, [Turn.CLOSES]),
        (HIGH, LOW, FAIL, FAIL, [Turn.FALLS]),
        (LOW, HIGH, FAIL, FAIL, [Turn.RISES]),
        (HIGH, LOW, PASS, PASS, []),
    ],
)
def test_a_finding_takes_the_turn_that_facts_and_clauses_give_it(
    old: Policy, new: Policy, before: Outcome | None, after: Outcome | None, expected: list[Turn]
) -> None:
    assert turns(old, new, before, after) == expected


def test_what_cannot_be_decided_any_more_closes_nothing_and_may_weigh_otherwise() -> None:
    assert turns(HIGH, HIGH, FAIL, UNKNOWN) == []
    assert turns(HIGH, LOW, FAIL, UNKNOWN) == [Turn.FALLS]
    assert turns(HIGH, HIGH, PASS, UNKNOWN) == []


def test_a_clause_counts_from_its_day() -> None:
    later = policy(Clause("rule", Level.HIGH, since=DAY + dt.timedelta(days=1)))
    assert turns(NONE, later, None, FAIL) == []
    told = [verdict("rule", FAIL)]
    assert [shift.turn for shift in shifts(NONE, later, [], told, DAY + dt.timedelta(days=1))] == [Turn.OPENS]
    assert turns(HIGH, later, FAIL, FAIL) == [Turn.CLOSES]


def test_what_opens_tells_its_reason() -> None:
    (shift,) = shifts(NONE, HIGH, [], [verdict("rule", FAIL, reason="x = 1")], DAY)
    assert shift.reason == "x = 1"


def test_clauses_that_differ_are_told_by_rule() -> None:
    old = policy(Clause("a", Level.HIGH), Clause("b", Level.LOW, 7), Clause("c", Level.LOW), Clause("same", Level.LOW))
    new = policy(Clause("b", Level.LOW, 3), Clause("c", Level.HIGH), Clause("d", Level.LOW), Clause("same", Level.LOW))
    assert [(one.rule, one.turn) for one in clause_changes(old, new)] == [
        ("a", Turn.CLOSES),
        ("b", Turn.OTHERWISE),
        ("c", Turn.RISES),
        ("d", Turn.OPENS),
    ]


LEVELS = st.none() | st.sampled_from(Level)
VERDICTS = st.lists(
    st.builds(
        lambda rule, outcome, subject: verdict(rule, outcome, subject),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(Outcome),
        st.sampled_from(["", "s"]),
    ),
    unique_by=lambda one: (one.rule, one.subject),
)
POLICIES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(Level)).map(
    lambda levels: policy(*(Clause(rule, level) for rule, level in levels.items()))
)


@given(policy=POLICIES, told=VERDICTS)
def test_a_policy_compared_with_itself_changes_nothing(policy: Policy, told: list[Verdict]) -> None:
    assert list(shifts(policy, policy, told, told, DAY)) == []
    assert list(clause_changes(policy, policy)) == []


@given(old=POLICIES, new=POLICIES, told=VERDICTS)
def test_what_one_way_opens_the_other_way_closes(old: Policy, new: Policy, told: list[Verdict]) -> None:
    known = [one for one in told if one.outcome is not UNKNOWN]
    mirrored = {Turn.OPENS: Turn.CLOSES, Turn.CLOSES: Turn.OPENS, Turn.RISES: Turn.FALLS, Turn.FALLS: Turn.RISES}
    there = [(one.key, one.turn) for one in shifts(old, new, known, known, DAY)]
    back = [(one.key, mirrored[one.turn]) for one in shifts(new, old, known, known, DAY)]
    assert there == back
