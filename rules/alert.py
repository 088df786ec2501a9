"""Alerts as people deal with them: raised, acknowledged by somebody, or told further up until somebody does."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.agency import Role
from rules.deed import Deed, Move

ABOUT = "alert/"
"""How the name of an alert begins in the log of deeds."""


class Severity(StrEnum):
    """How grave the rule that raises it calls an alert, the gravest first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Its place, 0 for the gravest."""
        return list(Severity).index(self)


class Whom(StrEnum):
    """Who is told next, beginning from the agency the alert is about."""

    AGENCY = "agency"
    SUPERIOR = "superior"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: *after* seconds unanswered, the contacts of *role* at *whom* are told."""

    after: float
    whom: Whom
    role: Role
    severities: frozenset[Severity] = frozenset({Severity.CRITICAL})


class AlertObjection(StrEnum):
    """Why something cannot be done about an alert."""

    RESOLVED = "resolved"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Signal:
    """What an alert says of itself; *agency* and *host* are empty where it is about none."""

    name: str
    severity: Severity
    agency: str = ""
    host: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands. *id* is Alertmanager's fingerprint; *told* are the deeds that told it further up."""

    id: str
    signal: Signal
    raised: Deed
    acknowledged: Deed | None = None
    resolved: Deed | None = None
    told: tuple[Deed, ...] = ()

    @property
    def waiting(self) -> bool:
        """Whether it is there, and nobody has answered for it."""
        return self.resolved is None and self.acknowledged is None

    def after(self, deed: Deed) -> Alert:
        """Return the alert once *deed* was done too."""
        match deed.move:
            case Move.ALERT_ACKNOWLEDGED:
                return replace(self, acknowledged=self.acknowledged or deed)
            case Move.ALERT_ESCALATED:
                return replace(self, told=(*self.told, deed))
            case Move.ALERT_RESOLVED:
                return replace(self, resolved=deed)
        return self


def raised(id_: str, signal: Signal, who: str, at: dt.datetime) -> Deed:
    """Return the deed by which an alert begins."""
    said = {"name": signal.name, "severity": signal.severity.value, "agency": signal.agency, "host": signal.host}
    value = json.dumps(said, sort_keys=True)
    return Deed(Move.ALERT_RAISED, who, at, signal.summary, to=signal.agency, value=value, about=ABOUT + id_)


def alerts(deeds: Iterable[Deed], known: Mapping[str, Alert] | None = None) -> Mapping[str, Alert]:
    """Return, by id, the latest life of each alert that *deeds* (oldest first) amount to, going on from *known*."""
    found: dict[str, Alert] = dict(known or {})
    for deed in deeds:
        id_ = deed.about.removeprefix(ABOUT)
        if deed.move is Move.ALERT_RAISED:
            said = json.loads(deed.value)
            signal = Signal(said["name"], Severity(said["severity"]), said["agency"], said["host"], deed.why)
            found[id_] = Alert(id_, signal, deed)
        elif deed.about.startswith(ABOUT) and id_ in found:
            found[id_] = found[id_].after(deed)
    return found


def objection(deed: Deed, alert: Alert) -> AlertObjection | None:
    """Say why *deed* cannot be done about *alert*, None if it can."""
    if alert.resolved is not None:
        return AlertObjection.RESOLVED
    if deed.move is Move.ALERT_ACKNOWLEDGED and alert.acknowledged is not None:
        return AlertObjection.ALREADY
    return None


def due(alert: Alert, ladder: Sequence[Rung], now: dt.datetime) -> list[tuple[int, Rung]]:
    """Return the steps of *ladder*, counted from 1, that *alert* has come to by *now* and was not told on yet.

    A clock that went back brings nobody a step further.
    """
    if not alert.waiting:
        return []
    reached = {deed.value for deed in alert.told}
    waited = (now - alert.raised.at).total_seconds()
    return [
        (number, rung)
        for number, rung in enumerate(ladder, start=1)
        if waited >= rung.after and alert.signal.severity in rung.severities and str(number) not in reached
    ]
