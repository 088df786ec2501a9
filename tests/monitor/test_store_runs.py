"""Runs and what they could not look at; continuous values by the day; and what is forgotten on purpose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.store import Sample, Store
from probes.observation import Failure, GapReason, Subject
from probes.target import Family
from tests.monitor.watching import AT, FACTS, HOST, VANTAGE, Page, Ports, after, look, seen, url

V4, V6 = Subject(family=Family.IPV4), Subject(family=Family.IPV6)
ONE = Subject(family=Family.IPV6, address=ip_address("2001:db8::1"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


def test_a_run_counts_targets_observations_and_gaps_by_reason(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 3)
    store.record(run, [seen(Page(200), 1, V4, target="a"), seen(GapReason.STOPPED, 2, V6, target="a")], ["a"])
    store.record(run, [seen(GapReason.DEFECT, 3, target="b"), seen(GapReason.STOPPED, 3, V6, target="b")])
    store.record(run, [], ["c"])
    (going,) = store.campaigns()
    assert (going.started, going.finished, going.complete) == (AT, None, False)
    store.end_run(run, after(60), complete=True)
    (campaign,) = store.campaigns()
    assert (campaign.targets, campaign.observations, campaign.defects) == (3, 1, 1)
    assert campaign.gaps == {GapReason.STOPPED: 2, GapReason.DEFECT: 1}
    assert (campaign.finished, campaign.complete) == (after(60), True)


def test_a_target_told_in_several_calls_is_counted_once(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    store.record(run, [seen(Page(200), 1, V4)])
    store.record(run, [seen(Page(200), 2, V6)], [HOST])
    (campaign,) = store.campaigns()
    assert (campaign.targets, campaign.observations) == (1, 2)


def test_a_run_ends_once(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    store.end_run(run, after(1), complete=False)
    store.end_run(run, after(2), complete=True)
    (campaign,) = store.campaigns()
    assert (campaign.finished, campaign.complete) == (after(1), False)


def test_runs_since_a_moment_are_told_together_and_the_last_one_always(store: Store) -> None:
    for number in range(3):
        look(store, seen(Page(200), number * 100, target=f"h{number}"), at=number * 100, target=f"h{number}")
    look(store, seen(Ports((80,)), 0, probe="tcp_ports"), probe="tcp_ports")
    since = {"http_page": after(50), "tcp_ports": after(9999)}
    http, ports = store.campaigns(since)
    assert (http.probe, http.targets, http.started, http.finished) == ("http_page", 2, after(100), after(200))
    assert (ports.probe, ports.targets) == ("tcp_ports", 1)


def test_a_gap_ended_by_the_same_run_is_still_counted(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    store.record(run, [seen(GapReason.STOPPED, 1, V4), seen(Page(200), 2, V4)], [HOST])
    (campaign,) = store.campaigns()
    assert campaign.gaps == {GapReason.STOPPED: 1}


def test_continuous_values_are_rolled_up_by_day_family_and_measure(store: Store) -> None:
    look(store, seen(Page(200, took=1.0), 0, ONE, took=0.1), at=0)
    look(store, seen(Page(200, took=3.0), 60, ONE, took=0.3), at=60)
    look(store, seen(Failure.HTTP_TIMEOUT, 120, ONE, took=10.0), at=120)
    look(store, seen(Page(200), 86400, ONE, took=0.5), at=86400)
    first, second = AT.date(), AT.date() + dt.timedelta(days=1)
    found = {(sample.day, sample.measure): sample for sample in store.samples([HOST], first, second)}
    seconds = found[first, "seconds"]
    assert (seconds.family, seconds.count, seconds.ok) == ("ipv6", 3, 2)
    assert (seconds.mean, seconds.least, seconds.most) == (pytest.approx(0.2), 0.1, 0.3)
    took = found[first, "took"]
    assert (took.count, took.ok, took.mean, took.most) == (2, 2, 2.0, 3.0)
    assert found[second, "seconds"].most == 0.5
    assert (second, "took") not in found


def test_a_day_without_an_answer_has_a_count_and_no_mean(store: Store) -> None:
    look(store, seen(Failure.HTTP_TIMEOUT, 0, V6))
    (sample,) = store.samples([HOST], AT.date(), AT.date())
    assert sample == Sample(AT.date(), HOST, "http_page", VANTAGE, "ipv6", "seconds", 1, 0, None, None, None)


def test_records_taken_in_twice_are_rolled_up_once(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    for _ in range(3):
        store.record(run, [seen(Page(200), 1, V6)], [HOST])
    (sample,) = store.samples([HOST], AT.date(), AT.date())
    assert sample.count == 1


def test_a_day_is_a_local_one(tmp_path: Path) -> None:
    with Store.open(url(tmp_path), facts=FACTS, zone=ZoneInfo("Asia/Shanghai")) as store:
        look(store, seen(Page(200), 10 * 3600, V6), at=10 * 3600)
        (sample,) = store.samples([HOST], AT.date(), AT.date() + dt.timedelta(days=1))
        assert sample.day == AT.date() + dt.timedelta(days=1)


def test_forgetting_leaves_the_present_whole(store: Store) -> None:
    look(store, seen(Page(200), 0, V4), seen(Page(404), 0, V6), at=0)
    look(store, seen(Page(500), 86400, V4), seen(Page(404), 86400, V6), at=86400)
    present = list(store.state())
    store.prune(after(86400 + 1))
    assert list(store.state()) == present
    assert [spell.record for spell in store.history(HOST) if spell.until is not None] == []
    assert store.samples([HOST], AT.date(), AT.date()) == []
    (campaign,) = store.campaigns()
    assert campaign.started == after(86400)


def test_runs_go_on_after_forgetting(store: Store) -> None:
    look(store, seen(Page(200), 0, V4), at=0)
    store.prune(after(10**7))
    look(store, seen(Page(500), 60, V4), at=60)
    (stored,) = store.state()
    assert stored.record == seen(Page(500), 60, V4)
