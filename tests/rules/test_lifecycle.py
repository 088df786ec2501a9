import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finding import Act, Finding, State, Waiver
from rules.lifecycle import Progress, advance
from rules.policy import Clause, Level, Policy
from rules.verdict import Outcome, Verdict, Witness
from tests.rules.judgement import NOW, policy, verdict

CLAUSE = Clause("rule", Level.HIGH, days=7)
POLICY = policy(CLAUSE, confirmations=2)
DAY = dt.timedelta(days=1)


def rounds(*outcomes: Outcome | None, start: tuple[Finding, ...] = (), waivers: tuple[Waiver, ...] = ()) -> Progress:
    """One judgement a day; None is a round in which the subject was no longer there."""
    progress = Progress(start, (), ())
    for day, outcome in enumerate(outcomes):
        at = NOW + day * DAY
        subject, said = ("tcp/1", outcome) if outcome else ("else", Outcome.PASS)
        told = [verdict("rule", said, subject, witness=(Witness("tcp_ports", "here", subject, at),))]
        progress = advance("edu", told, progress.findings, POLICY, waivers, at)
    return progress


PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def looked(outcome: Outcome, at: dt.datetime, **changes: object) -> Verdict:
    """A verdict on what was looked at then."""
    return verdict("rule", outcome, "tcp/1", witness=(Witness("tcp_ports", "here", "tcp/1", at),), **changes)


def test_one_failure_is_only_pending() -> None:
    (found,) = rounds(FAIL).findings
    assert found.state is State.PENDING


def test_a_confirmed_failure_opens_with_a_deadline() -> None:
    progress = rounds(FAIL, FAIL)
    (found,) = progress.findings
    assert (found.state, found.first_seen, found.deadline) == (State.OPEN, NOW, (NOW + 8 * DAY).date())
    assert [event.act for event in progress.events] == [Act.OPENED]


def test_a_pending_failure_that_passes_leaves_no_trace() -> None:
    progress = rounds(FAIL, PASS)
    assert (progress.findings, len(progress.dropped), progress.events) == ((), 1, ())


def test_one_pass_does_not_close() -> None:
    (found,) = rounds(FAIL, FAIL, PASS).findings
    assert found.state is State.OPEN


def test_a_confirmed_pass_closes() -> None:
    progress = rounds(FAIL, FAIL, PASS, PASS)
    (found,) = progress.findings
    assert (found.state, found.closed_at) == (State.CLOSED, NOW + 3 * DAY)
    assert [event.act for event in progress.events] == [Act.CLOSED]


def test_not_measuring_never_closes_nor_opens() -> None:
    (found,) = rounds(FAIL, FAIL, *[UNKNOWN] * 20).findings
    assert found.state is State.OPEN
    assert rounds(*[UNKNOWN] * 20).findings == ()


def test_an_unknown_between_two_failures_does_not_disturb_the_count() -> None:
    (found,) = rounds(FAIL, UNKNOWN, FAIL).findings
    assert found.state is State.OPEN


def test_what_returns_within_the_period_keeps_its_first_day() -> None:
    progress = rounds(FAIL, FAIL, PASS, PASS, FAIL)
    (found,) = progress.findings
    assert (found.state, found.first_seen) == (State.OPEN, NOW)
    assert [event.act for event in progress.events] == [Act.REOPENED]


def test_what_returns_after_the_period_is_new() -> None:
    closed = rounds(FAIL, FAIL, PASS, PASS).findings
    later = NOW + 200 * DAY
    (found,) = advance("edu", [looked(FAIL, later)], closed, POLICY, (), later).findings
    assert (found.state, found.first_seen) == (State.PENDING, later)


def test_a_subject_that_is_surely_gone_closes() -> None:
    progress = rounds(FAIL, FAIL, None, None)
    assert [found.state for found in progress.findings] == [State.CLOSED]


def test_a_subject_missing_while_its_rule_is_unsure_stays_open() -> None:
    opened = rounds(FAIL, FAIL).findings
    unsure = [verdict("rule", UNKNOWN)]
    for _ in range(5):
        progress = advance("edu", unsure, opened, POLICY, (), NOW + 9 * DAY)
        opened = progress.findings
    assert [found.state for found in opened] == [State.OPEN]


def test_a_rule_that_was_not_judged_at_all_keeps_its_findings() -> None:
    opened = rounds(FAIL, FAIL).findings
    assert advance("edu", [], opened, POLICY, (), NOW + 9 * DAY).findings == opened


def test_a_failure_from_one_vantage_outweighs_a_pass_from_another() -> None:
    seen = [looked(FAIL, NOW, vantage="inside"), looked(PASS, NOW, vantage="outside")]
    (found,) = advance("edu", seen, (), policy(CLAUSE, confirmations=1), (), NOW).findings
    assert found.state is State.OPEN


def test_a_clause_not_yet_in_force_opens_nothing() -> None:
    later = policy(Clause("rule", Level.HIGH, since=NOW.date() + DAY), confirmations=1)
    assert advance("edu", [looked(FAIL, NOW)], (), later, (), NOW).findings == ()


@pytest.mark.parametrize("binding", [policy(), policy(Clause("rule", Level.HIGH, since=NOW.date() + 30 * DAY))])
def test_what_no_clause_in_force_demands_any_more_is_withdrawn(binding: Policy) -> None:
    opened = rounds(FAIL, FAIL).findings
    progress = advance("edu", [looked(FAIL, NOW + 2 * DAY)], opened, binding, (), NOW + 2 * DAY)
    assert [(found.state, found.closed_at) for found in progress.findings] == [(State.CLOSED, NOW + 2 * DAY)]
    assert [(event.act, event.detail) for event in progress.events] == [(Act.CLOSED, "withdrawn")]
    again = advance("edu", [looked(FAIL, NOW + 3 * DAY)], progress.findings, binding, (), NOW + 3 * DAY)
    assert (again.findings, again.events) == (progress.findings, ())


def test_what_was_withdrawn_comes_back_with_its_clause_and_its_first_day() -> None:
    withdrawn = advance("edu", [], rounds(FAIL, FAIL).findings, policy(), (), NOW + 2 * DAY).findings
    progress = advance("edu", [looked(FAIL, NOW + 3 * DAY)], withdrawn, POLICY, (), NOW + 3 * DAY)
    (found,) = progress.findings
    assert (found.state, found.first_seen) == (State.OPEN, NOW)
    assert [event.act for event in progress.events] == [Act.REOPENED]


def test_without_a_clause_nothing_is_even_pending() -> None:
    pending = rounds(FAIL).findings
    progress = advance("edu", [looked(FAIL, NOW + DAY)], pending, policy(), (), NOW + DAY)
    assert (progress.findings, len(progress.dropped), progress.events) == ((), 1, ())


def test_a_changed_level_is_told() -> None:
    opened = rounds(FAIL, FAIL).findings
    raised = policy(Clause("rule", Level.CRITICAL, days=7))
    progress = advance("edu", [looked(FAIL, NOW + 2 * DAY)], opened, raised, (), NOW + 2 * DAY)
    assert [(event.act, event.detail) for event in progress.events] == [(Act.CHANGED, "high → critical")]


def waiver(**changes: object) -> Waiver:
    settings: dict[str, object] = {"reason": "agreed", "requested_by": "a", "approved_by": "b"}
    return Waiver(rule="rule", until=NOW.date() + 3 * DAY, **{**settings, **changes})  # type: ignore[arg-type]


def test_a_waiver_covers_until_its_day_and_no_longer() -> None:
    agreed = (waiver(),)
    assert [found.waived for found in rounds(FAIL, FAIL, waivers=agreed).findings] == [True]
    assert [found.waived for found in rounds(*[FAIL] * 5, waivers=agreed).findings] == [False]


def test_a_waiver_lapses_when_the_value_changes() -> None:
    agreed = (waiver(value="another"),)
    assert [found.waived for found in rounds(FAIL, FAIL, waivers=agreed).findings] == [False]


def test_a_waiver_of_another_agency_covers_nothing() -> None:
    assert [found.waived for found in rounds(FAIL, FAIL, waivers=(waiver(agency="health"),)).findings] == [False]


def seen(outcome: Outcome, minute: int) -> Verdict:
    return looked(outcome, NOW + dt.timedelta(minutes=minute))


def test_judging_the_same_look_twice_confirms_nothing() -> None:
    progress = Progress((), (), ())
    for minute in range(3):
        now = NOW + dt.timedelta(minutes=10 + minute)
        progress = advance("edu", [seen(FAIL, 0)], progress.findings, POLICY, (), now)
    assert [found.state for found in progress.findings] == [State.PENDING]


def test_a_second_look_confirms() -> None:
    first = advance("edu", [seen(FAIL, 0)], (), POLICY, (), NOW)
    second = advance("edu", [seen(FAIL, 5)], first.findings, POLICY, (), NOW + dt.timedelta(minutes=6))
    assert [found.state for found in second.findings] == [State.OPEN]


def test_judging_the_same_pass_twice_closes_nothing() -> None:
    opened = rounds(FAIL, FAIL).findings
    for minute in range(3):
        later = NOW + 9 * DAY + dt.timedelta(minutes=minute)
        opened = advance("edu", [seen(PASS, 9 * 24 * 60)], opened, POLICY, (), later).findings
    assert [(found.state, found.passes) for found in opened] == [(State.OPEN, 1)]


def test_a_subject_that_failed_to_answer_is_not_gone() -> None:
    opened = rounds(FAIL, FAIL).findings
    for day in range(9, 14):
        other = verdict("rule", PASS, "else", witness=(Witness("tcp_ports", "here", "else", NOW + day * DAY),))
        opened = advance("edu", [other], opened, POLICY, (), NOW + day * DAY, {"tcp/1"}).findings
    assert [found.state for found in opened] == [State.OPEN]


def test_a_rule_with_nothing_to_say_of_a_silent_subject_closes_nothing() -> None:
    opened = rounds(FAIL, FAIL).findings
    for day in range(9, 14):
        mute = verdict("rule", Outcome.NOT_APPLICABLE, "tcp/1")
        opened = advance("edu", [mute], opened, POLICY, (), NOW + day * DAY, {"tcp/1"}).findings
    assert [found.state for found in opened] == [State.OPEN]


def test_without_any_evidence_nothing_is_gone() -> None:
    opened = rounds(FAIL, FAIL).findings
    for day in range(9, 14):
        opened = advance("edu", [verdict("rule", PASS, "else")], opened, POLICY, (), NOW + day * DAY).findings
    assert [found.state for found in opened] == [State.OPEN]


@pytest.mark.parametrize("outcome", [FAIL, PASS, Outcome.NOT_APPLICABLE])
def test_a_judgement_without_evidence_is_no_look(outcome: Outcome) -> None:
    nothing = verdict("rule", outcome, "tcp/1")
    for before in ((), rounds(FAIL).findings, rounds(FAIL, FAIL).findings, rounds(FAIL, FAIL, PASS).findings):
        after = before
        for day in range(9, 14):
            after = advance("edu", [nothing], after, POLICY, (), NOW + day * DAY).findings
        assert after == before


def test_a_finding_dated_by_a_clock_that_ran_ahead_closes_once_the_clock_is_right() -> None:
    ahead = Progress((), (), ())
    for day in range(2):
        at = NOW + (1500 + day) * DAY
        ahead = advance("edu", [looked(FAIL, at)], ahead.findings, POLICY, (), at)
    right = advance("edu", [verdict("rule", UNKNOWN, "tcp/1")], ahead.findings, POLICY, (), NOW)
    (found,) = right.findings
    assert (found.state, found.first_seen, found.last_confirmed) == (State.OPEN, NOW, NOW)
    assert found.deadline == (NOW + 7 * DAY).date()
    for day in range(1, 3):
        right = advance("edu", [looked(PASS, NOW + day * DAY)], right.findings, POLICY, (), NOW + day * DAY)
    assert [(found.state, found.closed_at) for found in right.findings] == [(State.CLOSED, NOW + 2 * DAY)]


def test_a_look_of_the_future_confirms_nothing_however_often_it_is_judged() -> None:
    found: tuple[Finding, ...] = ()
    for day in range(5):
        found = advance("edu", [looked(FAIL, NOW + 1500 * DAY)], found, POLICY, (), NOW + day * DAY).findings
    assert found == ()


MOMENTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))


@given(st.lists(st.tuples(st.sampled_from((PASS, FAIL, UNKNOWN)), MOMENTS, MOMENTS), max_size=12))
def test_whatever_the_clock_said_before_a_finding_still_opens_and_closes(
    past: list[tuple[Outcome, dt.datetime, dt.datetime]],
) -> None:
    found: tuple[Finding, ...] = ()
    for outcome, at, now in past:
        found = advance("edu", [looked(outcome, at)], found, POLICY, (), now).findings
    found = advance("edu", [verdict("rule", UNKNOWN, "tcp/1")], found, POLICY, (), NOW).findings
    for day, outcome in enumerate((FAIL, FAIL, PASS, PASS), 1):
        found = advance("edu", [looked(outcome, NOW + day * DAY)], found, POLICY, (), NOW + day * DAY).findings
        if day == 2:
            assert [one.state for one in found] == [State.OPEN]
    assert [one.state for one in found] == [State.CLOSED]
    assert all(one.first_seen <= NOW + DAY for one in found)


def test_going_dark_for_a_while_buys_no_time() -> None:
    closed = rounds(FAIL, FAIL, PASS, PASS)
    again = rounds(FAIL, FAIL, PASS, PASS, FAIL)
    assert [found.deadline for found in again.findings] == [found.deadline for found in closed.findings]


def test_a_finding_keeps_the_digest_of_the_policy_that_judged_it_last() -> None:
    opening, closing = (policy(CLAUSE, confirmations=1, digest=digest) for digest in ("first", "second"))
    (found,) = advance("edu", [looked(FAIL, NOW)], (), opening, (), NOW).findings
    assert found.policy == "first"
    (found,) = advance("edu", [looked(UNKNOWN, NOW + DAY)], [found], closing, (), NOW + DAY).findings
    assert found.policy == "first"
    (found,) = advance("edu", [looked(PASS, NOW + DAY)], [found], closing, (), NOW + DAY).findings
    assert found.policy == "second"
