"""What is under way, as plain documents for JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TypedDict

from exporters.documents_deeds import DeedDocument, deed_document
from rules.alert import Alert
from rules.emergency import Emergency
from rules.playbook import Playbook
from rules.response import Owed, Response


class AlertDocument(TypedDict):
    """One alert: of lists of it `alert list --json`; `steps` are those of the ladder it was told on."""

    id: str
    name: str
    severity: str
    agency: str
    host: str
    summary: str
    raised_at: str
    acknowledged: DeedDocument | None
    resolved_at: str | None
    steps: Sequence[DeedDocument]


class EmergencyDocument(TypedDict):
    """An emergency: `emergency show --json`, null without one; without agencies and targets it is for everyone."""

    until: str
    agencies: Sequence[str]
    targets: Sequence[str]
    revisit: float
    confirmations: int
    profile: str
    order: DeedDocument


class OwedDocument(TypedDict):
    """One report that a graded incident calls for; `basis` is what its term rests on, and none is official."""

    report: str
    due: str
    basis: str
    source: str
    overdue: bool
    done_at: str | None


class ResponseDocument(TypedDict):
    """One response: `playbook show --json`; `left` are the steps that must be done yet, `timeline` all its deeds."""

    number: str
    playbook: str
    agency: str
    about: str
    since: str
    grade: str | None
    closed_at: str | None
    steps: Mapping[str, DeedDocument]
    left: Sequence[str]
    reports: Sequence[OwedDocument]
    timeline: Sequence[DeedDocument]


def alert_document(alert: Alert) -> AlertDocument:
    """Return an alert."""
    return {
        "id": alert.id,
        "name": alert.signal.name,
        "severity": alert.signal.severity.value,
        "agency": alert.signal.agency,
        "host": alert.signal.host,
        "summary": alert.signal.summary,
        "raised_at": alert.raised.at.isoformat(),
        "acknowledged": deed_document(alert.acknowledged) if alert.acknowledged else None,
        "resolved_at": alert.resolved.at.isoformat() if alert.resolved else None,
        "steps": [deed_document(deed) for deed in alert.told],
    }


def emergency_document(emergency: Emergency) -> EmergencyDocument:
    """Return an emergency."""
    terms = emergency.terms
    return {
        "until": emergency.until.isoformat(),
        "agencies": sorted(terms.agencies),
        "targets": sorted(terms.targets),
        "revisit": terms.revisit,
        "confirmations": terms.confirmations,
        "profile": terms.profile,
        "order": deed_document(emergency.order),
    }


def response_document(
    response: Response, playbook: Playbook | None, owed: Sequence[Owed], now: dt.datetime
) -> ResponseDocument:
    """Return a response as it stands *now*."""
    return {
        "number": response.number,
        "playbook": response.opening.playbook,
        "agency": response.opening.agency,
        "about": response.opening.about,
        "since": response.opening.since.isoformat(),
        "grade": response.grade.value if response.grade else None,
        "closed_at": response.closed.at.isoformat() if response.closed else None,
        "steps": {id_: deed_document(deed) for id_, deed in response.steps.items()},
        "left": response.left(playbook) if playbook else [],
        "reports": [
            {
                "report": each.duty.id,
                "due": each.due.isoformat(),
                "basis": each.duty.basis.value,
                "source": each.duty.source,
                "overdue": each.overdue(now),
                "done_at": each.done.at.isoformat() if each.done else None,
            }
            for each in owed
        ],
        "timeline": [deed_document(deed) for deed in response.deeds],
    }


UNDERWAY_DOCUMENTS: tuple[type, ...] = (AlertDocument, EmergencyDocument, ResponseDocument, OwedDocument)
"""The documents of this module, for the page that explains them."""
