"""The log of deeds in the store: it only grows, in one chain, whoever writes and however they end."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from monitor.commands.deeds import verify
from monitor.store import Store, StoreUnavailable, Trouble
from rules.deed import Breach, Deed, Entry, Move
from rules.finding import Key
from tests.monitor.watching import AT, FACTS, url

KEY = Key("rule", "www.example", "tcp/1")


def say(text: str) -> Deed:
    return Deed(Move.COMMENTED, "李", AT, text, (KEY,), until=AT.date(), value="v", account="root")


def add(store: Store, *texts: str) -> list[Entry]:
    return store.did(lambda known: [say(text) for text in texts])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


def test_a_deed_is_read_as_it_was_done(store: Store) -> None:
    added = add(store, "一", "two\n", "")
    assert store.deeds() == added
    assert [entry.deed for entry in added] == [say("一"), say("two\n"), say("")]
    assert [entry.number for entry in store.deeds(after=1)] == [2, 3]
    assert verify(store).breach is None


def test_whoever_decides_sees_all_that_was_done_before(store: Store) -> None:
    add(store, "one")
    seen: list[int] = []

    def decide(known: Sequence[Entry]) -> list[Deed]:
        seen.append(len(known))
        return []

    assert store.did(decide) == []
    assert seen == [1]
    assert len(store.deeds()) == 1


def test_the_database_lets_nobody_change_or_remove_a_line(store: Store, tmp_path: Path) -> None:
    add(store, "one")
    with closing(sqlite3.connect(tmp_path / "diaolou.db")) as raw:
        for statement in ("UPDATE deed SET why = 'other'", "DELETE FROM deed"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                raw.execute(statement)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE deed SET who = 'other' WHERE number = 2", Breach(2, missing=False)),
        ("UPDATE deed SET findings = '[]' WHERE number = 1", Breach(1, missing=False)),
        ("DELETE FROM deed WHERE number = 2", Breach(2, missing=True)),
        ("DELETE FROM deed WHERE number = 3", None),
    ],
)
def test_who_changes_it_all_the_same_is_found_out(
    store: Store, tmp_path: Path, statement: str, broken: Breach | None
) -> None:
    noted = add(store, "one", "two", "three")[-1].seal
    with closing(sqlite3.connect(tmp_path / "diaolou.db")) as raw:
        raw.execute("DROP TRIGGER deed_no_update")
        raw.execute("DROP TRIGGER deed_no_delete")
        raw.execute(statement)
        raw.commit()
    found = verify(store, noted)
    assert found.breach == broken
    assert found.known is ("= 3" not in statement)


def test_people_act_beside_the_tower_that_runs(store: Store, tmp_path: Path) -> None:
    with Store.open_to_act(url(tmp_path), facts=FACTS) as beside:
        add(beside, "from beside")
        add(store, "from the tower")
        add(beside, "again")
    assert [entry.deed.why for entry in store.deeds()] == ["from beside", "from the tower", "again"]
    assert verify(store).breach is None


def test_before_there_is_a_store_nobody_acts(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        Store.open_to_act(url(tmp_path))
    assert caught.value.trouble is Trouble.ABSENT


WRITER = """
import sys, datetime as dt
from monitor.store import Store
from rules.deed import Deed, Move
store = Store.open_to_act(sys.argv[1])
for number in range(1000):
    deed = Deed(Move.COMMENTED, sys.argv[2], dt.datetime.now(dt.UTC), str(number))
    store.did(lambda known: [deed])
    print(number, flush=True)
"""


def test_who_writes_all_the_time_does_not_keep_others_waiting(store: Store, tmp_path: Path) -> None:
    busy = subprocess.Popen(
        [sys.executable, "-c", WRITER, url(tmp_path), "busy"], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert busy.stdout is not None
    busy.stdout.readline()
    others: list[int] = []
    try:
        for number in range(10):
            before = len(store.deeds())
            add(store, str(number))
            others.append(sum(entry.deed.who == "busy" for entry in store.deeds()[before:]))
    finally:
        busy.kill()
        busy.wait()
        busy.stdout.close()
    assert sorted(others)[5] <= 4


def test_no_deed_that_was_told_is_lost_to_a_kill_and_the_chain_stays_whole(store: Store, tmp_path: Path) -> None:
    told: dict[str, int] = {}
    for name in ("a", "b", "c"):
        words = [sys.executable, "-c", WRITER, url(tmp_path), name]
        writers = [
            subprocess.Popen([*words[:-1], name + each], stdout=subprocess.PIPE, text=True) for each in ("1", "2")
        ]
        for each, writer in zip(("1", "2"), writers, strict=True):
            assert writer.stdout is not None
            promised = [int(line) for line in islice(writer.stdout, 4)]
            assert promised == [0, 1, 2, 3]
            told[name + each] = promised[-1]
        for each, writer in zip(("1", "2"), writers, strict=True):
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.stdout is not None
            for line in writer.stdout.read().split("\n")[:-1]:
                told[name + each] = int(line)
            writer.wait()
            writer.stdout.close()
    kept: dict[str, list[int]] = {}
    for entry in store.deeds():
        kept.setdefault(entry.deed.who, []).append(int(entry.deed.why))
    assert verify(store).breach is None
    assert {name: last <= numbers[-1] for name, last in told.items() for numbers in [kept[name]]} == dict.fromkeys(
        told, True
    )
    assert all(numbers == list(range(len(numbers))) for numbers in kept.values())
