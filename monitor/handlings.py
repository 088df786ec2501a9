"""What people did about findings, as the tower goes by it: read once, then only what was added."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping

from monitor.store import Store
from rules.finding import Key
from rules.handling import Handling


class Handlings:
    """The handling of every finding, from *store*'s log of deeds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = 0
        self._found: dict[Key, Handling] = defaultdict(Handling)
        self._lock = threading.Lock()

    def now(self) -> Mapping[Key, Handling]:
        """Return the handling of each finding that something was done about, by all deeds up to now."""
        with self._lock:
            for entry in self._store.deeds(after=self._read):
                for key in entry.deed.keys:
                    self._found[key] = self._found[key].after(entry.deed)
                self._read = entry.number
            return dict(self._found)
