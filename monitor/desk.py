"""The desk where targets are claimed and given back; it keeps its own notes while the store cannot write."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from monitor.store import Appointment, Store, StoreUnavailable, Trouble

log = logging.getLogger(__name__)

LEASE = 3600.0
"""Seconds a claim holds in the store; it only matters to whoever comes after a crash of ours."""


class Desk:
    """Claims from the store, and from memory where the store fails; nobody is handed out twice at a time.

    *everyone* names the targets of a probe, for when the store cannot even be read.
    """

    def __init__(self, store: Store, everyone: Callable[[str], Collection[str]]) -> None:
        self._store, self._everyone = store, everyone
        self._held: dict[str, set[str]] = defaultdict(set)
        self._owed: dict[str, dict[str, Appointment]] = defaultdict(dict)
        self._lock = threading.Lock()
        self.trouble: Trouble | None = None

    def claim(self, probe: str, now: dt.datetime, limit: int) -> list[str]:
        """Take at most *limit* targets of *probe* that are due and not being looked at."""
        with self._lock:
            try:
                self._pay()
                due = self._store.claim(probe, now, limit, LEASE)
                if due:
                    self._relax()
            except StoreUnavailable as unavailable:
                self._complain(unavailable)
                due = self._remembered(probe, now, limit)
            taken = [target for target in due if target not in self._held[probe]][:limit]
            self._held[probe].update(taken)
            return taken

    def give_back(self, probe: str, appointments: Iterable[Appointment]) -> None:
        """Give targets back, each with its next appointment."""
        given = {item.target: item for item in appointments}
        with self._lock:
            self._held[probe] -= given.keys()
            self._owed[probe].update(given)
            try:
                self._pay()
            except StoreUnavailable as unavailable:
                self._complain(unavailable)

    def release(self, probe: str, targets: Collection[str]) -> None:
        """Give targets back without a look, due as they were."""
        with self._lock:
            self._held[probe].difference_update(targets)
            try:
                self._store.release(probe, targets)
            except StoreUnavailable as unavailable:
                self._complain(unavailable)

    def holds(self, probe: str, target: str) -> bool:
        """Say whether *target* is out with *probe*."""
        return target in self._held[probe]

    def hasten(self, probes: Mapping[str, Collection[str]], at: dt.datetime) -> None:
        """Make targets due at *at* that were due later; *probes* names for each target those that are to look."""
        with self._lock:
            for target, names in probes.items():
                for name in names:
                    if (item := self._owed[name].get(target)) is not None:
                        self._owed[name][target] = replace(item, next_due=min(item.next_due, at))
            try:
                self._store.hasten(probes, at)
            except StoreUnavailable as unavailable:
                self._complain(unavailable)

    def shift(self, step: dt.timedelta) -> None:
        """Move every appointment by *step*, as the clock was moved."""
        with self._lock:
            for notes in self._owed.values():
                notes.update({name: replace(item, next_due=item.next_due + step) for name, item in notes.items()})
            try:
                self._store.shift(step)
            except StoreUnavailable as unavailable:
                self._complain(unavailable)

    def _pay(self) -> None:
        """Write down what the store has not been told yet."""
        for probe, notes in self._owed.items():
            if notes:
                self._store.reschedule(probe, list(notes.values()))
                notes.clear()
                self._relax()

    def _remembered(self, probe: str, now: dt.datetime, limit: int) -> list[str]:
        notes, held = self._owed[probe], self._held[probe]
        try:
            candidates: Collection[str] = self._store.due(probe, now, limit + len(notes) + len(held))
        except StoreUnavailable:
            candidates = self._everyone(probe)
        return [name for name in candidates if name not in held and (name not in notes or notes[name].next_due <= now)]

    def _relax(self) -> None:
        if self.trouble is not None:
            log.warning("the store works again")
        self.trouble = None

    def _complain(self, unavailable: StoreUnavailable) -> None:
        if self.trouble is not unavailable.trouble:
            log.error("%s; going on from memory", unavailable)
        self.trouble = unavailable.trouble
