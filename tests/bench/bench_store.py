"""How long the store takes for a city's round; run as `python -m tests.bench.bench_store [HOSTS]`."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from pathlib import Path

from monitor.store import Appointment, Judgement, Store
from probes.observation import Observation, Subject
from probes.target import Family, Target
from rules.verdict import Outcome, Verdict, Witness
from tests.monitor.watching import AT, FACTS, VANTAGE, Page, probe, url

SUBJECTS = 15
RULES = 20


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:<44} {count:>8} {wall:>8.2f} s {cpu:>8.2f} cpu s {count / wall:>10.0f} /s")


def records(hosts: list[str], at: dt.datetime, status: Callable[[int], int]) -> list[Observation]:
    """Return one round: every host with subjects of its own, each page with a time that is never the same."""
    return [
        Observation(
            "http_page",
            host,
            VANTAGE,
            Subject(Family.IPV6, IPv6Address((0x20010DB8 << 96) + (number << 16) + part)),
            at,
            0.1,
            Page(status(number * SUBJECTS + part), (host, f"part {part}"), took=at.timestamp() % 1 + part / 100),
        )
        for number, host in enumerate(hosts)
        for part in range(SUBJECTS)
    ]


def judgements(hosts: list[str], at: dt.datetime) -> list[Judgement]:
    return [
        Judgement(
            host,
            tuple(
                Verdict(f"rule_{n}", host, "", VANTAGE, Outcome.PASS, (Witness("http_page", VANTAGE, "", at),))
                for n in range(RULES)
            ),
            (),
        )
        for host in hosts
    ]


def rounds(store: Store, hosts: list[str]) -> None:
    told: list[tuple[str, dt.timedelta, Callable[[int], int]]] = [
        ("first round: every record is new", dt.timedelta(), lambda _: 200),
        ("second round: nothing changed", dt.timedelta(hours=6), lambda _: 200),
        (
            "third round: one record in a hundred changed",
            dt.timedelta(hours=12),
            lambda n: 500 if n % 100 == 0 else 200,
        ),
    ]
    for what, later, status in told:
        batch = records(hosts, AT + later, status)
        with timed(what, len(batch)):
            run = store.begin_run("http_page", VANTAGE, AT + later, len(hosts))
            for start in range(0, len(hosts), 100):
                part = batch[start * SUBJECTS : (start + 100) * SUBJECTS]
                store.record(run, part, hosts[start : start + 100])
            store.end_run(run, AT + later, complete=True)
    with timed("the present state read", len(hosts) * SUBJECTS):
        assert sum(1 for _ in store.state()) == len(hosts) * SUBJECTS
    with timed("the state of yesterday read", len(hosts) * SUBJECTS):
        assert sum(1 for _ in store.state(as_of=AT + dt.timedelta(hours=1))) == len(hosts) * SUBJECTS
    for what in ("judged for the first time", "judged again, nothing changed"):
        with timed(what, len(hosts) * RULES):
            for start in range(0, len(hosts), 200):
                store.judged(judgements(hosts[start : start + 200], AT), AT)


def schedule(store: Store, count: int) -> None:
    targets = [Target(f"s{number}.example", "city") for number in range(count)]
    probes = [probe(f"probe_{number}") for number in range(8)]
    for what in ("schedule begun", "schedule taken up again"):
        with timed(what, count * len(probes)):
            store.sync(targets, probes, AT, spread=0)
    with timed("claimed and given back, 500 at a time", 20 * 500):
        for _ in range(20):
            claimed = store.claim("probe_3", AT, 500, 60)
            later = AT + dt.timedelta(hours=1)
            store.reschedule("probe_3", [Appointment(name, later, "clean") for name in claimed])


def main(hosts: int) -> None:
    """Time a round of *hosts*, and a schedule of 50,000."""
    with tempfile.TemporaryDirectory() as folder, Store.open(url(Path(folder)), facts=FACTS) as store:
        rounds(store, [f"h{number}.kaiping.example" for number in range(hosts)])
        schedule(store, 50_000)
        print(f"{'bytes of the database':<44} {(Path(folder) / 'diaolou.db').stat().st_size:>8}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
