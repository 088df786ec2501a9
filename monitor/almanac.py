"""The record of days: where everyone stood at the end of each, and how far back we remember."""

from __future__ import annotations

import datetime as dt

from exporters.posture import Posture
from monitor.settings.config import Daemon
from monitor.store import Store


class Almanac:
    """Keeps the days of *store* by the time zone of *settings*, and for as long as these say."""

    def __init__(self, store: Store, settings: Daemon) -> None:
        self._store, self._settings = store, settings
        self._pruned: dt.date | None = None

    def write(self, posture: Posture) -> None:
        """Keep where everyone stands as the record of the local day; the last of a day stays."""
        self._store.snapshot(self._day(posture.at), posture.hosts, (posture.city, *posture.agencies))

    def prune(self, now: dt.datetime) -> None:
        """Drop history older than is to be kept, once a day."""
        today = self._day(now)
        if today != self._pruned:
            self._store.prune(now - dt.timedelta(seconds=self._settings.keep))
            self._store.condense(now - dt.timedelta(seconds=self._settings.keep_minutes))
            self._pruned = today

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self._settings.time_zone).date()
