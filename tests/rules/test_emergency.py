"""An emergency: on through its last day, for whom it says, over by the calendar alone, and never after being lifted."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.clause import Clause, Proof
from rules.deed import Deed, Move
from rules.emergency import ABOUT, USUAL, Terms, begun, expiry, ordered, strained
from rules.policy import Level, Policy
from rules.text import Text

AT = dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC)
TODAY = AT.date()
TERMS = Terms(frozenset({"edu"}), frozenset({"www"}), 0.5, 2, "strict")
ORDER = begun(TERMS, TODAY, Deed(Move.EMERGENCY_BEGUN, "李", AT))
LIFTED = Deed(Move.EMERGENCY_LIFTED, "李", AT, about=ABOUT)


def test_what_was_ordered_is_read_as_it_was_written() -> None:
    found = ordered([ORDER])
    assert found is not None
    assert (found.terms, found.until) == (TERMS, TODAY)


@given(days=st.integers(-400, 400))
def test_it_holds_through_its_last_day_whatever_the_clock_did_meanwhile(days: int) -> None:
    found = ordered([ORDER])
    assert found is not None
    assert found.holds(TODAY + dt.timedelta(days=days)) is (days <= 0)


def test_whoever_lifts_it_lifts_it_for_good_until_another_is_ordered() -> None:
    assert ordered([ORDER, LIFTED]) is None
    again = ordered([ORDER, LIFTED, ORDER])
    assert again is not None


@pytest.mark.parametrize(
    ("host", "agencies", "covered"),
    [("www", {"health"}, True), ("x", {"school", "edu"}, True), ("x", {"health"}, False)],
)
def test_it_concerns_whom_it_names_and_those_below(host: str, agencies: set[str], covered: bool) -> None:
    found = ordered([ORDER])
    assert found is not None
    assert found.terms.covers(host, agencies) is covered
    assert USUAL.covers(host, agencies)


def test_its_end_is_noted_once() -> None:
    tomorrow = TODAY + dt.timedelta(days=1)
    assert expiry([ORDER], TODAY, "diaolou", AT) is None
    noted = expiry([ORDER], tomorrow, "diaolou", AT)
    assert noted is not None
    assert noted.move is Move.EMERGENCY_EXPIRED
    assert expiry([ORDER, noted], tomorrow, "diaolou", AT) is None
    assert expiry([ORDER, LIFTED], tomorrow, "diaolou", AT) is None


def policy(clause: Clause) -> Policy:
    return Policy("p", "1", Text("策略", "policy"), {"rule": clause}, {}, {})


@pytest.mark.parametrize("proof", [None, Proof(3, 5, 4, 1), Proof(1, 1, 1)])
@given(most=st.integers(1, 10))
def test_fewer_failures_open_and_as_many_passes_close(proof: Proof | None, most: int) -> None:
    usual = policy(Clause("rule", Level.HIGH, proof=proof))
    before = usual.proof(usual.clauses["rule"])
    hurried = strained(usual, replace(USUAL, confirmations=most))
    after = hurried.proof(hurried.clauses["rule"])
    assert after == replace(before, failures=min(before.failures, most))
