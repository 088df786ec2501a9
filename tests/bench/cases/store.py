"""Recording 30,000 records, new, unchanged and one in a hundred changed, against appending them all with sqlite3."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from pathlib import Path

from monitor.store import Appointment, Judgement, Store
from probes.observation import Observation, Subject
from probes.target import Family, Target
from rules.text import Text
from rules.verdict import Outcome, Verdict, Witness
from tests.bench.figure import Figure, figure
from tests.bench.timing import MB, Spent, timed
from tests.monitor.watching import AT, FACTS, VANTAGE, Page, probe, url

TITLE = Text("存储：两千台主机的三万条记录", "The store: 30,000 records of 2,000 hosts")
LIMIT = 120.0
HOSTS = 2000
SUBJECTS = 15
RULES = 20
BATCH = 100
"""Hosts in one transaction, as in a round."""
PAIRS = 50_000
PROBES = 8
_TABLE = "create table seen (target text, probe text, subject text, at integer, seconds real, facts text)"
_FULL = "pragma journal_mode=wal; pragma synchronous=full;"


def run(folder: Path) -> Iterator[Figure]:
    """Record three rounds, read them back, judge them, and keep a schedule."""
    hosts = [f"h{number}.kaiping.example" for number in range(HOSTS)]
    peer = _append(folder / "peer.sqlite", _records(hosts, AT, lambda _: 200))
    yield _rate("append", "对照：sqlite3 逐条追加", "peer: appended with sqlite3", HOSTS * SUBJECTS, peer)
    with Store.open(url(folder), facts=FACTS) as store:
        for key, zh, en, status in (
            ("new", "全部是新的", "all new", lambda _: 200),
            ("same", "没有变化", "nothing changed", lambda _: 200),
            ("changed", "百分之一有变化", "one in a hundred changed", lambda n: 500 if n % 100 == 0 else 200),
        ):
            spent = _record(store, hosts, AT + dt.timedelta(hours=6 * ("new", "same", "changed").index(key)), status)
            yield _rate(key, f"记录：{zh}", f"recorded: {en}", HOSTS * SUBJECTS, spent)
            yield figure(f"{key}_ratio", f"{zh}，与追加之比", f"{en}: ratio to appending", spent.wall / peer.wall, "×")
        yield from _reading(store)
        yield from _judging(store, hosts)
        yield from _schedule(store)
    size = sum(path.stat().st_size for path in folder.glob("diaolou.db*")) / MB
    yield figure("size", "数据库", "database", size, "MB")


def _records(hosts: list[str], at: dt.datetime, status: Callable[[int], int]) -> list[Observation]:
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


def _append(path: Path, records: list[Observation]) -> Spent:
    """Write *records* down with nothing compared, in transactions as large and as lasting as the store's."""
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(_FULL + _TABLE)
    with timed() as spent:
        for start in range(0, len(records), BATCH * SUBJECTS):
            database.execute("begin immediate")
            rows = [_row(record) for record in records[start : start + BATCH * SUBJECTS]]
            database.executemany("insert into seen values (?, ?, ?, ?, ?, ?)", rows)
            database.execute("commit")
    database.close()
    return spent


def _row(record: Observation) -> tuple[object, ...]:
    assert isinstance(record.facts, Page)
    facts = {"status": record.facts.status, "names": record.facts.names, "took": record.facts.took}
    when = int(record.at.timestamp() * 1e6)
    return record.target, record.probe, str(record.subject), when, record.seconds, json.dumps(facts)


def _record(store: Store, hosts: list[str], at: dt.datetime, status: Callable[[int], int]) -> Spent:
    records = _records(hosts, at, status)
    with timed() as spent:
        run = store.begin_run("http_page", VANTAGE, at, len(hosts))
        for start in range(0, len(hosts), BATCH):
            part = records[start * SUBJECTS : (start + BATCH) * SUBJECTS]
            store.record(run, part, hosts[start : start + BATCH])
        store.end_run(run, at, complete=True)
    return spent


def _reading(store: Store) -> Iterator[Figure]:
    for key, zh, en, as_of in (
        ("state", "读出当前状态", "the present state read", None),
        ("past", "读出过去的状态", "a past state read", AT + dt.timedelta(hours=1)),
    ):
        with timed() as spent:
            assert sum(1 for _ in store.state(as_of=as_of)) == HOSTS * SUBJECTS
        yield _rate(key, zh, en, HOSTS * SUBJECTS, spent)


def _judging(store: Store, hosts: list[str]) -> Iterator[Figure]:
    for key, zh, en in (
        ("judged", "判定首次写入", "verdicts, first"),
        ("judged_again", "判定无变化", "verdicts, unchanged"),
    ):
        with timed() as spent:
            for start in range(0, len(hosts), 2 * BATCH):
                store.judged([_judgement(host) for host in hosts[start : start + 2 * BATCH]], AT)
        yield _rate(key, zh, en, HOSTS * RULES, spent)


def _judgement(host: str) -> Judgement:
    witness = (Witness("http_page", VANTAGE, "", AT),)
    verdicts = (Verdict(f"rule_{n}", host, "", VANTAGE, Outcome.PASS, witness) for n in range(RULES))
    return Judgement(host, tuple(verdicts), ())


def _schedule(store: Store) -> Iterator[Figure]:
    targets = [Target(f"s{number}.example", "city") for number in range(PAIRS)]
    probes = [probe(f"probe_{number}") for number in range(PROBES)]
    with timed() as spent:
        store.sync(targets, probes, AT, spread=0)
    yield _rate("scheduled", "排程建立", "schedule begun", PAIRS * PROBES, spent)
    with timed() as spent:
        for _ in range(20):
            claimed = store.claim("probe_3", AT, 500, 60)
            later = AT + dt.timedelta(hours=1)
            store.reschedule("probe_3", [Appointment(name, later, "clean") for name in claimed])
    yield _rate("claimed", "认领并归还", "claimed and given back", 20 * 500, spent)


def _rate(key: str, zh: str, en: str, count: int, spent: Spent) -> Figure:
    return figure(key, f"{zh}（{count:,}）", f"{en} ({count:,})", count / spent.wall, "/s")
