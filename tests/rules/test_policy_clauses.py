"""Clauses that become stricter, profiles, and how sure one must be."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.target import Kind
from rules.agency import Tier
from rules.finding import Act, Finding, Key, State
from rules.lifecycle import Progress, advance
from rules.policy import Addressee, Change, Circle, Clause, Level, Policy, Profile, Proof, Step, Workdays
from rules.text import Text
from rules.verdict import Outcome, Witness
from tests.rules.judgement import NOW, policy, verdict

DAY = dt.timedelta(days=1)
TODAY = NOW.date()
HOSPITAL = Addressee(Tier.COUNTY, "hospital", frozenset({"health", "county"}), Kind.WEBSITE, 5)
TOWN = Addressee(Tier.TOWN, "", frozenset({"chikan", "county"}), Kind.SERVER, 2)


# --- gets stricter on


STRICTER = Clause("rule", Level.LOW, 90, stricter=(Step(TODAY, Level.MEDIUM), Step(TODAY + 10 * DAY, Level.HIGH, 7)))


@pytest.mark.parametrize(
    ("day", "level", "days", "announced"),
    [
        (TODAY - DAY, Level.LOW, 90, 2),
        (TODAY, Level.MEDIUM, 90, 1),
        (TODAY + 9 * DAY, Level.MEDIUM, 90, 1),
        (TODAY + 10 * DAY, Level.HIGH, 7, 0),
    ],
)
def test_a_clause_gets_stricter_on_its_days(day: dt.date, level: Level, days: int, announced: int) -> None:
    reads = STRICTER.on(day)
    assert (reads.level, reads.days, len(reads.stricter)) == (level, days, announced)


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_reading_a_clause_on_two_days_is_reading_it_on_the_later(one: int, other: int) -> None:
    first, second = sorted((TODAY + one * DAY, TODAY + other * DAY))
    assert STRICTER.on(first).on(second) == STRICTER.on(second)


# --- profiles


def profile(
    circle: Circle, since: dt.date | None = None, days: dict[Level, int] | None = None, **changes: Change
) -> Profile:
    return Profile("p", Text("档案", "profile"), circle, since, days or {}, changes)


@pytest.mark.parametrize(
    ("circle", "hospital", "town"),
    [
        (Circle(), True, True),
        (Circle(tiers=frozenset({Tier.TOWN, Tier.VILLAGE})), False, True),
        (Circle(agency_kinds=frozenset({"hospital"})), True, False),
        (Circle(agencies=frozenset({"county"})), True, True),
        (Circle(agencies=frozenset({"health"})), True, False),
        (Circle(kinds=frozenset({Kind.SERVER})), False, True),
        (Circle(value=5), True, False),
        (Circle(value=2, kinds=frozenset({Kind.WEBSITE})), True, False),
        (Circle(tiers=frozenset({Tier.COUNTY}), kinds=frozenset({Kind.MAIL})), False, False),
    ],
)
def test_a_profile_means_who_fits_every_condition(circle: Circle, hospital: bool, town: bool) -> None:
    assert (circle.holds(HOSPITAL), circle.holds(TOWN)) == (hospital, town)


def applied(one: Addressee, *profiles: Profile, day: dt.date = TODAY) -> Policy:
    whole = policy(Clause("a", Level.HIGH, 7), Clause("b", Level.LOW, 90), profiles=profiles)
    return whole.on(day, whole.profiles_of(one, day))


def test_a_profile_changes_levels_and_deadlines_for_whom_it_means_alone() -> None:
    strict = profile(Circle(value=5), None, {Level.HIGH: 3}, b=Change(level=Level.HIGH))
    assert applied(HOSPITAL, strict).clauses == {"a": Clause("a", Level.HIGH, 3), "b": Clause("b", Level.HIGH, 3)}
    assert applied(TOWN, strict).clauses == {"a": Clause("a", Level.HIGH, 7), "b": Clause("b", Level.LOW, 90)}


def test_a_change_of_the_rule_beats_the_deadline_of_its_level() -> None:
    strict = profile(Circle(), None, {Level.HIGH: 3}, a=Change(days=1))
    assert applied(TOWN, strict).clauses["a"].days == 1


def test_a_rule_that_is_off_is_not_asked_for() -> None:
    assert applied(TOWN, profile(Circle(), a=Change(off=True))).clauses.keys() == {"b"}


def test_the_later_profile_has_the_last_word() -> None:
    first, second = profile(Circle(), a=Change(level=Level.CRITICAL)), profile(Circle(), a=Change(level=Level.NOTICE))
    assert applied(TOWN, first, second).clauses["a"].level is Level.NOTICE
    assert applied(TOWN, second, first).clauses["a"].level is Level.CRITICAL


def test_a_profile_counts_from_its_day() -> None:
    later = profile(Circle(), TODAY + DAY, a=Change(level=Level.CRITICAL))
    assert applied(TOWN, later).clauses["a"].level is Level.HIGH
    assert applied(TOWN, later, day=TODAY + DAY).clauses["a"].level is Level.CRITICAL


# --- how sure


PASS, FAIL = Outcome.PASS, Outcome.FAIL


def life(looks: str, proof: Proof) -> tuple[Progress, str]:
    """Return what came of *looks*, `f` and `p`, one a day, and the state after each: p, o, c, or - for none."""
    binding = policy(Clause("rule", Level.HIGH, 7, proof=proof))
    progress, states = Progress((), (), ()), ""
    events = []
    for number, look in enumerate(looks):
        at = NOW + number * DAY
        told = verdict("rule", FAIL if look == "f" else PASS, "s", witness=(Witness("tcp_ports", "here", "s", at),))
        progress = advance("edu", [told], progress.findings, binding, (), at)
        events += progress.events
        states += progress.findings[0].state.value[0] if progress.findings else "-"
    return Progress(progress.findings, (), tuple(events)), states


@pytest.mark.parametrize(
    ("looks", "proof", "states"),
    [
        ("ff", Proof(2, 2, 2), "po"),
        ("fpf", Proof(2, 2, 2), "p-p"),
        ("fpf", Proof(2, 3, 2), "ppo"),
        ("fppf", Proof(2, 3, 2), "pp-p"),
        ("fpfpf", Proof(3, 5, 2), "ppppo"),
        ("f", Proof(1, 1, 1), "o"),
        ("ffp", Proof(2, 2, 1), "poc"),
        ("ffppp", Proof(2, 2, 3), "pooo" + "c"),
        ("ffppfpp", Proof(2, 2, 2), "pooc" + "ooc"),
        ("ffppfpppp", Proof(2, 2, 2, damping=1), "pooc" + "oooc" + "c"),
        ("ffppfpppfppppp", Proof(2, 2, 2, damping=1), "pooc" + "oooc" + "ooooc" + "c"),
    ],
)
def test_k_of_n_opens_and_damping_asks_more_of_what_came_back(looks: str, proof: Proof, states: str) -> None:
    assert life(looks, proof)[1] == states


def test_a_finding_counts_how_often_it_came_back() -> None:
    progress, _ = life("ffppfppf", Proof(2, 2, 2))
    assert progress.findings[0].flaps == 2
    acts = [Act.OPENED, Act.CLOSED, Act.REOPENED, Act.CLOSED, Act.REOPENED]
    assert [event.act for event in progress.events] == acts


@given(looks=st.text("fp", max_size=40), failures=st.integers(1, 4), more=st.integers(0, 3), passes=st.integers(1, 3))
def test_a_finding_opens_only_on_enough_failures_and_closes_only_on_enough_passes(
    looks: str, failures: int, more: int, passes: int
) -> None:
    proof = Proof(failures, failures + more, passes)
    states = "-" + life(looks, proof)[1]
    for number, (was, now) in enumerate(itertools.pairwise(states), start=1):
        if was in "-p" and now == "o":
            assert looks[max(0, number - proof.of) : number].count("f") >= failures
        if was == "o" and now == "c":
            assert looks[number - passes : number] == "p" * passes


@given(looks=st.text("fp", max_size=40), failures=st.integers(1, 4), more=st.integers(0, 3))
def test_whatever_happened_a_finding_can_still_open_and_close(looks: str, failures: int, more: int) -> None:
    proof = Proof(failures, failures + more, 2)
    assert life(looks + "f" * failures, proof)[1].endswith("o")
    assert life(looks + "f" * failures + "pp", proof)[1].endswith("c")


# --- deadlines


def test_a_deadline_is_counted_in_working_days_and_by_the_local_calendar() -> None:
    friday = dt.datetime(2026, 11, 20, 17, 0, tzinfo=dt.UTC)  # Saturday already in Kaiping
    clause, china = Clause("rule", Level.HIGH, 3), dt.timezone(dt.timedelta(hours=8))
    assert policy(clause).deadline(clause, friday) == dt.date(2026, 11, 23)
    assert policy(clause, zone=china).deadline(clause, friday) == dt.date(2026, 11, 24)
    assert policy(clause, zone=china, workdays=Workdays()).deadline(clause, friday) == dt.date(2026, 11, 25)


def test_without_days_there_is_no_deadline() -> None:
    clause = Clause("rule", Level.NOTICE)
    assert policy(clause, workdays=Workdays()).deadline(clause, NOW) is None


def test_an_opened_finding_bears_the_deadline_of_its_profile() -> None:
    reads = applied(HOSPITAL, profile(Circle(value=5), None, {Level.HIGH: 3}))
    looked = verdict("a", FAIL, witness=(Witness("tcp_ports", "here", "", NOW + DAY),))
    before = Finding(Key("a", "www.example", ""), "health", Level.HIGH, State.PENDING, NOW, NOW, recent="f")
    (found,) = advance("health", [looked], [before], reads, (), NOW + DAY).findings
    assert (found.state, found.deadline) == (State.OPEN, TODAY + 4 * DAY)
