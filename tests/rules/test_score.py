from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finding import State
from rules.policy import Clause, Level
from rules.score import Score, group_score, host_score
from rules.verdict import Outcome
from tests.rules.judgement import finding, policy, verdict

LEVELS = st.lists(st.sampled_from(list(Level)), max_size=30)
POLICY = policy()


def risk_of(levels: list[Level]) -> Score:
    return host_score("h", [finding(f"r{n}", level) for n, level in enumerate(levels)], [], POLICY, None)


@given(LEVELS)
def test_risk_is_bounded_and_its_contributions_sum_to_it(levels: list[Level]) -> None:
    score = risk_of(levels)
    assert 0 <= score.risk <= 100
    assert sum(part.points for part in score.contributions) == pytest.approx(score.risk)


@given(LEVELS, st.sampled_from(list(Level)))
def test_one_more_finding_never_lowers_risk(levels: list[Level], more: Level) -> None:
    assert risk_of([*levels, more]).risk >= risk_of(levels).risk - 1e-9


@given(LEVELS.filter(len), st.data())
def test_raising_a_level_never_lowers_risk(levels: list[Level], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(levels) - 1))
    worse = list(Level)[max(0, levels[place].rank - 1)]
    raised = [*levels[:place], worse, *levels[place + 1 :]]
    assert risk_of(raised).risk >= risk_of(levels).risk - 1e-9


@given(LEVELS, st.randoms())
def test_order_does_not_matter(levels: list[Level], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(levels)
    random.shuffle(shuffled)
    assert risk_of(shuffled).risk == pytest.approx(risk_of(levels).risk)


@pytest.mark.parametrize("state", [State.PENDING, State.CLOSED])
def test_only_open_findings_weigh(state: State) -> None:
    assert host_score("h", [finding("r", Level.CRITICAL, state)], [], POLICY, None).risk == 0


def test_a_waived_finding_weighs_nothing() -> None:
    assert host_score("h", [replace(finding("r", Level.CRITICAL), waived=True)], [], POLICY, None).risk == 0


def test_unknown_lowers_coverage_and_not_risk() -> None:
    rules = policy(Clause("a", Level.HIGH), Clause("b", Level.HIGH))
    half = host_score("h", [], [verdict("a", Outcome.PASS), verdict("b", Outcome.UNKNOWN)], rules, None)
    assert (half.risk, half.coverage) == (0, 0.5)


def test_what_does_not_apply_is_left_out_of_coverage() -> None:
    rules = policy(Clause("a", Level.HIGH), Clause("b", Level.HIGH))
    verdicts = [verdict("a", Outcome.PASS), verdict("b", Outcome.NOT_APPLICABLE)]
    assert host_score("h", [], verdicts, rules, None).coverage == 1.0


def test_nothing_judged_is_nothing_covered() -> None:
    assert host_score("h", [], [], POLICY, None).coverage == 0.0


HOSTS = st.lists(st.tuples(st.floats(0, 100), st.integers(1, 5)), min_size=1, max_size=20)


def hosts_of(pairs: list[tuple[float, int]]) -> list[tuple[Score, int]]:
    return [(Score(f"h{n}", risk, 1.0, None, ()), value) for n, (risk, value) in enumerate(pairs)]


@given(HOSTS)
def test_an_agency_stands_between_its_best_and_worst_host(pairs: list[tuple[float, int]]) -> None:
    score = group_score("a", hosts_of(pairs))
    risks = [risk for risk, _ in pairs]
    assert min(risks) - 1e-6 <= score.risk <= max(risks) + 1e-6
    assert sum(part.points for part in score.contributions) == pytest.approx(score.risk, abs=1e-6)


@given(HOSTS, st.integers(2, 5))
def test_an_agency_is_not_worse_for_being_larger(pairs: list[tuple[float, int]], times: int) -> None:
    assert group_score("a", hosts_of(pairs * times)).risk == pytest.approx(group_score("a", hosts_of(pairs)).risk)


def test_hosts_never_measured_lower_the_coverage_and_not_the_risk() -> None:
    hosts = [(Score("seen", 80.0, 1.0, None, ()), 3), (Score("unseen", 0.0, 0.0, None, ()), 3)]
    score = group_score("a", hosts)
    assert (score.risk, score.coverage) == (pytest.approx(80.0), 0.5)


def test_an_agency_without_hosts_is_not_covered() -> None:
    assert group_score("a", []) == Score("a", 0.0, 0.0, None, ())
