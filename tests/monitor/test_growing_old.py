"""What is told without looking: the state of the moment, not of the last judgement."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from exporters.posture import Posture
from monitor.commands.report import monthly
from monitor.commands.status import current
from monitor.configuration import Known, read
from monitor.store import Store
from rules.finding import Waiver
from rules.verdict import Outcome
from tests.monitor.looking_tower import WWW, World, raise_tower
from tests.monitor.watching import AT

HOUR, WEEK = dt.timedelta(hours=1), dt.timedelta(days=7)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    tower, store, _ = raise_tower(tmp_path, World(open={WWW: (80, 6379)}))
    with store:
        await tower.round()
        yield store


@pytest.fixture
def known(tmp_path: Path, store: Store) -> Known:
    return read(tmp_path / "config")


def _covered(posture: Posture) -> float:
    return next(host for host in posture.hosts if host.target.host == WWW).score.coverage


def test_the_status_is_that_of_the_moment(known: Known, store: Store) -> None:
    fresh, old = (current(known, store, AT + later) for later in (HOUR, WEEK + HOUR))
    assert _covered(fresh) > 0
    assert _covered(old) == 0
    assert set(old.city.verdicts) <= {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}
    assert all(row.rank is None for row in old.agencies)


def test_what_was_found_stays_found(known: Known, store: Store) -> None:
    old = current(known, store, AT + WEEK + HOUR)
    assert [finding.key.subject for host in old.hosts for finding in host.findings] == [
        "tcp/6379/ipv4",
        "tcp/6379/ipv6",
    ]


def test_the_running_month_is_told_as_of_now_and_a_past_one_as_of_its_end(known: Known, store: Store) -> None:
    covered = [
        _covered(monthly(known, store, "2026-11", "city", AT + later).posture)
        for later in (HOUR, WEEK + HOUR, 8 * WEEK)
    ]
    assert covered[0] > 0
    assert covered[1:] == [0, 0]


def test_a_waiver_lapses_without_a_look(known: Known, store: Store) -> None:
    until = (AT + dt.timedelta(days=1)).date()
    waiver = Waiver("no_dangerous_port_open", "moving house", "li", "wang", until, target=WWW)
    excused = replace(known, config=replace(known.config, waivers=(waiver,)))
    for later, waived in ((HOUR, 2), (3 * dt.timedelta(days=1), 0)):
        assert current(excused, store, AT + later).city.waived == waived


def test_to_tell_is_to_write_nothing(known: Known, store: Store) -> None:
    def everything() -> object:
        return store.verdicts(), store.findings(), store.events(), list(store.state())

    before = everything()
    current(known, store, AT + WEEK + HOUR)
    monthly(known, store, "2026-11", "city", AT + WEEK + HOUR)
    assert everything() == before
