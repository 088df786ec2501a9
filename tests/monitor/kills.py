"""A tower and whoever acts beside it, both killed again and again: `python -m tests.monitor.kills 100`.

A real `serve` looks at targets on loopback while a process of its own comments, acknowledges, issues and chases
notices, hears of alerts, orders emergencies and begins responses. After each kill the log of deeds must hold every line
that anybody had seen, unbroken, and nothing twice that happens once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from monitor.alarm import Alarm, Heard
from monitor.commands import alerts, deeds, emergency, notices, responses
from monitor.configuration import Known, read
from monitor.store import Store
from rules.alert import ABOUT as ALERT
from rules.alert import Severity, Signal
from rules.deed import Deed, Entry, Move, breach
from rules.emergency import USUAL
from rules.finding import State
from rules.policy import Level
from rules.response import Opening
from tests.monitor.running_tower import PROJECT, Running, running, until

PATIENCE = 120.0
"""Seconds a tower may take to come up: it is held to no time here, only to coming up."""
PAUSE = 0.01
"""Seconds between two acts: the tower is to get its turn at the store, and the machine."""
AGENCIES = ("city", "education")
HARMLESS = (
    alerts.Objected,
    alerts.NoSuchAlert,
    deeds.Objected,
    notices.NoSuchNotice,
    notices.Refused,
    IndexError,
)
"""What an act may be refused with: there is nothing to do it on, or it was done."""


class Actor:
    """Somebody who acts without end on the store of the tower whose configuration is *known*."""

    def __init__(self, known: Known, store: Store) -> None:
        self._known, self._store = known, store
        self._alarm, self._chance = Alarm(store, lambda: known.config), random.Random()
        self._today = dt.datetime.now(dt.UTC).date()

    def act(self) -> None:
        """Do something, if it can be done."""
        ways: Sequence[Callable[[], object]] = (
            self._finding,
            self._finding,
            self._issue,
            self._further,
            self._chase,
            self._hear,
            self._hear,
            self._answer,
            self._strain,
            self._respond,
        )
        with contextlib.suppress(*HARMLESS):
            self._chance.choice(ways)()

    def _by(self, move: Move, why: str = "演练") -> Deed:
        return Deed(move, self._chance.choice(["李敏", "王工"]), dt.datetime.now(dt.UTC), why)

    def _finding(self) -> None:
        finding = self._chance.choice(self._store.findings(states=[State.OPEN]))
        move = self._chance.choice([Move.COMMENTED, Move.ACKNOWLEDGED, Move.CLAIMED_FIXED])
        deeds.do(self._store, finding, self._by(move))

    def _issue(self) -> None:
        code = self._chance.choice(AGENCIES)
        tomorrow = self._today + dt.timedelta(days=1)
        asked = notices.Asked(code, frozenset({code}), frozenset(Level), tomorrow)
        notices.issue(self._store, asked, self._by(Move.NOTICE_ISSUED), self._today)

    def _further(self) -> None:
        number = self._chance.choice(list(notices.everything(self._store)))
        move = self._chance.choice([Move.NOTICE_RECEIVED, Move.NOTICE_ANSWERED])
        notices.do(self._store, number, self._by(move))

    def _chase(self) -> None:
        notices.chase(self._store, self._known.config.tree, notices.Patience(), self._by, self._today)

    def _hear(self) -> None:
        signal = Signal("DiaolouWebsiteDown", Severity.CRITICAL, "city", "", "打不开")
        told = Heard(f"{self._chance.randrange(5):016x}", self._chance.random() < 0.6, signal)
        self._alarm.hear([told, told], dt.datetime.now(dt.UTC))

    def _answer(self) -> None:
        alerts.do(self._store, f"{self._chance.randrange(5):016x}", self._by(Move.ALERT_ACKNOWLEDGED))

    def _strain(self) -> None:
        emergency.order(self._store, USUAL, self._today, self._by(Move.EMERGENCY_BEGUN), self._today)

    def _respond(self) -> None:
        opening = Opening("dns_failure", "city", "演练", dt.datetime.now(dt.UTC))
        responses.start(self._store, opening, self._by(Move.RESPONSE_BEGUN), self._today)


def act(config: Path) -> None:
    """Act until killed, and tell of each line of the log as soon as it was read."""
    known, last = read(config), 0
    with Store.open_to_act(known.config.daemon.store_url) as store:
        actor = Actor(known, store)
        while True:
            actor.act()
            for entry in store.deeds(after=last):
                print(entry.number, entry.seal, flush=True)
                last = entry.number
            time.sleep(PAUSE)


@dataclass
class Ordeal:
    """The *tower*, and what was seen of its log by those who were killed: numbers with their seals."""

    tower: Running
    chance: random.Random
    seen: dict[int, str] = field(default_factory=dict)

    def kill(self) -> None:
        """Let tower and actor work for a while, and kill both, whichever first."""
        met, known = self.tower.door.met, len(self.seen)
        words = [sys.executable, "-m", "tests.monitor.kills", "act", str(self.tower.desk.directory)]
        actor = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        reader = threading.Thread(target=self._listen, args=(actor,))
        reader.start()
        try:
            assert until(lambda: self.tower.door.met > met and len(self.seen) > known, 60), self.tower.log()
            time.sleep(self.chance.uniform(0.0, 0.4))
        finally:
            assert self.tower.process is not None
            for process in self.chance.sample([self.tower.process, actor], 2):
                process.kill()
                process.wait(20)
            reader.join(20)

    def _listen(self, actor: subprocess.Popen[str]) -> None:
        assert actor.stdout is not None
        with actor.stdout as lines:
            for line in lines:
                number, _, seal = line.partition(" ")
                if line.endswith("\n"):
                    self.seen[int(number)] = seal.strip()

    def examine(self) -> None:
        """Fail unless nothing is lost and nothing is there twice."""
        with closing(sqlite3.connect(self.tower.store)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            acts = Counter(raw.execute("SELECT rule, target, subject, act FROM event").fetchall())
        assert max(acts.values(), default=0) <= 1
        with Store.open_to_read(f"sqlite:///{self.tower.store}") as store:
            entries = store.deeds()
        assert breach(entries) is None
        assert {number: entries[number - 1].seal for number in self.seen} == self.seen
        self._once(entries)

    def _once(self, entries: Sequence[Entry]) -> None:
        done = [entry.deed for entry in entries]
        once = Counter(
            (deed.move, deed.notice or deed.about, deed.at.date() if deed.move is Move.NOTICE_CHASED else None)
            for deed in done
            if deed.move in (Move.NOTICE_ISSUED, Move.NOTICE_CHASED, Move.NOTICE_RECEIVED, Move.RESPONSE_BEGUN)
        )
        assert max(once.values(), default=0) <= 1
        # No notice is ever closed here, so a finding in two of them was notified twice.
        notified = Counter(key for deed in done if deed.move is Move.NOTICE_ISSUED for key in deed.keys)
        assert max(notified.values(), default=0) <= 1
        lives: dict[str, list[Move]] = defaultdict(list)
        for deed in done:
            if deed.about.startswith(ALERT) and deed.move in (Move.ALERT_RAISED, Move.ALERT_RESOLVED):
                lives[deed.about].append(deed.move)
        for moves in lives.values():
            assert all(
                move is (Move.ALERT_RESOLVED if turn % 2 else Move.ALERT_RAISED) for turn, move in enumerate(moves)
            )


def endure(folder: Path, kills: int, seed: int, tell: Callable[[str], object] = lambda _: None) -> int:
    """Kill a tower in *folder* and its actor so many times, and return how many lines the log had in the end."""
    with running(folder) as tower:
        tower.desk.change("policy.yaml", "{6379: Redis}", f"{{{tower.door.port}: Door}}")
        tower.desk.change("policy.yaml", "clauses:", "confirmations: 1\nclauses:")
        ordeal = Ordeal(tower, random.Random(seed))
        for number in range(1, kills + 1):
            try:
                seconds = tower.start(PATIENCE)
            except TimeoutError as late:
                raise AssertionError(f"after {number - 1} kills it did not come up:\n{tower.log()[-4000:]}") from late
            ordeal.kill()
            ordeal.examine()
            up = f"up in {seconds:.1f} s"
            tell(f"{number}: {up}, {len(ordeal.seen)} deeds seen, none lost, none twice, the chain whole")
        assert "aside" not in tower.log()
        return len(ordeal.seen)


def main(words: Sequence[str]) -> None:
    """Act, or endure so many kills, with the seed that may follow."""
    if words[0] == "act":
        act(Path(words[1]))
        return
    seed = int(words[1]) if len(words) > 1 else 20261101
    with tempfile.TemporaryDirectory(prefix="diaolou-kills-") as name:
        endure(Path(name), int(words[0]), seed, lambda told: print(told, flush=True))


if __name__ == "__main__":
    main(sys.argv[1:])
