"""The present state: what the last look met, and what it could not look at."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import pytest

from monitor.store import Recorded, Store, StoredRecord
from monitor.store.spells import covers
from probes.observation import WHOLE, Failure, Gap, GapReason, Observation, Subject
from probes.target import Family
from tests.monitor.watching import AT, FACTS, HOST, VANTAGE, Page, Ports, after, look, seen, url

V6 = Subject(family=Family.IPV6)
ONE = Subject(family=Family.IPV6, address=ip_address("2001:db8::1"))
TWO = Subject(family=Family.IPV6, address=ip_address("2001:db8::2"))
FOUR = Subject(family=Family.IPV4, address=ip_address("198.18.0.1"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


def state(store: Store) -> dict[str, StoredRecord]:
    return {str(stored.record.subject): stored for stored in store.state()}


def test_what_was_seen_comes_back_as_it_was(store: Store) -> None:
    facts = Page(200, ("开平市人民政府", 'a"b\\c'), took=0.25)
    record = seen(facts, 1, ONE, took=0.75, detail="ok")
    failure = seen(Failure.CONNECTION_REFUSED, 2, FOUR)
    look(store, record, failure)
    assert state(store)[str(ONE)].record == record
    assert state(store)[str(FOUR)].record == failure
    assert state(store)[str(ONE)].gap is None


def test_an_unchanged_value_keeps_its_first_day_and_takes_the_last_look(store: Store) -> None:
    look(store, seen(Page(200, took=0.1), 0, ONE))
    look(store, seen(Page(200, took=0.9), 60, ONE, took=0.4), at=60)
    stored = state(store)[str(ONE)]
    assert stored.since == AT
    assert stored.record == seen(Page(200, took=0.9), 60, ONE, took=0.4)
    assert len(list(store.history(HOST))) == 1


def test_a_changed_value_begins_anew_and_the_old_one_is_history(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE))
    look(store, seen(Page(500), 60, ONE), at=60)
    assert state(store)[str(ONE)].since == after(60)
    before, now = store.history(HOST)
    assert (before.record.at, before.until) == (AT, after(60))
    assert isinstance(now.record, Observation)
    assert (now.record.facts, now.until) == (Page(500), None)


def test_a_gap_stands_beside_the_observation_and_overwrites_nothing(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE))
    look(store, seen(GapReason.VANTAGE_BLIND_IPV6, 60, ONE), at=60, complete=False)
    stored = state(store)[str(ONE)]
    assert stored.record == seen(Page(200), 0, ONE)
    assert stored.gap == seen(GapReason.VANTAGE_BLIND_IPV6, 60, ONE)


def test_an_observation_ends_the_gap_before_it(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE))
    look(store, seen(GapReason.STOPPED, 60, ONE), at=60, complete=False)
    look(store, seen(Page(200), 120, ONE), at=120)
    stored = state(store)[str(ONE)]
    assert stored.gap is None
    assert stored.since == AT


def test_what_could_never_be_looked_at_is_a_gap(store: Store) -> None:
    look(store, seen(GapReason.NO_RAW_SOCKET, 5), complete=False)
    assert [stored.record for stored in store.state()] == [seen(GapReason.NO_RAW_SOCKET, 5)]


def test_a_complete_look_ends_what_it_met_no_more(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE), seen(Page(200), 1, TWO))
    look(store, seen(Page(200), 60, ONE), at=60)
    assert set(state(store)) == {str(ONE)}
    assert [stored.record.subject for stored in store.state(as_of=after(59))] == [ONE, TWO]


def test_an_incomplete_look_ends_nothing(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE), seen(Page(200), 1, TWO))
    look(store, seen(GapReason.BUDGET_SPENT, 60), at=60, complete=False)
    assert set(state(store)) == {str(ONE), str(TWO), ""}


def test_a_complete_look_at_nothing_ends_everything(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE))
    look(store, at=60)
    assert state(store) == {}


def test_a_gap_over_a_family_keeps_its_addresses_through_a_complete_look(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE), seen(Page(200), 1, FOUR))
    look(store, seen(GapReason.ADDRESS_UNKNOWN, 60, V6), at=60)
    assert set(state(store)) == {str(V6), str(ONE)}


def test_a_gap_over_a_family_goes_when_its_addresses_are_known_again(store: Store) -> None:
    look(store, seen(GapReason.ADDRESS_UNKNOWN, 0, V6))
    look(store, seen(Page(200), 60, ONE), at=60)
    assert set(state(store)) == {str(ONE)}


@pytest.mark.parametrize(
    ("gap", "subject", "covered"),
    [
        (WHOLE, ONE, True),
        (V6, ONE, True),
        (V6, FOUR, False),
        (ONE, V6, False),
        (ONE, TWO, False),
        (Subject(server="ns1.example"), Subject(server="ns2.example"), False),
        (WHOLE, Subject(server="ns1.example"), True),
        (V6, Subject(scheme="tls", port=443, family=Family.IPV6), True),
        (Subject(scheme="tls", port=443, family=Family.IPV6), V6, False),
    ],
)
def test_a_gap_covers_every_subject_its_parts_agree_with(gap: Subject, subject: Subject, covered: bool) -> None:
    assert covers(gap, subject) is covered


def test_a_record_taken_in_twice_is_one(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    records = [seen(Page(200), 1, ONE), seen(GapReason.STOPPED, 2, TWO), seen(Failure.HTTP_TIMEOUT, 3, FOUR)]
    assert store.record(run, records, [HOST]) == Recorded(changed=3)
    before = list(store.state()), list(store.history(HOST)), store.campaigns()
    assert store.record(run, records, [HOST]) == Recorded(late=3)
    assert (list(store.state()), list(store.history(HOST)), store.campaigns()) == before


def test_a_record_of_an_earlier_run_comes_too_late(store: Store) -> None:
    early = store.begin_run("http_page", VANTAGE, AT, 1)
    late = store.begin_run("http_page", VANTAGE, after(10), 1)
    store.record(late, [seen(Page(500), 10, ONE)], [HOST])
    assert store.record(early, [seen(Page(200), 5, ONE), seen(Page(200), 5, TWO)], [HOST]) == Recorded(late=2)
    assert [stored.record for stored in store.state()] == [seen(Page(500), 10, ONE)]


def test_a_clock_that_went_back_does_not_silence_the_tower(store: Store) -> None:
    look(store, seen(Page(200), 86400, ONE), at=86400)
    look(store, seen(Page(500), 60, ONE), at=60)
    stored = state(store)[str(ONE)]
    assert stored.record == seen(Page(500), 60, ONE)
    assert all(spell.until is None or spell.until >= spell.since for spell in store.history(HOST))


def test_the_records_of_one_look_may_come_in_several_calls(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    store.record(run, [seen(Page(200), 1, ONE)])
    store.record(run, [seen(Page(200), 2, TWO)], [HOST])
    assert set(state(store)) == {str(ONE), str(TWO)}


def test_a_record_of_another_probe_is_refused_and_nothing_of_the_batch_kept(store: Store) -> None:
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    with pytest.raises(ValueError, match="does not belong"):
        store.record(run, [seen(Page(200), 1), seen(Ports((80,)), 1, probe="tcp_ports")])
    assert list(store.state()) == []


def test_probes_keep_apart(store: Store) -> None:
    look(store, seen(Page(200), 0, ONE))
    look(store, seen(Ports((80,)), 1, ONE, probe="tcp_ports"), probe="tcp_ports")
    look(store, at=60)
    assert [stored.record.probe for stored in store.state()] == ["tcp_ports"]


def test_state_can_be_asked_of_some_targets_only(store: Store) -> None:
    for name in ("a.example", "b.example", "c.example"):
        look(store, seen(Page(200), 0, target=name), target=name)
    assert [stored.record.target for stored in store.state(["c.example", "a.example"])] == ["a.example", "c.example"]
    assert list(store.state([])) == []


def test_only_a_complete_look_has_looked(store: Store) -> None:
    look(store, seen(GapReason.BUDGET_SPENT, 0), complete=False)
    assert store.looked() == {}
    look(store, at=60)
    assert store.looked([HOST]) == {(HOST, VANTAGE): frozenset({"http_page"})}
    assert store.looked(as_of=after(59)) == {}
    look(store, seen(GapReason.BUDGET_SPENT, 120), at=120, complete=False)
    assert store.looked(as_of=after(60)) == store.looked()


def test_equal_facts_are_told_by_one_digest(store: Store) -> None:
    look(store, seen(Page(200, took=0.1), 0, ONE), seen(Page(200, took=0.2), 0, TWO), seen(Page(404), 0, FOUR))
    digests = [state(store)[str(subject)].digest for subject in (ONE, TWO, FOUR)]
    assert digests[0] == digests[1] != digests[2]


def test_a_value_met_again_after_a_long_silence_is_the_old_one_but_not_known_between(tmp_path: Path) -> None:
    with Store.open(url(tmp_path), facts=FACTS, silence=dt.timedelta(seconds=100)) as store:
        look(store, seen(Page(200), 0, ONE))
        look(store, seen(Page(200), 500, ONE), at=500)
        assert state(store)[str(ONE)].since == AT
        (then,) = store.state(as_of=after(499))
        assert then.record.at == AT


def test_facts_that_no_longer_decode_are_a_gap_of_ours_and_counted(tmp_path: Path) -> None:
    with Store.open(url(tmp_path), facts=FACTS) as store:
        look(store, seen(Page(200), 0, ONE))
        look(store, seen(GapReason.STOPPED, 5, ONE), at=5, complete=False)
        look(store, seen(Ports((80,)), 3, probe="tcp_ports"), probe="tcp_ports", at=3)
    hole = seen(GapReason.DEFECT, 3, probe="tcp_ports", detail="undecodable")
    with Store.open(url(tmp_path), facts={"http_page": Ports}) as store:
        for _ in range(2):
            assert [stored.record for stored in store.state()] == [seen(GapReason.STOPPED, 5, ONE), hole]
        assert store.looked()[HOST, VANTAGE] == {"http_page", "tcp_ports"}
        assert store.undecodable == {"http_page": 1, "tcp_ports": 1}


def test_a_value_no_longer_understood_gives_way_to_the_next_look(tmp_path: Path) -> None:
    with Store.open(url(tmp_path), facts=FACTS) as store:
        look(store, seen(Page(200), 0, ONE))
    with Store.open(url(tmp_path), facts={"http_page": Ports}) as store:
        look(store, seen(Ports((80,)), 10, ONE), at=10)
        assert [stored.record for stored in store.state()] == [seen(Ports((80,)), 10, ONE)]


@pytest.mark.parametrize(
    ("column", "subject"), [("subject = 'http:80'", WHOLE), ("digest = NULL, failure = 'dns_flu'", ONE)]
)
def test_subjects_and_failures_of_another_version_are_gaps_too(tmp_path: Path, column: str, subject: Subject) -> None:
    with Store.open(url(tmp_path), facts=FACTS) as store:
        look(store, seen(Page(200), 0, ONE))
    with closing(sqlite3.connect(tmp_path / "diaolou.db")) as raw, raw:
        raw.execute(f"UPDATE spell SET {column}")
    with Store.open(url(tmp_path), facts=FACTS) as store:
        assert [stored.record for stored in store.state()] == [seen(GapReason.DEFECT, 0, subject, detail="undecodable")]


def test_a_gap_says_why_with_its_words(store: Store) -> None:
    look(store, seen(GapReason.DEFECT, 0, detail="KeyError"), complete=False)
    (stored,) = store.state()
    assert isinstance(stored.record, Gap)
    assert (stored.record.reason, stored.record.detail) == (GapReason.DEFECT, "KeyError")
