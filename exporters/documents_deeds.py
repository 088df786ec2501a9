"""What people did, as plain documents for JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TypedDict

from exporters.documenting import finding_document
from exporters.documents import FindingDocument
from rules.deed import Deed
from rules.finding import Finding
from rules.handling import Handling
from rules.incident import Incident
from rules.notice import Notice


class DeedDocument(TypedDict):
    """One line of the log of deeds; `until` is null where no day belongs to it."""

    move: str
    who: str
    account: str
    at: str
    why: str
    to: str
    until: str | None
    notice: str


class HandledDocument(TypedDict):
    """One finding with what was done about it: `finding show --json`."""

    finding: FindingDocument
    acknowledged: bool
    owner: str
    claimed: bool
    asked_until: str | None
    deeds: Sequence[DeedDocument]


class NoticeDocument(TypedDict):
    """One notice: `notice show --json`, and of lists of it `notice list --json`; `findings` are ids."""

    number: str
    agency: str
    state: str
    issued_at: str
    deadline: str
    overdue: bool
    findings: Sequence[str]
    remaining: Sequence[str]
    deeds: Sequence[DeedDocument]


class IncidentDocument(TypedDict):
    """One incident; `findings` are ids, `targets` name the agency of each. `incidents --json` lists them."""

    id: str
    kind: str
    cause: str
    since: str
    targets: Mapping[str, str]
    findings: Sequence[str]


def incident_document(incident: Incident) -> IncidentDocument:
    """Return an incident with all it affects."""
    return {
        "id": incident.id,
        "kind": incident.cause.kind.value,
        "cause": incident.cause.name,
        "since": incident.since.isoformat(),
        "targets": incident.targets,
        "findings": [finding.key.id for finding in incident.findings],
    }


def notice_document(notice: Notice, today: dt.date) -> NoticeDocument:
    """Return a notice as it stands *today*."""
    return {
        "number": notice.number,
        "agency": notice.agency,
        "state": notice.state.value,
        "issued_at": notice.issued_at.isoformat(),
        "deadline": notice.deadline.isoformat(),
        "overdue": notice.overdue(today),
        "findings": [key.id for key in notice.keys],
        "remaining": [key.id for key in notice.remaining],
        "deeds": [deed_document(deed) for deed in notice.deeds],
    }


def deed_document(deed: Deed) -> DeedDocument:
    """Return one deed."""
    return {
        "move": deed.move.value,
        "who": deed.who,
        "account": deed.account,
        "at": deed.at.isoformat(),
        "why": deed.why,
        "to": deed.to,
        "until": deed.until.isoformat() if deed.until else None,
        "notice": deed.notice,
    }


def handled_document(finding: Finding, handling: Handling, today: dt.date) -> HandledDocument:
    """Return a finding as it stands *today*, and its deeds, oldest first."""
    asked = handling.asked.until if handling.asked else None
    return {
        "finding": finding_document(finding, today),
        "acknowledged": handling.acknowledged is not None,
        "owner": handling.owner,
        "claimed": handling.claimed is not None,
        "asked_until": asked.isoformat() if asked else None,
        "deeds": [deed_document(deed) for deed in handling.deeds],
    }


DEED_DOCUMENTS: tuple[type, ...] = (DeedDocument, HandledDocument, NoticeDocument, IncidentDocument)
"""The documents of this module, for the page that explains them."""
