"""What is under way, from the log of deeds: alerts, the emergency, responses. Read once, then only what was added."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from exporters.posture import Posture
from monitor.settings import Config
from monitor.store import Store, StoreUnavailable
from rules.alert import ABOUT as ALERT
from rules.alert import Alert, alerts
from rules.deed import Deed
from rules.emergency import Emergency, ordered
from rules.response import ABOUT as RESPONSE
from rules.response import Response, owed, responses
from rules.underway import Underway

log = logging.getLogger(__name__)


class Affairs:
    """The affairs in *store*'s log of deeds, by the calendar of *config*."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._lock, self._read = threading.Lock(), 0
        self._alerts: Mapping[str, Alert] = {}
        self._responses: Mapping[str, Response] = {}
        self._orders: list[Deed] = []

    def now(self, now: dt.datetime) -> Underway:
        """Return what is under way by all deeds up to now; where the store cannot be read, by those known."""
        with self._lock:
            try:
                self._go_on()
            except StoreUnavailable as trouble:
                log.warning("what is under way could not be read anew: %s", trouble)
            due = (owed(each, self._config.duties) for each in self._responses.values())
            emergency = self._on(self._orders, now)
            hearing = self._config.alerting.inbox is not None
            return Underway(self._alerts, emergency, self._responses, tuple(chain.from_iterable(due)), hearing)

    def onto(self, posture: Posture, now: dt.datetime) -> Posture:
        """Return *posture* with what is under way."""
        return replace(posture, underway=self.now(now))

    def emergency(self, now: dt.datetime) -> Emergency | None:
        """Return the emergency that is on, None without one."""
        return self.now(now).emergency

    def emergency_at(self, moment: dt.datetime) -> Emergency | None:
        """Return the emergency that was on at a past *moment*."""
        with self._lock:
            self._go_on()
            return self._on([order for order in self._orders if order.at <= moment], moment)

    def _on(self, orders: list[Deed], moment: dt.datetime) -> Emergency | None:
        order = ordered(orders)
        today = moment.astimezone(self._config.daemon.time_zone).date()
        return order if order is not None and order.holds(today) else None

    def _go_on(self) -> None:
        entries = self._store.deeds(after=self._read)
        if not entries:
            return
        named = [entry.deed for entry in entries if entry.deed.about]
        self._alerts = alerts((deed for deed in named if deed.about.startswith(ALERT)), self._alerts)
        self._responses = responses((deed for deed in named if deed.about.startswith(RESPONSE)), self._responses)
        self._orders += [deed for deed in named if not deed.about.startswith((ALERT, RESPONSE))]
        self._read = entries[-1].number
