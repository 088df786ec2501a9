"""Whatever was recorded, the past is told as it was: `state(as_of)` equals replaying the records up to then."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.store import Store, StoredRecord
from monitor.store.spells import covers
from probes.observation import WHOLE, Facts, Failure, Gap, GapReason, Observation, Subject
from probes.target import Family
from tests.monitor.watching import AT, FACTS, VANTAGE, Page, after, seen, url

SILENCE = dt.timedelta(seconds=20)
SUBJECTS = (
    WHOLE,
    Subject(family=Family.IPV6),
    *(Subject(family=Family.IPV6, address=ip_address(f"2001:db8::{number}")) for number in (1, 2)),
    Subject(family=Family.IPV4, address=ip_address("198.18.0.1")),
    Subject(server="ns1.example"),
)
OUTCOMES: tuple[Facts | Failure | GapReason, ...] = (
    Page(200),
    Page(500),
    Failure.HTTP_TIMEOUT,
    Failure.CONNECTION_REFUSED,
    GapReason.STOPPED,
    GapReason.VANTAGE_BLIND_IPV6,
)


@dataclass(frozen=True)
class Look:
    """One look: its records with the seconds that passed before each, and whether it ran to its end."""

    pause: int
    records: tuple[tuple[int, Subject, Facts | Failure | GapReason], ...]
    complete: bool


steps = st.tuples(st.integers(1, 3), st.sampled_from(SUBJECTS), st.sampled_from(OUTCOMES))
looks = st.builds(
    Look,
    pause=st.sampled_from((1, 2, 15, 40)),
    records=st.lists(steps, max_size=5).map(tuple),
    complete=st.booleans(),
)


@dataclass
class Known:
    """What the model knows of one subject."""

    observation: Observation | None = None
    since: dt.datetime = AT
    gap: Gap | None = None


def value(record: Observation | None) -> object:
    return None if record is None else (record.facts, record.failure)


class Model:
    """The plainest way to keep a state: every act with its time, replayed from the beginning."""

    def __init__(self) -> None:
        self.acts: list[tuple[dt.datetime, Observation | Gap | frozenset[Subject]]] = []

    def record(self, record: Observation | Gap) -> None:
        self.acts.append((record.at, record))

    def complete(self, at: dt.datetime, met: dict[Subject, Observation | Gap]) -> None:
        gaps = [subject for subject, last in met.items() if isinstance(last, Gap)]
        known = self.at(at)
        ended = {
            subject
            for subject, state in known.items()
            if subject not in met and not (state.observation is not None and any(covers(gap, subject) for gap in gaps))
        }
        self.acts.append((at, frozenset(ended)))

    def at(self, moment: dt.datetime) -> dict[Subject, Known]:
        known: dict[Subject, Known] = {}
        for at, act in self.acts:
            if at > moment:
                continue
            if isinstance(act, frozenset):
                known = {subject: state for subject, state in known.items() if subject not in act}
                continue
            state = known.setdefault(act.subject, Known())
            if isinstance(act, Gap):
                state.gap = act
            else:
                if value(state.observation) != value(act):
                    state.since = act.at
                state.observation, state.gap = act, None
        return known


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(url(tmp_path_factory.mktemp("replay")), facts=FACTS, silence=SILENCE) as opened:
        yield opened


hosts = (f"h{number}.example" for number in itertools.count())


@settings(max_examples=60, deadline=None)
@given(history=st.lists(looks, min_size=1, max_size=6), twice=st.booleans())
def test_the_state_at_any_moment_equals_replaying_the_records_up_to_it(
    store: Store, history: list[Look], twice: bool
) -> None:
    host, model, clock = next(hosts), Model(), 0
    moments = {AT}
    for look in history:
        clock += look.pause
        run = store.begin_run("http_page", VANTAGE, after(clock), 1)
        records: list[Observation | Gap] = []
        for pause, subject, outcome in look.records:
            clock += pause
            records.append(seen(outcome, clock, subject, target=host))
            model.record(records[-1])
            moments.add(after(clock))
        for _ in range(1 + twice):
            store.record(run, records, [host] if look.complete else [])
        if look.complete:
            model.complete(after(clock), {record.subject: record for record in records})
            moments.add(after(clock))
    moments |= {moment + dt.timedelta(seconds=0.5) for moment in moments} | {after(clock + 1000)}
    for moment in sorted(moments):
        check(list(store.state([host], as_of=moment)), model.at(moment), moment)
    present = {stored.record.subject: stored for stored in store.state([host])}
    for subject, known in model.at(after(clock)).items():
        assert present[subject].record == (known.observation or known.gap)
    assert present.keys() == model.at(after(clock)).keys()


def check(stored: list[StoredRecord], known: dict[Subject, Known], moment: dt.datetime) -> None:
    assert [item.record.subject for item in stored] == sorted(known, key=str)
    for item in stored:
        state = known[item.record.subject]
        if state.observation is None:
            assert item.record == replace(state.gap, at=item.record.at)
            continue
        assert isinstance(item.record, Observation)
        assert value(item.record) == value(state.observation)
        assert item.since == state.since
        # The time of a look in the past is known to within the silence the store believes in.
        assert state.observation.at <= item.record.at <= moment
        assert item.record.at - state.observation.at <= SILENCE
        assert (item.gap and item.gap.reason) == (state.gap and state.gap.reason)
