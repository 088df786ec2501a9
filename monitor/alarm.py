"""The tower's own account of alerts: what Alertmanager tells, who answered, and who is told when nobody does."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.claims import TOWER
from monitor.settings import Config
from monitor.store import Store
from rules.alert import ABOUT, Alert, Rung, Signal, Whom, alerts, due, raised
from rules.deed import Deed, Move


@dataclass(frozen=True, slots=True)
class Heard:
    """One alert as Alertmanager tells of it: *id* is its fingerprint, *firing* false once it is over."""

    id: str
    firing: bool
    signal: Signal


class Alarm:
    """The alerts in *store*'s log of deeds, which goes on as they come and go; *config* gives the one in force."""

    def __init__(self, store: Store, config: Callable[[], Config]) -> None:
        self._store, self._config = store, config
        self._known: Mapping[str, Alert] = {}
        self._read = 0
        self._lock = threading.Lock()

    def hear(self, told: Sequence[Heard], now: dt.datetime) -> list[Deed]:
        """Note which alerts began and which are over; those told of before and unchanged are not noted again."""

        def decide(known: Mapping[str, Alert]) -> list[Deed]:
            # One notification may name an alert twice; its last word counts.
            latest = {each.id: each for each in told}
            done = [_noted(each, known.get(each.id), now) for each in latest.values()]
            return [deed for deed in done if deed is not None]

        return self._add(decide)

    def climb(self, now: dt.datetime) -> list[Deed]:
        """Note for every alert nobody answers for the steps of the ladder it has come to, and who is told."""
        config = self._config()
        ladder = config.alerting.ladder

        def decide(known: Mapping[str, Alert]) -> list[Deed]:
            return [
                Deed(
                    Move.ALERT_ESCALATED,
                    TOWER,
                    now,
                    rung.role.value,
                    to=_addressee(config, alert.signal.agency, rung),
                    value=str(number),
                    about=ABOUT + alert.id,
                )
                for alert in known.values()
                for number, rung in due(alert, ladder, now)
            ]

        if not ladder or not decide(self._followed()):
            return []
        return self._add(decide)

    def _followed(self) -> Mapping[str, Alert]:
        """Return the alerts by all deeds up to now."""
        with self._lock:
            if new := self._store.deeds(self._read, about=ABOUT):
                self._known = alerts((entry.deed for entry in new), self._known)
                self._read = new[-1].number
            return self._known

    def _add(self, decide: Callable[[Mapping[str, Alert]], list[Deed]]) -> list[Deed]:
        """Add what *decide* answers with to the log; what is read of it here is only that behind our last reading."""
        with self._lock:
            known = self._known
            added = self._store.did(
                lambda new: decide(alerts((entry.deed for entry in new), known)), about=ABOUT, after=self._read
            )
        return [entry.deed for entry in added]


def _noted(told: Heard, alert: Alert | None, now: dt.datetime) -> Deed | None:
    there = alert is not None and alert.resolved is None
    if told.firing and not there:
        return raised(told.id, told.signal, TOWER, now)
    if not told.firing and there:
        return Deed(Move.ALERT_RESOLVED, TOWER, now, about=ABOUT + told.id)
    return None


def _addressee(config: Config, agency: str, rung: Rung) -> str:
    """Return the code of the agency that is told; the city's where there is none."""
    city, known = config.daemon.city, config.tree.agencies
    if rung.whom is Whom.CENTRE or agency not in known:
        return city
    return agency if rung.whom is Whom.AGENCY else known[agency].parent or city
