"""What was concluded, and how it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.store import AuditEntry, Judgement, Scope, Store
from probes.target import Target
from rules.finding import Act, Event, Finding, Key, State
from rules.policy import Level, Stage
from rules.verdict import Outcome, Verdict, Witness
from tests.exporters import city
from tests.monitor.watching import AT, FACTS, HOST, VANTAGE, after, probe, url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


def verdict(outcome: Outcome, *, subject: str = "", target: str = HOST, at: float = 0, reason: str = "") -> Verdict:
    witness = (Witness("http_page", VANTAGE, subject, after(at)),)
    return Verdict("https_forced", target, subject, VANTAGE, outcome, witness, reason, reason)


def finding(state: State = State.OPEN, *, target: str = HOST, subject: str = "", level: Level = Level.HIGH) -> Finding:
    key = Key("https_forced", target, subject)
    return Finding(key, "city", level, state, AT, after(60), deadline=dt.date(2026, 12, 1), value="v", reason="r")


def judge(
    store: Store, *verdicts: Verdict, at: float = 0, findings: tuple[Finding, ...] = (), events: tuple[Event, ...] = ()
) -> None:
    store.judged([Judgement(HOST, verdicts, findings, events)], after(at))


def test_a_verdict_comes_back_as_it_was_given(store: Store) -> None:
    given = verdict(Outcome.FAIL, subject="ipv6", reason="status == 200")
    judge(store, given)
    (stored,) = store.verdicts()
    assert (stored.verdict, stored.since) == (given, AT)


def test_an_outcome_keeps_its_first_day_until_it_changes(store: Store) -> None:
    judge(store, verdict(Outcome.PASS))
    judge(store, verdict(Outcome.PASS, at=60), at=60)
    judge(store, verdict(Outcome.PASS, at=120, reason="other words"), at=120)
    (stored,) = store.verdicts()
    assert (stored.since, stored.verdict.reason) == (AT, "other words")
    judge(store, verdict(Outcome.UNKNOWN, at=180), at=180)
    (stored,) = store.verdicts()
    assert stored.since == after(180)


def test_what_is_no_longer_concluded_is_gone(store: Store) -> None:
    judge(store, verdict(Outcome.PASS, subject="ipv4"), verdict(Outcome.FAIL, subject="ipv6"))
    judge(store, verdict(Outcome.PASS, subject="ipv4"), at=60)
    assert [stored.verdict.subject for stored in store.verdicts([HOST])] == ["ipv4"]


def test_judging_one_target_leaves_the_others(store: Store) -> None:
    other = Judgement("other.example", (verdict(Outcome.FAIL, target="other.example"),), ())
    store.judged([other], AT)
    judge(store, verdict(Outcome.PASS))
    assert store.verdict_counts() == {HOST: {Outcome.PASS: 1}, "other.example": {Outcome.FAIL: 1}}


def test_a_finding_comes_back_as_it_was_given(store: Store) -> None:
    given = replace(finding(State.CLOSED), closed_at=after(90), passes=2, failures=0, waived=True)
    judge(store, findings=(given,))
    assert store.findings() == [given]


def test_a_finding_that_was_given_up_is_gone(store: Store) -> None:
    judge(store, findings=(finding(State.PENDING), finding(subject="ipv6")))
    judge(store, findings=(finding(subject="ipv6"),))
    assert [item.key.subject for item in store.findings()] == ["ipv6"]


def test_findings_can_be_asked_by_target_and_state(store: Store) -> None:
    judge(store, findings=(finding(State.OPEN), finding(State.CLOSED, subject="ipv6")))
    assert [item.state for item in store.findings(states=[State.OPEN])] == [State.OPEN]
    assert store.findings(["other.example"]) == []
    assert len(store.findings([HOST])) == 2


def test_acts_only_grow_and_one_told_twice_is_one(store: Store) -> None:
    opened = Event(finding().key, Act.OPENED, AT, "why")
    closed = Event(finding().key, Act.CLOSED, after(60))
    judge(store, events=(opened,))
    judge(store, events=(opened, closed), at=60)
    assert store.events() == [opened, closed]
    assert store.events(since=after(1)) == [closed]
    assert store.events(until=after(60)) == [opened]
    assert store.events(targets=["other.example"]) == []


def test_a_judgement_that_fails_leaves_everything_as_it_was(store: Store) -> None:
    judge(store, verdict(Outcome.PASS), findings=(finding(),))
    naive = Event(finding().key, Act.CLOSED, dt.datetime(2026, 1, 1))
    with pytest.raises(Exception, match="offset-naive"):
        judge(store, verdict(Outcome.FAIL), findings=(), events=(naive,))
    assert [stored.verdict.outcome for stored in store.verdicts()] == [Outcome.PASS]
    assert store.findings() == [finding()]


def test_the_findings_of_a_target_no_longer_watched_are_kept_apart(store: Store) -> None:
    store.sync([Target(HOST, "city")], [probe()], AT)
    judge(store, findings=(finding(),))
    store.sync([], [probe()], after(60))
    assert store.findings() == []
    assert store.findings(withdrawn=True) == [finding()]
    store.sync([Target(HOST, "city")], [probe()], after(120))
    assert store.findings() == [finding()]


def test_the_worst_open_level_leaves_out_what_is_waived_closed_or_pending(store: Store) -> None:
    judge(
        store,
        findings=(
            replace(finding(subject="a", level=Level.CRITICAL), waived=True),
            finding(State.CLOSED, subject="b", level=Level.CRITICAL),
            finding(State.PENDING, subject="c", level=Level.CRITICAL),
            finding(subject="d", level=Level.LOW),
            finding(subject="e", level=Level.MEDIUM),
        ),
    )
    assert store.worst_open() == {HOST: Level.MEDIUM}
    assert store.worst_open(["other.example"]) == {}


def test_a_day_is_kept_for_every_host_and_agency_and_the_last_word_counts(store: Store) -> None:
    posture = city.city()
    store.snapshot(city.TODAY, posture.hosts, (posture.city, *posture.agencies))
    store.snapshot(city.TODAY, posture.hosts[1:], (posture.city, *posture.agencies))
    hosts = {day.subject: day for day in store.days(Scope.HOST, city.TODAY, city.TODAY)}
    assert hosts.keys() == {host.target.host for host in posture.hosts[1:]}
    for host in posture.hosts[1:]:
        day = hosts[host.target.host]
        assert (day.risk, day.coverage, day.oldest) == (host.score.risk, host.score.coverage, host.score.oldest)
        assert day.exempt == host.readiness.exempt
        assert day.stages == ({} if host.readiness.exempt else {host.readiness.stage: 1})
        assert day.waived + sum(day.findings.values()) == len(host.findings)
    agencies = {day.subject: day for day in store.days(Scope.AGENCY, city.TODAY, city.TODAY)}
    for row in (posture.city, *posture.agencies):
        day = agencies[row.agency.code]
        assert (day.rank, day.hosts, day.overdue, day.waived) == (row.rank, row.hosts, row.overdue, row.waived)
        assert day.findings == dict(row.findings)
        assert day.stages == dict(row.stages)


def test_a_trend_is_told_in_order_and_leaves_out_days_without_record(store: Store) -> None:
    posture = city.city()
    days = [city.TODAY - dt.timedelta(days=back) for back in (5, 1, 0)]
    for day in reversed(days):
        store.snapshot(day, (), (posture.city,))
    code = posture.city.agency.code
    assert [day.day for day in store.days(Scope.AGENCY, days[0], days[-1], code)] == days
    assert [day.day for day in store.days(Scope.AGENCY, days[1], days[1], code)] == [days[1]]
    assert store.days(Scope.HOST, days[0], days[-1]) == []


def test_an_unknown_stage_is_no_stage_none(store: Store) -> None:
    row = city.city().city
    store.snapshot(city.TODAY, (), (replace(row, stages={None: 3, Stage.NONE: 1}),))
    (day,) = store.days(Scope.AGENCY, city.TODAY, city.TODAY)
    assert day.stages == {None: 3, Stage.NONE: 1}


def test_the_audit_log_is_in_the_order_it_was_written(store: Store) -> None:
    store.audit("wang", "stop_scanning", "city", "storm", at=after(60))
    store.audit("li", "resume_scanning", "city", at=AT)
    assert store.audit_log() == [
        AuditEntry(after(60), "wang", "stop_scanning", "city", "storm"),
        AuditEntry(AT, "li", "resume_scanning", "city", ""),
    ]
    assert [entry.actor for entry in store.audit_log(since=after(1))] == ["wang"]
