"""Who is due when, as the store keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Appointment, Judgement, Store
from probes.target import Kind, Target
from rules.verdict import Outcome, Verdict
from tests.monitor.watching import AT, FACTS, VANTAGE, Page, after, look, probe, seen, url

HTTP, PORTS = probe("http_page"), probe("tcp_ports")


def targets(*names: str) -> list[Target]:
    return [Target(name, "city") for name in names]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


def claim(store: Store, seconds: float = 1000, limit: int = 100, lease: float = 60) -> list[str]:
    return store.claim("http_page", after(seconds), limit, lease)


def test_new_targets_fall_due_within_the_first_round_and_not_at_once(store: Store) -> None:
    names = [f"h{number:03}.example" for number in range(200)]
    store.sync(targets(*names), [HTTP], AT, spread=300)
    early = claim(store, 100, limit=1000, lease=3600)
    assert 40 < len(early) < 95
    assert sorted(early + claim(store, 300, limit=1000)) == names


def test_the_longest_overdue_comes_first(store: Store) -> None:
    store.sync(targets("a.example", "b.example", "c.example"), [HTTP], AT, spread=0)
    dues = {"a.example": 30, "b.example": 10, "c.example": 20}
    store.reschedule("http_page", [Appointment(name, after(due)) for name, due in dues.items()])
    assert claim(store, limit=2) == ["b.example", "c.example"]
    assert claim(store, limit=2) == ["a.example"]


def test_what_is_claimed_is_nobody_elses_until_the_lease_is_over(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0)
    assert claim(store, 0, lease=60) == ["a.example"]
    assert claim(store, 59) == []
    assert claim(store, 60) == ["a.example"]


def test_what_is_released_is_due_as_it_was(store: Store) -> None:
    store.sync(targets("a.example", "b.example"), [HTTP], AT, spread=0)
    claim(store, 0)
    store.release("http_page", ["b.example"])
    assert claim(store, 0) == ["b.example"]


def test_what_is_given_back_is_due_at_its_next_appointment(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0)
    claim(store, 0)
    store.reschedule("http_page", [Appointment("a.example", after(500), "high")])
    assert claim(store, 499) == []
    assert store.standings("http_page", ["a.example", "gone.example"]) == {"a.example": "high"}
    assert claim(store, 500) == ["a.example"]


def test_probes_have_appointments_of_their_own(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP, PORTS], AT, spread=0)
    assert claim(store, 0) == ["a.example"]
    assert store.backlog(AT) == {"tcp_ports": 1}


def test_a_probe_gets_only_the_targets_it_suits(store: Store) -> None:
    import dataclasses

    dns = dataclasses.replace(HTTP, kinds=frozenset({Kind.DNS}))
    store.sync([Target("a.example", "city"), Target("ns.example", "city", Kind.DNS)], [dns], AT, spread=0)
    assert claim(store) == ["ns.example"]


def test_looking_who_is_due_claims_nobody(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0)
    assert store.due("http_page", AT, 10) == ["a.example"]
    assert claim(store, 0) == ["a.example"]
    assert store.due("http_page", AT, 10) == []


def test_syncing_again_changes_no_appointment(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0)
    store.reschedule("http_page", [Appointment("a.example", after(5000), "high")])
    store.sync(targets("a.example", "b.example"), [HTTP], after(10), spread=0)
    assert claim(store, 10) == ["b.example"]
    assert store.standings("http_page", ["a.example"]) == {"a.example": "high"}


def test_a_target_that_vanished_leaves_the_present_and_keeps_its_past(store: Store) -> None:
    store.sync(targets("a.example", "b.example"), [HTTP], AT, spread=0)
    for name in ("a.example", "b.example"):
        look(store, seen(Page(200), 1, target=name), at=1, target=name)
        verdict = Verdict("rule", name, "", "tower", Outcome.PASS)
        store.judged([Judgement(name, (verdict,), ())], AT)
    store.sync(targets("b.example"), [HTTP], after(100))
    assert [stored.record.target for stored in store.state()] == ["b.example"]
    assert {target for target, _ in store.looked()} == {"b.example"}
    assert [item.verdict.target for item in store.verdicts()] == ["b.example"]
    assert claim(store) == ["b.example"]
    assert [stored.record.target for stored in store.state(as_of=after(99))] == ["a.example", "b.example"]
    (past,) = store.history("a.example")
    assert past.until == after(100)


def test_what_another_vantage_saw_leaves_the_present_and_keeps_its_past(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0, vantage=VANTAGE)
    look(store, seen(Page(200), 1, target="a.example"), at=1, target="a.example")
    verdict = Verdict("rule", "a.example", "", VANTAGE, Outcome.PASS)
    store.judged([Judgement("a.example", (verdict,), ())], AT)
    store.sync(targets("a.example"), [HTTP], after(50), vantage=VANTAGE)
    assert len(list(store.state())) == len(store.verdicts()) == len(store.looked()) == 1
    store.sync(targets("a.example"), [HTTP], after(100), vantage="belvedere")
    assert (list(store.state()), store.verdicts(), store.looked()) == ([], [], {})
    assert [stored.record.vantage for stored in store.state(as_of=after(99))] == [VANTAGE]
    (past,) = store.history("a.example")
    assert past.until == after(100)


def test_a_target_that_comes_back_starts_anew(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0)
    look(store, seen(Page(200), 1, target="a.example"), at=1, target="a.example")
    store.sync([], [HTTP], after(100))
    store.sync(targets("a.example"), [HTTP], after(200), spread=0)
    assert list(store.state()) == []
    assert store.looked() == {}
    assert claim(store) == ["a.example"]


def test_what_was_never_scheduled_is_left_alone(store: Store) -> None:
    look(store, seen(Page(200), 1, target="tower"), at=1, target="tower")
    store.sync(targets("a.example"), [HTTP], AT)
    assert [stored.record.target for stored in store.state()] == ["tower"]


def test_hastening_brings_forward_and_never_puts_off(store: Store) -> None:
    store.sync(targets("a.example", "b.example"), [HTTP, PORTS], AT, spread=0)
    for name in ("http_page", "tcp_ports"):
        store.reschedule(name, [Appointment("a.example", after(900)), Appointment("b.example", after(10))])
    store.hasten({"a.example": ["http_page"], "b.example": ["http_page"]}, after(100))
    assert claim(store, 99) == ["b.example"]
    assert claim(store, 100) == ["a.example"]
    assert store.due("tcp_ports", after(100), 10) == ["b.example"]


def test_a_clock_that_was_set_moves_every_appointment_along(store: Store) -> None:
    store.sync(targets("a.example", "b.example"), [HTTP], AT, spread=0)
    assert claim(store, 0, limit=1, lease=60) == ["a.example"]
    store.shift(dt.timedelta(days=1))
    assert claim(store, 86400 - 1) == []
    assert claim(store, 86400 + 59) == ["b.example"]
    assert claim(store, 86400 + 60) == ["a.example"]


def test_an_appointment_made_by_a_clock_in_the_far_future_is_brought_back(store: Store) -> None:
    store.sync(targets("a.example"), [HTTP], AT, spread=0)
    store.reschedule("http_page", [Appointment("a.example", AT + dt.timedelta(days=365 * 30))])
    store.sync(targets("a.example"), [HTTP], after(10), spread=0)
    assert claim(store, 10) == ["a.example"]


def test_fifty_thousand_targets_are_claimed_in_no_time(store: Store) -> None:
    import time

    names = [f"h{number}.example" for number in range(50_000)]
    store.sync(targets(*names), [HTTP], AT, spread=0)
    begun = time.perf_counter()
    for _ in range(10):
        assert len(claim(store, 0, limit=500, lease=3600)) == 500
    assert time.perf_counter() - begun < 2.0
