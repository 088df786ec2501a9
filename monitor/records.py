"""How well each agency mends, drawn together from findings, what happened to them, and notices."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import replace

from exporters.posture import AgencyPosture, Posture
from monitor.settings import Config
from monitor.store import Store, StoreUnavailable
from rules.notice import notices
from rules.rectification import NOTHING, WINDOW, Rectification, rectification

log = logging.getLogger(__name__)

KEPT = dt.timedelta(seconds=60)
"""How long the records are told as they were: they read every finding, and change slowly."""


class Records:
    """The records of the agencies of one configuration, by what *store* holds."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._records: Mapping[str, Rectification] = {}
        self._read: dt.datetime | None = None

    def onto(self, posture: Posture, now: dt.datetime) -> Posture:
        """Return *posture* with the record of each of its agencies."""
        if self._read is None or not dt.timedelta() <= now - self._read < KEPT:
            self._read_anew(now)
        return replace(
            posture, city=self._told(posture.city), agencies=tuple(self._told(row) for row in posture.agencies)
        )

    def _told(self, row: AgencyPosture) -> AgencyPosture:
        return replace(row, rectification=self._records.get(row.agency.code, NOTHING))

    def _read_anew(self, now: dt.datetime) -> None:
        """Read the records, or keep those there are where the store does not answer."""
        local = now.astimezone(self._config.daemon.time_zone)
        try:
            findings, events = self._store.findings(), self._store.events(since=now - WINDOW)
            known = notices(entry.deed for entry in self._store.deeds())
        except StoreUnavailable as trouble:
            log.warning("the records of rectification could not be read: %s", trouble)
            return
        self._records = rectification(self._config.tree, findings, events, known.values(), local)
        self._read = now
