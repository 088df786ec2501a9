"""Rounds of `diaolou round` in a vantage of the city, and what the store holds after them."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporters.posture import HostPosture
from monitor.configuration import Known, read
from monitor.entrance import now
from monitor.judgement import Judge
from monitor.store import Store
from probes.observation import Gap, GapReason
from probes.wire.ledger import Line
from rules.finding import Event, Finding, Key, State
from rules.verdict import Verdict
from tests.lab.config import write
from tests.lab.faults import turn
from tests.lab.lifecycle import Lab


@dataclass(frozen=True, slots=True)
class Tower:
    """A configuration of the city with a store of its own, and the vantage it looks from."""

    lab: Lab
    folder: Path
    vantage: str = "vantage"

    def begin(self, patience: float = 0.5) -> Tower:
        """Write the configuration down, of a tower that is so patient."""
        write(self.folder, self.lab.folder, patience=patience)
        return self

    def round(self, *hosts: str) -> str:
        """Look at *hosts*, all without any, and return what was shown."""
        chosen = [word for host in hosts for word in ("--target", host)]
        done = self.lab.run(
            self.vantage, *self._diaolou("round", str(self.folder), "--lang", "en", *chosen), timeout=300
        )
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    def look(self, host: str) -> dict[str, Any]:
        """Look at one *host* live, and return what was told of it."""
        done = self.lab.run(self.vantage, *self._diaolou("look", host, "-c", str(self.folder), "--json"), timeout=120)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    @contextmanager
    def rounding(self) -> Iterator[subprocess.Popen[bytes]]:
        """Have a round going on while the context lasts."""
        line = self.lab.command(self.vantage, self._diaolou("round", str(self.folder)))
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def order(self, command: str) -> None:
        """Give an order that takes nothing but the configuration."""
        self.tell(command, str(self.folder))

    def tell(self, *words: str) -> str:
        """Run another command in the vantage, and return what it printed."""
        done = self.lab.run(self.vantage, *self._diaolou(*words), timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @staticmethod
    def _diaolou(*words: str) -> list[str]:
        return [sys.executable, "-m", "monitor.cli", *words]

    def known(self) -> Known:
        """Read the configuration."""
        return read(self.folder)

    def open(self) -> frozenset[Key]:
        """Return which findings stand open."""
        return frozenset(finding.key for finding in self.findings() if finding.state is State.OPEN)

    def findings(self) -> list[Finding]:
        """Return all findings."""
        with self.store() as store:
            return store.findings()

    def gaps(self) -> frozenset[GapReason]:
        """Return why we could not look, wherever we could not."""
        with self.store() as store:
            met = [item.gap or item.record for item in store.state()]
        return frozenset(record.reason for record in met if isinstance(record, Gap))

    def events(self) -> list[Event]:
        """Return every act there was, oldest first."""
        with self.store() as store:
            return store.events()

    def ledger(self) -> list[Line]:
        """Return all that was sent or refused, ever."""
        with self.store() as store:
            return [sending.line for sending in store.sendings(now() - dt.timedelta(days=1), now())]

    def verdicts(self, hosts: Collection[str]) -> list[Verdict]:
        """Return the verdicts on *hosts*."""
        with self.store() as store:
            return [item.verdict for item in store.verdicts(hosts)]

    def host(self, name: str) -> HostPosture:
        """Return how one host stands."""
        known = self.known()
        with self.store() as store:
            return Judge(known.config, known.rules, store).standing([name], now())[name]

    def store(self) -> Store:
        """Open what it knows, to read."""
        return Store.open_to_read(self.known().config.daemon.store_url)


@contextmanager
def broken(lab: Lab, fault: str) -> Iterator[None]:
    """Inject *fault* while the context lasts."""
    turn(lab, fault, on=True)
    try:
        yield
    finally:
        turn(lab, fault, on=False)
