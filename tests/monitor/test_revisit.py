"""When to look again."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.revisit import Standing, factor, next_due, settle
from monitor.settings.schedule import Schedule
from monitor.spread import fraction
from rules.policy import Level

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
REVISIT = Schedule().revisit
STEPS = list(Standing)
standings = st.sampled_from(STEPS)


def due(standing: Standing, *, jitter: float = 0.0, target: str = "a.example", probe: str = "http_home") -> float:
    at = next_due(NOW, probe, target, every=3600.0, standing=standing, revisit=REVISIT, jitter=jitter)
    return (at - NOW).total_seconds()


def test_the_worst_open_level_decides_and_outweighs_darkness() -> None:
    assert Standing.of(Level.HIGH, dark=True) is Standing.HIGH
    assert Standing.of(None, dark=True) is Standing.DARK
    assert Standing.of(None) is Standing.CLEAN


def test_worse_is_looked_at_sooner_and_dark_rarely() -> None:
    periods = [due(standing) for standing in STEPS]
    assert periods == sorted(periods)
    assert due(Standing.CRITICAL) == 3600 * 0.25
    assert due(Standing.DARK) == 3600 * 4


def test_every_standing_has_a_factor() -> None:
    assert all(factor(standing, REVISIT) > 0 for standing in Standing)


@given(before=standings, found=standings)
def test_worse_jumps_at_once_and_better_goes_one_step(before: Standing, found: Standing) -> None:
    after = STEPS.index(settle(before, found))
    assert after == min(STEPS.index(found), STEPS.index(before) + 1)


@given(standings)
def test_the_first_look_is_believed(found: Standing) -> None:
    assert settle(None, found) is found


def test_calm_returns_step_by_step() -> None:
    standing, seen = Standing.CRITICAL, []
    while standing is not Standing.CLEAN:
        standing = settle(standing, Standing.CLEAN)
        seen.append(standing)
    assert seen == [Standing.HIGH, Standing.MEDIUM, Standing.LOW, Standing.NOTICE, Standing.CLEAN]


@given(target=st.text(min_size=1), probe=st.text(min_size=1), jitter=st.floats(0, 0.5))
def test_jitter_stays_within_its_share_and_is_always_the_same(target: str, probe: str, jitter: float) -> None:
    first = due(Standing.CLEAN, jitter=jitter, target=target, probe=probe)
    assert 3600 * (1 - jitter) - 1e-6 <= first <= 3600 * (1 + jitter) + 1e-6
    assert first == due(Standing.CLEAN, jitter=jitter, target=target, probe=probe)


def test_many_targets_are_spread_evenly() -> None:
    shares = sorted(fraction("http_home", f"h{number}.example") for number in range(2000))
    assert all(abs(share - number / 2000) < 0.05 for number, share in enumerate(shares))


def test_names_do_not_run_into_each_other() -> None:
    assert fraction("ab", "c") != fraction("a", "bc")


@pytest.mark.parametrize("level", list(Level))
def test_every_level_is_a_standing(level: Level) -> None:
    assert Standing.of(level).value == level.value
