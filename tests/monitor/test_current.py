"""What is known at present: a gap hides what was seen before it, unless we chose not to look."""

from __future__ import annotations

import datetime as dt

import pytest

from monitor.current import OF_OUR_OWN_WILL, current, open_questions
from monitor.store import StoredRecord
from probes.observation import WHOLE, Failure, Gap, GapReason, Observation, Record, Subject
from probes.target import Family
from probes.tcp_ports import TcpPorts

AT = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)
V6 = Subject.parse("ipv6/2001:db8::1")
NOT_OURS = [reason for reason in GapReason if reason not in OF_OUR_OWN_WILL]


def seen(subject: Subject = V6) -> Observation:
    return Observation("tcp_ports", "www", "tower", subject, AT, 0.1, TcpPorts((443,), (), (), ()))


def gap(reason: GapReason, subject: Subject, at: dt.datetime = LATER) -> Gap:
    return Gap("tcp_ports", "www", "tower", subject, at, reason)


def stored(record: Record, over: Gap | None = None) -> StoredRecord:
    return StoredRecord(record, AT, "digest", over)


@pytest.mark.parametrize("reason", NOT_OURS)
@pytest.mark.parametrize("over", [WHOLE, Subject(family=Family.IPV6)])
def test_where_we_could_not_look_since_the_old_observation_decides_nothing(reason: GapReason, over: Subject) -> None:
    known = current([stored(seen()), stored(gap(reason, over))], {"tcp_ports"})
    assert gap(reason, V6) in known
    assert not [record for record in known if isinstance(record, Observation)]
    assert current([stored(seen(), gap(reason, V6))], {"tcp_ports"}) == (gap(reason, V6),)


@pytest.mark.parametrize("reason", sorted(OF_OUR_OWN_WILL))
def test_where_we_chose_not_to_look_the_old_observation_stands(reason: GapReason) -> None:
    assert current([stored(seen()), stored(gap(reason, WHOLE))], {"tcp_ports"}) == (seen(),)
    assert current([stored(seen(), gap(reason, V6))], {"tcp_ports"}) == (seen(),)


@pytest.mark.parametrize("reason", sorted(OF_OUR_OWN_WILL))
def test_what_was_never_seen_to_the_end_is_not_known_because_we_chose_not_to_look(reason: GapReason) -> None:
    known = current([stored(seen()), stored(gap(reason, WHOLE))], frozenset())
    assert gap(reason, WHOLE) in known
    other = Subject.parse("ipv6/2001:db8::2")
    assert gap(reason, other) in current([stored(seen()), stored(gap(reason, other))], {"tcp_ports"})


@pytest.mark.parametrize("failure", Failure)
def test_only_a_refusal_settles_anything_among_failures(failure: Failure) -> None:
    record = Observation("tcp_ports", "www", "tower", V6, AT, 0.1, failure=failure)
    assert (open_questions([record]) == frozenset()) is (failure is Failure.CONNECTION_REFUSED)
