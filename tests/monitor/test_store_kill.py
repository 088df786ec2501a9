"""Killed at any moment, the store loses nothing that it acknowledged, and has nothing twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.store import Appointment, Judgement, Store
from probes.observation import Failure, Subject
from probes.target import Family, Target
from rules.finding import Act, Event, Finding, Key, State
from rules.policy import Level
from rules.verdict import Outcome, Verdict
from tests.monitor.watching import AT, FACTS, VANTAGE, Page, after, probe, seen, url

KILLS = (0, 1, 2, 0, 1, 3, 0, 2, 1, 2)
"""How many hosts each child tells of before it is killed, amid the work on the next; 0: while it opens the store."""
MEMORY = Path("/dev/shm")
"""A kill takes nothing that the kernel has: it is the same proof where no disk makes it wait."""
SUBJECTS = (Subject(family=Family.IPV4), Subject(family=Family.IPV6))


def name(number: int) -> str:
    return f"h{number}.example"


def work(folder: Path, first: int, acknowledge: int) -> None:
    """Take in one host after the other, each write repeated as after a commit that raised, and tell of each."""
    store = Store.open(url(folder), facts=FACTS)
    number = first
    while True:
        host = name(number)
        store.sync([Target(host, "city")], [probe()], AT, spread=0)
        run = store.begin_run("http_page", VANTAGE, AT, 1)
        records = [seen(Page(200, (host,)), 1, SUBJECTS[0], target=host)]
        records.append(seen(Failure.CONNECTION_REFUSED, 1, SUBJECTS[1], target=host))
        key = Key("rule", host, "")
        judgement = Judgement(
            host,
            (Verdict("rule", host, "", VANTAGE, Outcome.FAIL),),
            (Finding(key, "city", Level.HIGH, State.OPEN, AT, AT),),
            (Event(key, Act.OPENED, after(number)),),
        )
        for _ in range(2):
            store.record(run, records, [host])
            store.judged([judgement], AT)
        store.end_run(run, after(2), complete=True)
        store.reschedule("http_page", [Appointment(host, after(number), "high")])
        os.write(acknowledge, f"{number}\n".encode())
        number += 1


def killed_after(hosts: int, seconds: float, folder: Path, first: int) -> list[int]:
    """Let a process of its own work until it has told of so many *hosts*, and *seconds* more; return all it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(folder, first, writing)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as told:
        waited = [told.readline() for _ in range(hosts)]
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the child ended by itself"
        return [int(line) for line in (*waited, *told) if line.endswith("\n")]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one to be had."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY, prefix="diaolou-") as name:
        yield Path(name)


def test_killed_again_and_again_nothing_acknowledged_is_lost_and_nothing_is_there_twice(folder: Path) -> None:
    chance = random.Random(20261101)
    acknowledged: set[int] = set()
    first = 0
    for hosts in KILLS:
        told = killed_after(hosts, chance.uniform(0.0, 0.05), folder, first)
        acknowledged.update(told)
        first = max([first, *told]) + 1
    with closing(sqlite3.connect(folder / "diaolou.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Store.open(url(folder), facts=FACTS) as store:
        assert store.opened.aside is None
        spells = Counter(
            (host, str(spell.record.subject)) for host in map(name, range(first + 1)) for spell in store.history(host)
        )
        opened = Counter(event.key.target for event in store.events())
        findings = {finding.key.target for finding in store.findings(withdrawn=True)}
    for number in acknowledged:
        assert [spells[name(number), str(subject)] for subject in SUBJECTS] == [1, 1]
        assert opened[name(number)] == 1
        assert name(number) in findings
    assert max(spells.values()) == 1
    assert max(opened.values()) == 1
    assert len(acknowledged) >= sum(KILLS)
