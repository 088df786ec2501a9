"""What the store could not take: kept in order, within bounds, judged by meanwhile, and written when it can be."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.store import Judgement, RunId, Store, StoredRecord, StoreUnavailable, Trouble
from monitor.store.spells import covers
from probes.observation import Gap, Record
from rules.finding import Finding

log = logging.getLogger(__name__)

MOST = 200_000
"""Records kept in memory; beyond, the oldest are let go, as what comes later says more of today."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of a run that is not written yet; *complete* names the targets looked at to the end."""

    probe: str
    vantage: str
    began: dt.datetime
    ended: dt.datetime
    records: tuple[Record, ...]
    complete: frozenset[str]


class Spool:
    """Writes to the store, or remembers. *lost* counts the records let go for want of room."""

    def __init__(self, store: Store, *, most: int = MOST) -> None:
        self._store, self._most = store, most
        self._sheets: deque[Sheet] = deque()
        self._judged: dict[str, tuple[Judgement, dt.datetime]] = {}
        self._kept = 0
        self._lock = threading.RLock()
        self.judging = threading.Lock()
        """Held by whoever judges: a judgement reads the findings that it then changes."""
        self.trouble: Trouble | None = None
        self.lost = 0

    def begin(self, probe: str, vantage: str, at: dt.datetime, planned: int) -> RunId | None:
        """Open a run; None while the store takes none."""
        with self._lock:
            try:
                self._write()
                return self._store.begin_run(probe, vantage, at, planned)
            except StoreUnavailable as unavailable:
                self._complain(unavailable)
                return None

    def record(self, run: RunId | None, sheet: Sheet) -> None:
        """Keep *sheet*, as part of *run* where there is one."""
        with self._lock:
            if run is not None and not self._sheets:
                try:
                    self._store.record(run, sheet.records, sheet.complete)
                    return
                except StoreUnavailable as unavailable:
                    self._complain(unavailable)
            self._owe(sheet)

    def end(self, run: RunId | None, at: dt.datetime, *, complete: bool) -> None:
        """Close *run*; one that cannot be closed is closed as incomplete when the store is next opened."""
        with self._lock:
            try:
                if run is not None:
                    self._store.end_run(run, at, complete=complete)
                self._write()
            except StoreUnavailable as unavailable:
                self._complain(unavailable)

    def judged(self, judgements: Sequence[Judgement], at: dt.datetime) -> None:
        """Keep what was concluded; of what could not be written, the last word and every act."""
        with self._lock:
            try:
                self._write()
                self._store.judged(judgements, at)
            except StoreUnavailable as unavailable:
                self._complain(unavailable)
                for judgement in judgements:
                    before = self._judged.get(judgement.target)
                    events = (*(before[0].events if before else ()), *judgement.events)
                    self._judged[judgement.target] = replace(judgement, events=events), at

    def flush(self) -> None:
        """Write what is owed, if that is possible now."""
        with self._lock:
            try:
                self._write()
            except StoreUnavailable as unavailable:
                self._complain(unavailable)

    @property
    def owed(self) -> int:
        """How many records wait to be written."""
        return self._kept

    def overlay(self, stored: Mapping[str, list[StoredRecord]]) -> None:
        """Bring what the store knows of some targets up to date with what it has not been told."""
        with self._lock:
            for sheet in self._sheets:
                for target in {*sheet.complete, *(record.target for record in sheet.records)} & stored.keys():
                    mine = [record for record in sheet.records if record.target == target]
                    stored[target][:] = _after(stored[target], sheet, mine, ended=target in sheet.complete)

    def looked(
        self, known: Mapping[tuple[str, str], frozenset[str]], targets: Collection[str]
    ) -> Mapping[tuple[str, str], frozenset[str]]:
        """Return *known*, which names the probes that looked to the end, with the looks not written yet."""
        with self._lock:
            after = dict(known)
            for sheet in self._sheets:
                for target in sheet.complete & set(targets):
                    key = (target, sheet.vantage)
                    after[key] = after.get(key, frozenset()) | {sheet.probe}
            return after

    def findings(self, known: Iterable[Finding], targets: Collection[str]) -> list[Finding]:
        """Return the findings of *targets*, *known* from the store, as last judged."""
        with self._lock:
            told = {name: item.findings for name, (item, _) in self._judged.items() if name in set(targets)}
        kept = [finding for finding in known if finding.key.target not in told]
        return [*kept, *(finding for findings in told.values() for finding in findings)]

    def _owe(self, sheet: Sheet) -> None:
        self._sheets.append(sheet)
        self._kept += len(sheet.records)
        while self._kept > self._most and len(self._sheets) > 1:
            gone = len(self._sheets.popleft().records)
            self._kept -= gone
            self.lost += gone
            log.error("%d records were let go: the store has taken nothing for too long", gone)

    def _write(self) -> None:
        while self._sheets:
            sheet = self._sheets[0]
            targets = {*sheet.complete, *(record.target for record in sheet.records)}
            run = self._store.begin_run(sheet.probe, sheet.vantage, sheet.began, len(targets))
            self._store.record(run, sheet.records, sheet.complete)
            self._store.end_run(run, sheet.ended, complete=len(sheet.complete) == len(targets))
            self._sheets.popleft()
            self._kept -= len(sheet.records)
        for target, (judgement, at) in list(self._judged.items()):
            self._store.judged([judgement], at)
            del self._judged[target]
        if self.trouble is not None:
            log.warning("the store works again")
            self.trouble = None

    def _complain(self, unavailable: StoreUnavailable) -> None:
        if self.trouble is not unavailable.trouble:
            log.error("%s; what is seen is kept in memory", unavailable)
        self.trouble = unavailable.trouble


def _after(
    stored: Iterable[StoredRecord], sheet: Sheet, records: Sequence[Record], *, ended: bool
) -> list[StoredRecord]:
    """Return the state of one target after a look of it; only a look that *ended* ends subjects it no longer met."""
    state = {(item.record.probe, item.record.vantage, item.record.subject): item for item in stored}
    gaps = [record for record in records if isinstance(record, Gap)]
    met = {record.subject for record in records}
    for key in [key for key in state if key[:2] == (sheet.probe, sheet.vantage)]:
        missed = next((gap for gap in gaps if covers(gap.subject, key[2])), None)
        if missed is not None:
            state[key] = replace(state[key], gap=missed)
        elif ended and key[2] not in met:
            del state[key]
    for record in records:
        key = (record.probe, record.vantage, record.subject)
        if key not in state or not isinstance(record, Gap):
            state[key] = StoredRecord(record, record.at, "")
    return list(state.values())
