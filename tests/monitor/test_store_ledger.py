"""The ledger in the store: added once, told by the minute, condensed by the day, and forgotten in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from monitor.bookkeeping import Books, keeping
from monitor.store import Sending, Store, StoreUnavailable, Trouble
from probes.observation import GapReason
from probes.wire.ledger import Entry, Ledger, Line, What
from tests.monitor.watching import url

AT = dt.datetime(2026, 11, 3, 3, 12, tzinfo=dt.UTC)
V6 = ip_address("2001:db8::1")
LINE = Line(AT, "www.example", V6, What.HTTP, None, 2, 3, 400, 9000, "80, 443")
DENIED = replace(LINE, refused=GapReason.DENIED, exchanges=1, packets=1, sent=0, received=0, ports="")
DAY = dt.timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path)) as opened:
        yield opened


def told(store: Store, target: str | None = None) -> list[Sending]:
    return store.sendings(AT - 100 * DAY, AT + 100 * DAY, target)


def test_lines_come_back_as_they_were_and_a_batch_counts_once(store: Store) -> None:
    for _ in range(2):
        store.sent(7, [LINE, DENIED])
    assert told(store) == [Sending(LINE), Sending(DENIED)]


def test_what_was_written_at_different_times_is_one_line(store: Store) -> None:
    store.sent(1, [LINE])
    store.sent(2, [replace(LINE, exchanges=1, packets=1, sent=50, received=100, ports="81, 8080")])
    both = replace(LINE, exchanges=3, packets=4, sent=450, received=9100, ports="80-81, 443, 8080")
    assert told(store) == [Sending(both)]


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(store: Store) -> None:
    store.sent(1, [replace(LINE, at=AT + dt.timedelta(minutes=minute)) for minute in range(4)])
    found = store.sendings(AT + dt.timedelta(minutes=1), AT + dt.timedelta(minutes=3))
    assert [each.line.at.minute for each in found] == [13, 14]


def test_a_target_is_told_of_itself_alone(store: Store) -> None:
    store.sent(1, [LINE, replace(LINE, target="mail.example")])
    assert told(store, "mail.example") == [Sending(replace(LINE, target="mail.example"))]


def test_days_long_ago_keep_their_sums_and_nothing_is_lost(store: Store) -> None:
    store.sent(1, [LINE, DENIED, replace(LINE, at=AT + dt.timedelta(hours=5)), replace(LINE, at=AT + DAY)])
    store.sent(2, [replace(LINE, at=AT + dt.timedelta(minutes=9))])
    for _ in range(2):
        store.condense(AT + DAY)
    midnight = AT.replace(hour=0, minute=0)
    whole = replace(LINE, at=midnight, exchanges=6, packets=9, sent=1200, received=27000, ports="")
    assert told(store) == [
        Sending(whole, whole_day=True),
        Sending(replace(DENIED, at=midnight), whole_day=True),
        Sending(replace(LINE, at=AT + DAY)),
    ]
    store.condense(AT + 3 * DAY)
    assert [(each.line.packets, each.whole_day) for each in told(store)] == [(9, True), (1, True), (3, True)]


def test_what_is_older_than_history_is_kept_goes(store: Store) -> None:
    store.sent(1, [LINE, replace(LINE, at=AT + DAY)])
    store.prune(AT + DAY)
    assert [each.line.at for each in told(store)] == [AT + DAY]


class Sulking(Store):
    """A store that takes nothing for some time."""

    refusing = 0

    def sent(self, batch: int, lines: list[Line]) -> None:  # type: ignore[override]
        super().sent(batch, lines)
        if self.refusing:
            self.refusing -= 1
            raise StoreUnavailable(Trouble.BUSY, "after the fact")


async def test_a_store_that_complains_after_the_fact_is_told_again_and_counts_once(tmp_path: Path) -> None:
    entry = Entry(What.HTTP, V6, 443, "www.example", AT)
    with Sulking.open(url(tmp_path)) as store:
        store.refusing = 2
        ledger = Ledger()
        books = Books(ledger, store)
        for _ in range(2):
            ledger.note(entry)
            with pytest.raises(StoreUnavailable):
                await books.keep()
        await books.keep()
        assert [each.line.packets for each in told(store)] == [2]


async def test_without_a_store_that_takes_them_the_oldest_lines_go_first(tmp_path: Path) -> None:
    with Sulking.open(url(tmp_path)) as store:
        ledger = Ledger()
        books = Books(ledger, store, most=2)
        store.close()
        for minute in range(4):
            ledger.note(Entry(What.HTTP, V6, 443, "www.example", AT + dt.timedelta(minutes=minute)))
            with pytest.raises(StoreUnavailable):
                await books.keep()
        assert [lines[0].at.minute for _, lines in books._owed] == [14, 15]


async def test_at_the_end_all_of_it_is_written(store: Store) -> None:
    ledger = Ledger()
    async with keeping(ledger, store):
        ledger.note(Entry(What.TLS, V6, 443, "www.example", AT))
    assert [each.line.what for each in told(store)] == [What.TLS]
