"""Alerts: told further up while nobody answers, never again once somebody does, and anew when they come back."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.agency import Role
from rules.alert import ABOUT, Alert, AlertObjection, Rung, Severity, Signal, Whom, alerts, due, objection, raised
from rules.deed import Deed, Move

AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ID = "00000000000000aa"
BOTH = frozenset({Severity.CRITICAL, Severity.WARNING})
LADDER = (
    Rung(60, Whom.AGENCY, Role.TECHNICAL),
    Rung(120, Whom.AGENCY, Role.LEAD, BOTH),
    Rung(300, Whom.SUPERIOR, Role.LEAD),
)


def later(seconds: float) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


def deed(move: Move, seconds: float = 0, value: str = "", who: str = "李敏") -> Deed:
    return Deed(move, who, later(seconds), value=value, about=ABOUT + ID)


def beginning(severity: Severity = Severity.CRITICAL, seconds: float = 0) -> Deed:
    return raised(
        ID, Signal("DiaolouWebsiteDown", severity, "edu", "www.edu", "打不开 / down"), "diaolou", later(seconds)
    )


def one(*deeds: Deed) -> Alert:
    return alerts(deeds)[ID]


def test_what_was_raised_is_read_as_it_was_told() -> None:
    alert = one(beginning())
    assert alert.signal == Signal("DiaolouWebsiteDown", Severity.CRITICAL, "edu", "www.edu", "打不开 / down")
    assert alert.waiting


@pytest.mark.parametrize(
    ("severity", "seconds", "steps"),
    [
        (Severity.CRITICAL, 59, []),
        (Severity.CRITICAL, 60, [1]),
        (Severity.CRITICAL, 400, [1, 2, 3]),
        (Severity.WARNING, 400, [2]),
        (Severity.INFO, 4000, []),
        (Severity.CRITICAL, -86400, []),
    ],
)
def test_it_goes_up_by_time_and_severity(severity: Severity, seconds: float, steps: list[int]) -> None:
    assert [number for number, _ in due(one(beginning(severity)), LADDER, later(seconds))] == steps


@given(st.lists(st.sampled_from([1, 2, 3]), max_size=6))
def test_nobody_is_told_twice_on_the_same_step(told: list[int]) -> None:
    alert = one(beginning(), *(deed(Move.ALERT_ESCALATED, value=str(step)) for step in told))
    assert {number for number, _ in due(alert, LADDER, later(1000))} == {1, 2, 3} - set(told)


@pytest.mark.parametrize("move", [Move.ALERT_ACKNOWLEDGED, Move.ALERT_RESOLVED])
def test_answered_or_over_it_is_told_no_further(move: Move) -> None:
    alert = one(beginning(), deed(move, 10))
    assert not alert.waiting
    assert due(alert, LADDER, later(10_000)) == []
    expected = AlertObjection.ALREADY if move is Move.ALERT_ACKNOWLEDGED else AlertObjection.RESOLVED
    assert objection(deed(Move.ALERT_ACKNOWLEDGED, 20), alert) is expected


def test_who_answers_first_answers() -> None:
    alert = one(beginning(), deed(Move.ALERT_ACKNOWLEDGED, 1, who="王"), deed(Move.ALERT_ACKNOWLEDGED, 2, who="李"))
    assert alert.acknowledged is not None
    assert alert.acknowledged.who == "王"


def test_what_comes_back_begins_anew() -> None:
    alert = one(beginning(), deed(Move.ALERT_ACKNOWLEDGED, 5), deed(Move.ALERT_RESOLVED, 9), beginning(seconds=100))
    assert alert.waiting
    assert [number for number, _ in due(alert, LADDER, later(160))] == [1]
