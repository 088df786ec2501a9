"""What policy.yaml may say of single rules, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.settings.checkup import check
from probes.target import Kind
from rules.agency import Tier
from rules.policy import Change, Circle, Goal, Level, Proof, Stage, Step
from tests.monitor.operator import PROBES, RULES, Desk

CLAUSE = "aaaa_published: {level: high, days: 30, since: 2026-01-01}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_clause_says_what_it_becomes_and_how_sure_one_must_be(desk: Desk) -> None:
    desk.change(
        "policy.yaml",
        CLAUSE,
        "aaaa_published: {level: low, stricter: [{since: 2027-01-01, level: high}, {since: 2028-01-01, days: 3}],"
        " confirm: {failures: 2, of: 3, passes: 4, damping: 1}}",
    )
    clause = desk.load().policy.clauses["aaaa_published"]
    assert clause.stricter == (Step(dt.date(2027, 1, 1), Level.HIGH), Step(dt.date(2028, 1, 1), None, 3))
    assert clause.proof == Proof(2, 3, 4, 1)


def test_a_profile_says_for_whom_and_what(desk: Desk) -> None:
    text = (desk.directory / "policy.yaml").read_text()
    desk.write(
        "policy.yaml",
        text
        + """\
profiles:
  - name: strict
    title: {zh: 严, en: strict}
    whom: {tiers: [county], agency_kinds: [hospital], agencies: [city], kinds: [website], value: 4}
    since: 2027-01-01
    days: {high: 3}
    clauses: {aaaa_published: {level: critical}, no_dangerous_port_open: {off: true}}
ipv6_goals: [{by: 2026-12-31, stage: equal, share: 0.5}]
""",
    )
    policy = desk.load().policy
    (profile,) = policy.profiles
    assert profile.circle == Circle(
        frozenset({Tier.COUNTY}), frozenset({"hospital"}), frozenset({"city"}), frozenset({Kind.WEBSITE}), 4
    )
    assert (profile.since, dict(profile.days)) == (dt.date(2027, 1, 1), {Level.HIGH: 3})
    changes = {"aaaa_published": Change(Level.CRITICAL), "no_dangerous_port_open": Change(off=True)}
    assert dict(profile.changes) == changes
    assert policy.goals == (Goal(dt.date(2026, 12, 31), Stage.EQUAL, 0.5),)


def test_a_profile_reaches_the_targets_of_the_agencies_below(desk: Desk) -> None:
    desk.change("agencies.yaml", "tier: town,", "tier: town, kind: subdistrict,")
    text = (desk.directory / "policy.yaml").read_text()
    profile = "{name: p, title: {zh: 一, en: one}, whom: {agencies: [city]}, clauses: {aaaa_published: {days: 1}}}"
    desk.write("policy.yaml", f"{text}profiles: [{profile}]\n")
    config = desk.load()
    assert config.tree.agencies["town"].kind == "subdistrict"
    policy = config.policy_for(config.targets["www.education.example"], dt.date(2026, 11, 1))
    assert policy.clauses["aaaa_published"].days == 1


def test_deadlines_are_counted_in_working_days_where_the_policy_wants_it(desk: Desk) -> None:
    assert desk.load().policy.workdays is None
    desk.change("policy.yaml", "dangerous_ports", "deadlines: working\ndangerous_ports")
    desk.write("holidays.yaml", "off: [2027-02-08]\nworking: [2027-02-06]\n")
    workdays = desk.load().policy.workdays
    assert workdays is not None
    assert not workdays.works(dt.date(2027, 2, 8))
    assert workdays.works(dt.date(2027, 2, 6))
    assert not workdays.works(dt.date(2026, 10, 1))


def test_holidays_that_are_not_known_yet_are_noted(desk: Desk) -> None:
    def noted(today: dt.date) -> bool:
        return any("holidays.yaml" in note.zh for note in check(desk.directory, RULES, PROBES, today).notes)

    today = dt.date(2098, 12, 1)
    assert not noted(today)
    desk.change("policy.yaml", "dangerous_ports", "deadlines: working\ndangerous_ports")
    assert noted(today)
    desk.write("holidays.yaml", "off: [2099-01-01]\n")
    assert not noted(today)


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("{level: high, stricter: [{since: 2027-01-01}]}", "does not say what changes"),
        ("{level: low, stricter: [{since: 2027-01-01, days: 1}, {since: 2027-01-01, days: 0}]}", "the days must rise"),
        ("{level: high, confirm: {failures: 3, of: 2}}", "2 looks hold no 3"),
        ("{level: high, confirm: {failures: 11}}", "cannot be greater than 10"),
        ("{level: high, confrim: {failures: 1}}", "confrim"),
    ],
)
def test_a_clause_that_makes_no_sense_is_refused_at_its_line(desk: Desk, clause: str, said: str) -> None:
    desk.change("policy.yaml", CLAUSE, f"aaaa_published: {clause}")
    (mistake,) = desk.mistakes()
    assert said in mistake.message.en
    assert mistake.line == 8


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        ("[{name: p, title: {zh: 一, en: one}, whom: {tier: [town]}}]", 'no key "tier"'),
        ("[{name: p, title: {zh: 一, en: one}, whom: {}, clauses: {nobody: {off: true}}}]", 'no rule "nobody"'),
        (
            "[{name: p, title: {zh: 一, en: one}, whom: {}}, {name: p, title: {zh: 二, en: two}, whom: {}}]",
            "appears twice",
        ),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(desk: Desk, profiles: str, said: str) -> None:
    desk.write("policy.yaml", (desk.directory / "policy.yaml").read_text() + f"profiles: {profiles}\n")
    assert any(said in mistake.message.en for mistake in desk.mistakes())


def test_a_day_both_off_and_working_is_refused(desk: Desk) -> None:
    desk.write("holidays.yaml", "off: [2027-02-08]\nworking: [2027-02-08]\n")
    (mistake,) = desk.mistakes()
    assert "both off and working" in mistake.message.en
