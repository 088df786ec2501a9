"""What lifts most comes first, nothing is promised that is not known, and a goal is late when the pace is too slow."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.policy import Goal, Stage
from rules.rollout import Fix, Step, progress, reached, remedies

SERVERS = Fix("zone_answers_over_ipv6", "ns1.example ns2.example")
TODAY = dt.date(2026, 11, 20)


def step(host: str, *fixes: Fix, unknown: tuple[str, ...] = (), stage: Stage | None = Stage.EQUAL) -> Step:
    return Step(host, "agency", stage, frozenset(fixes), unknown)


def own(host: str, rule: str = "home_page_answers_over_ipv6") -> Fix:
    return Fix(rule, host)


def test_two_name_servers_that_hold_many_hosts_back_come_before_a_host_of_its_own() -> None:
    many = [step(f"h{number}", SERVERS) for number in range(31)]
    first, second = remedies([step("lonely", own("lonely")), *many])
    assert first.fixes == (SERVERS,)
    assert len(first.hosts) == 31
    assert second.hosts == ("lonely",)


def test_whoever_needs_more_is_not_lifted_by_less() -> None:
    both = step("both", SERVERS, own("both"))
    found = {remedy.fixes: remedy.hosts for remedy in remedies([step("one", SERVERS), both])}
    assert found[(SERVERS,)] == ("one",)
    assert found[tuple(sorted(both.fixes))] == ("both", "one")


def test_where_something_is_not_known_a_climb_is_not_promised() -> None:
    (remedy,) = remedies([step("a", SERVERS, unknown=("aaaa_published",)), step("b", SERVERS)])
    assert (remedy.hosts, remedy.perhaps) == (("b",), ("a",))


def test_the_next_stage_is_the_one_above_and_the_top_has_none() -> None:
    assert step("a", stage=None).next is Stage.PUBLISHED
    assert step("a", stage=Stage.NONE).next is Stage.PUBLISHED
    assert step("a", stage=Stage.DEEP).next is Stage.IPV6_ONLY
    assert step("a", stage=Stage.IPV6_ONLY).next is None


_fixes = st.frozensets(st.builds(Fix, st.sampled_from("xyz"), st.sampled_from("abc")), max_size=4)
_steps = st.lists(_fixes, max_size=12).map(
    lambda all_of_them: [step(f"h{number}", *fixes) for number, fixes in enumerate(all_of_them)]
)


@given(_steps)
def test_a_remedy_lifts_exactly_those_that_need_no_more_and_everyone_has_one(steps: list[Step]) -> None:
    found = remedies(steps)
    for remedy in found:
        enough = frozenset(remedy.fixes)
        assert set(remedy.hosts) == {each.host for each in steps if each.fixes and each.fixes <= enough}
    assert {host for remedy in found for host in remedy.hosts} == {each.host for each in steps if each.fixes}
    lifts = [len(remedy.hosts) / len(remedy.fixes) for remedy in found]
    assert lifts == sorted(lifts, reverse=True)


GOAL = Goal(TODAY + dt.timedelta(days=70), Stage.REACHABLE, 0.8)
STAGES = {Stage.NONE: 50, Stage.PUBLISHED: 10, Stage.REACHABLE: 30, Stage.EQUAL: 10}


def test_who_went_further_has_come_there_too() -> None:
    assert reached(STAGES, Stage.REACHABLE) == 40
    assert reached(STAGES, Stage.NONE) == 100


def test_the_unknown_owe_the_goal_as_all_do() -> None:
    told = progress(GOAL, {**STAGES, Stage.NONE: 40, None: 10}, [], TODAY)
    assert (told.hosts, told.there, told.unknown, told.missing) == (100, 40, 10, 40)


def test_whom_nobody_has_seen_may_have_come_there_long_ago() -> None:
    past = Goal(TODAY, Stage.REACHABLE, 0.8)
    assert progress(past, {None: 10}, [], TODAY).late is None
    blind = progress(GOAL, {None: 10}, [(TODAY - dt.timedelta(days=28), 10)], TODAY)
    assert (blind.pace, blind.late) == (None, None)


def test_of_nobody_no_goal_is_met() -> None:
    assert not progress(GOAL, {}, [], TODAY).met


@pytest.mark.parametrize(("then", "late"), [(40, True), (25, True), (24, False), (20, False)])
def test_a_goal_is_late_when_the_pace_of_late_is_slower_than_needed(then: int, late: bool) -> None:
    # Forty in ten weeks are four a week; the pace is over four weeks.
    told = progress(GOAL, STAGES, [(TODAY - dt.timedelta(days=28), then)], TODAY)
    assert told.needed == pytest.approx(4.0)
    assert told.pace == pytest.approx((40 - then) / 4)
    assert told.late is late


def test_without_a_week_of_days_nobody_says_whether_it_is_late() -> None:
    assert progress(GOAL, STAGES, [(TODAY - dt.timedelta(days=6), 10)], TODAY).late is None
    assert progress(GOAL, STAGES, [], TODAY).pace is None


def test_a_day_that_is_past_is_met_or_missed() -> None:
    past = Goal(TODAY, Stage.REACHABLE, 0.8)
    assert progress(past, STAGES, [], TODAY).late is True
    assert progress(past, {Stage.DEEP: 8, Stage.NONE: 2}, [], TODAY).met
    assert progress(past, {Stage.DEEP: 8, Stage.NONE: 2}, [], TODAY).late is False


@given(st.dictionaries(st.sampled_from([None, *Stage]), st.integers(0, 50)), st.floats(0, 1), st.sampled_from(Stage))
def test_what_is_missing_is_what_the_share_still_lacks(
    stages: dict[Stage | None, int], share: float, stage: Stage
) -> None:
    told = progress(Goal(TODAY, stage, share), stages, [], TODAY)
    assert 0 <= told.missing <= max(0, told.hosts - told.there)
    assert (told.there + told.missing) / max(1, told.hosts) >= share * (told.hosts > 0) - 1e-6
