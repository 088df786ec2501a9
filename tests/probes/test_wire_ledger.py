"""The ledger: sums by minute, bounded until they are taken, and nothing lost between takings."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from probes.observation import GapReason
from probes.wire.ledger import Entry, Ledger, Line, What, spans, unspan

AT = dt.datetime(2026, 11, 3, 3, 12, 40, tzinfo=dt.UTC)
HTTP = Entry(What.HTTP, ip_address("2001:db8::1"), 443, "www.example", AT)


def test_a_line_is_a_minute_of_one_class_to_one_address_for_one_target() -> None:
    ledger = Ledger()
    others = [
        replace(HTTP, at=AT + dt.timedelta(minutes=1)),
        replace(HTTP, what=What.TLS),
        replace(HTTP, address=ip_address("192.0.2.1")),
        replace(HTTP, target="mail.example"),
    ]
    for entry in (HTTP, replace(HTTP, port=80, at=AT.replace(second=59)), *others):
        ledger.note(entry)
    ledger.refuse(HTTP, GapReason.DENIED)
    ledger.passed(HTTP, sent=100, received=2000)
    ledger.resent(HTTP, 2)
    first, *rest = ledger
    minute = AT.replace(second=0)
    assert first == Line(minute, "www.example", HTTP.address, What.HTTP, None, 2, 4, 100, 2000, "80, 443")
    assert [line.packets for line in rest] == [1] * 5


def test_what_was_let_out_and_never_left_is_not_told() -> None:
    ledger = Ledger()
    ledger.note(HTTP)
    ledger.resent(HTTP, -1)
    assert list(ledger) == []
    assert ledger.counts == {}


def test_lines_that_nobody_takes_are_bounded_and_counts_are_not() -> None:
    ledger = Ledger(most=3)
    for minute in range(10):
        ledger.note(replace(HTTP, at=AT + dt.timedelta(minutes=minute)))
    assert [line.at.minute for line in ledger] == [19, 20, 21]
    assert ledger.lost == 7
    assert ledger.counts == {What.HTTP: 10}


ENTRIES = st.builds(
    Entry,
    what=st.sampled_from(What),
    address=st.sampled_from([ip_address("192.0.2.1"), ip_address("2001:db8::1")]),
    port=st.integers(0, 65535),
    target=st.sampled_from(["www.example", "mail.example"]),
    at=st.datetimes(AT.replace(tzinfo=None), AT.replace(hour=5, tzinfo=None), timezones=st.just(dt.UTC)),
    packets=st.integers(1, 5),
)


@given(st.lists(st.lists(ENTRIES, max_size=8), max_size=4))
def test_what_is_taken_bit_by_bit_is_all_that_was_noted(parts: list[list[Entry]]) -> None:
    ledger, taken = Ledger(), list[Line]()
    for part in parts:
        for entry in part:
            ledger.note(entry)
        taken += ledger.take()
    assert ledger.take() == ()
    noted = [entry for part in parts for entry in part]
    assert sum(line.exchanges for line in taken) == len(noted)
    sums = Counter[What]()
    for line in taken:
        sums[line.what] += line.packets
    assert sums == ledger.counts
    assert {port for line in taken for port in unspan(line.ports)} == {entry.port for entry in noted if entry.port}


@given(st.frozensets(st.integers(1, 65535), max_size=50))
def test_ports_are_written_in_spans_and_read_again(ports: frozenset[int]) -> None:
    assert set(unspan(spans(ports))) == ports


def test_ports_in_a_row_are_one_span() -> None:
    assert spans([443, 80, 81, 82, 22, 80]) == "22, 80-82, 443"
    assert spans([]) == ""
