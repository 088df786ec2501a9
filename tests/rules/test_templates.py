"""The templates beside the risk score: bounded, never raised by a fault, and nothing unknown is held for or against."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.target import Family
from rules.finding import Finding, Key, State
from rules.policy import Level
from rules.scheme import Deduction, Grading, Indicator, Inspection
from rules.templates import Index, grade, group_index, index, inspected
from rules.text import Text
from rules.verdict import Outcome, Verdict

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
NAME = Text("项", "item")
INDICATORS = (
    Indicator("aaaa", NAME, 15, ("aaaa_published",)),
    Indicator("visits", NAME, 15, ("site_is_available",), Family.IPV6),
    Indicator("content", NAME, 70, ("families_agree_on_content", "families_agree_on_status")),
)
SCHEME = Inspection(
    vetoes=("site_is_available",),
    deductions={"no_dead_links": Deduction(5, 15), "icp_record_is_shown": Deduction(30, 30)},
)
GRADING = Grading(dict(zip(Level, (5, 4, 3, 2, 1), strict=True)), {"exposure": 5}, 3)


def verdict(rule: str, outcome: Outcome, subject: str = "") -> Verdict:
    return Verdict(rule, "www", subject, "here", outcome)


def all_of(outcome: Outcome, *rules: str) -> list[Verdict]:
    return [verdict(rule, outcome) for rule in rules]


def finding(level: Level, rule: str = "no_dangerous_port_open", *, waived: bool = False) -> Finding:
    return Finding(Key(rule, "www", ""), "agency", level, State.OPEN, NOW, NOW, waived=waived)


def test_an_indicator_holds_where_all_its_rules_do_and_over_its_family_alone() -> None:
    told = index(
        INDICATORS,
        [
            verdict("aaaa_published", Outcome.PASS),
            verdict("site_is_available", Outcome.FAIL, "ipv4/"),
            verdict("site_is_available", Outcome.PASS, "ipv6/"),
            verdict("families_agree_on_content", Outcome.PASS),
            verdict("families_agree_on_status", Outcome.FAIL),
        ],
    )
    assert told == Index(30.0, 1.0, {"aaaa": True, "visits": True, "content": False})


def test_the_unknown_is_left_out_and_lowers_the_coverage() -> None:
    told = index(
        INDICATORS, [verdict("aaaa_published", Outcome.PASS), verdict("families_agree_on_content", Outcome.PASS)]
    )
    assert told.value == 100.0
    assert told.coverage == pytest.approx(0.15)
    assert told.held == {"aaaa": True, "visits": None, "content": None}


def test_what_does_not_apply_is_no_part_of_it() -> None:
    verdicts = [verdict("aaaa_published", Outcome.PASS), verdict("site_is_available", Outcome.NOT_APPLICABLE, "ipv6/")]
    told = index(INDICATORS[:2], verdicts)
    assert told == Index(100.0, 1.0, {"aaaa": True})


def test_without_the_ground_nothing_that_stands_on_it_is_held() -> None:
    """A site without an AAAA has no page over IPv6 to differ, and that earns it nothing."""
    verdicts = [
        verdict("aaaa_published", Outcome.FAIL),
        *all_of(Outcome.NOT_APPLICABLE, "families_agree_on_content", "families_agree_on_status"),
        verdict("site_is_available", Outcome.PASS, "ipv4/"),
    ]
    assert index(INDICATORS, verdicts) == Index(0.0, 1.0, {"aaaa": False, "visits": False, "content": False})


def test_of_nobody_there_is_no_index() -> None:
    assert index((), []) == group_index([]) == Index(None, 0.0, {})


def test_an_agency_with_many_sites_is_no_better_for_it() -> None:
    one, many = Index(80.0, 1.0, {}), [Index(80.0, 1.0, {})] * 9
    assert group_index([one]) == group_index(many)
    assert group_index([one, Index(None, 0.0, {})]) == Index(80.0, 0.5, {})


def test_a_veto_fails_whatever_the_points() -> None:
    rest = all_of(Outcome.PASS, "no_dead_links", "icp_record_is_shown")
    told = inspected(SCHEME, [*rest, verdict("site_is_available", Outcome.FAIL, "ipv6/")])
    assert (told.points, told.vetoes, told.qualified, told.bonus) == (100.0, ("site_is_available",), False, False)


def test_deductions_add_up_and_each_has_its_most() -> None:
    links = [verdict("no_dead_links", Outcome.FAIL, f"/{number}") for number in range(10)]
    told = inspected(SCHEME, [*links, *all_of(Outcome.PASS, "site_is_available", "icp_record_is_shown")])
    assert (told.points, told.cost) == (85.0, {"no_dead_links": 15})
    assert told.qualified
    assert told.bonus


def test_while_the_unknown_could_still_fail_it_nobody_says_it_is_qualified() -> None:
    known = all_of(Outcome.PASS, "no_dead_links", "icp_record_is_shown")
    assert inspected(SCHEME, known).qualified is None  # the veto
    cheap = Inspection(deductions={"no_dead_links": Deduction(5, 15)})
    assert inspected(cheap, []).qualified is True  # at worst 85
    assert inspected(cheap, []).coverage == 0.0


@pytest.mark.parametrize(
    ("findings", "value", "expected"),
    [
        ([], 5, 1),
        ([finding(Level.CRITICAL)], 5, 5),
        ([finding(Level.CRITICAL)], 1, 3),  # √25·√5 = 11.2
        ([finding(Level.NOTICE, "other")], 5, 1),  # √3·√5 = 3.9
        ([finding(Level.CRITICAL, waived=True)], 5, 1),
        ([finding(Level.LOW), finding(Level.MEDIUM)], 3, 3),  # √15·√9 = 11.6
    ],
)
def test_the_worst_finding_that_nobody_waived_gives_the_grade(
    findings: list[Finding], value: int, expected: int
) -> None:
    assert grade(GRADING, findings, value, {"no_dangerous_port_open": "exposure"}) == expected


_outcomes = st.sampled_from(Outcome)
_verdicts = st.lists(
    st.builds(
        verdict,
        st.sampled_from([*(rule for each in INDICATORS for rule in each.rules), *SCHEME.deductions]),
        _outcomes,
        st.sampled_from(["ipv4/", "ipv6/", "/"]),
    ),
    max_size=20,
)


@given(_verdicts, st.randoms())
def test_values_are_bounded_and_order_does_not_matter(verdicts: list[Verdict], random: object) -> None:
    one, inspection = index(INDICATORS, verdicts), inspected(SCHEME, verdicts)
    assert one.value is None or 0 <= one.value <= 100
    assert 0 <= one.coverage <= 1 + 1e-9
    assert 0 <= inspection.points <= 100
    assert 0 <= inspection.coverage <= 1
    other = list(reversed(verdicts))
    assert index(INDICATORS, other).value == one.value
    assert inspected(SCHEME, other).points == inspection.points


@given(_verdicts, st.integers(0, 19))
def test_one_more_failure_never_raises_anything(verdicts: list[Verdict], place: int) -> None:
    if not verdicts:
        return
    worse = list(verdicts)
    worse[place % len(worse)] = verdict(worse[place % len(worse)].rule, Outcome.FAIL, worse[place % len(worse)].subject)
    assert inspected(SCHEME, worse).points <= inspected(SCHEME, verdicts).points
    before, after = index(INDICATORS, verdicts), index(INDICATORS, worse)
    held = [name for name, holds in after.held.items() if holds]
    assert set(held) <= {name for name, holds in before.held.items() if holds}


@given(st.lists(st.builds(finding, st.sampled_from(Level))), st.sampled_from(Level), st.integers(1, 5))
def test_one_more_finding_never_lowers_the_grade(findings: list[Finding], level: Level, value: int) -> None:
    before, after = (grade(GRADING, each, value, {}) for each in (findings, [*findings, finding(level)]))
    assert 1 <= before <= after <= 5
