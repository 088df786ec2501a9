"""What the command line prints as JSON and CSV: one document type for each thing told, its names part of the contract.

Times are ISO 8601 in UTC, days are ISO dates, risks 0..100, shares 0..1. Words are the code's own.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypedDict

from pydantic_core import to_jsonable_python

from exporters.posture import AgencyPosture, HostPosture, Posture
from probes.observation import Gap, Observation, Record
from probes.target import Target
from rules.comparison import ClauseChange, Shift
from rules.finding import Event, Finding
from rules.policy import Clause, Policy
from rules.score import Score
from rules.verdict import Verdict


class ScoreDocument(TypedDict):
    """A risk, what it rests on and what it is made of; the points of `contributions` sum to `risk`."""

    risk: float
    coverage: float
    oldest: str | None
    contributions: Mapping[str, float]


class FindingDocument(TypedDict):
    """One finding; `id` is its short name, `deadline` and `closed_at` are null where there is none.

    `policy` is the digest of the policy it was last judged by.
    """

    id: str
    rule: str
    target: str
    subject: str
    agency: str
    level: str
    state: str
    first_seen: str
    last_confirmed: str
    closed_at: str | None
    deadline: str | None
    overdue: bool
    waived: bool
    reason: str
    policy: str


class HostScoreDocument(TypedDict):
    """One target; `stage` is null where it is not known, and where `exempt` says that none is asked for."""

    host: str
    agency: str
    kind: str
    value: int
    score: ScoreDocument
    stage: str | None
    exempt: bool
    blockers: Sequence[str]
    verdicts: Mapping[str, int]


class HostDocument(HostScoreDocument):
    """One target with its open findings."""

    findings: Sequence[FindingDocument]


class AgencyDocument(TypedDict):
    """One agency with all below it; `rank` is null where too little was measured, the stage `unknown` not measured."""

    code: str
    name_zh: str
    name_en: str
    tier: str
    parent: str | None
    rank: int | None
    score: ScoreDocument
    hosts: int
    stages: Mapping[str, int]
    exempt: int
    findings: Mapping[str, int]
    overdue: int
    waived: int


class VantageDocument(TypedDict):
    """What the vantage could see itself; null where that is not known."""

    vantage: str
    families: Mapping[str, bool | None]
    resolver: bool | None


class PostureDocument(TypedDict):
    """How the city stands: `round --json` and `status --json`; `stopped` while there is an order to stop probing.

    `emergency_until` is the last day of the emergency that is on, null outside of one.
    """

    at: str
    policy: str
    city: AgencyDocument
    agencies: Sequence[AgencyDocument]
    hosts: Sequence[HostDocument]
    vantages: Sequence[VantageDocument]
    stopped: bool
    emergency_until: str | None


class ScoresDocument(TypedDict):
    """The same without findings: `scores --json`."""

    at: str
    agencies: Sequence[AgencyDocument]
    hosts: Sequence[HostScoreDocument]


class RecordDocument(TypedDict):
    """One observation or gap: exactly one of `facts`, `failure` and `gap` is not null.

    The names within `facts` are those of the probe (see probes.md).
    """

    probe: str
    subject: str
    vantage: str
    at: str
    seconds: float | None
    facts: Mapping[str, Any] | None
    failure: str | None
    gap: str | None
    detail: str


class VerdictDocument(TypedDict):
    """One rule's outcome for one subject."""

    rule: str
    subject: str
    outcome: str
    reason: str


class LookedDocument(TypedDict):
    """What one look at one target met, and what follows from it: `look --json`."""

    host: str
    agency: str
    records: Sequence[RecordDocument]
    verdicts: Sequence[VerdictDocument]


class SpellDocument(TypedDict):
    """A value that held from `since` to `until`, null while it holds; `seen_at` is its last confirmation."""

    record: RecordDocument
    since: str
    seen_at: str
    until: str | None


class EventDocument(TypedDict):
    """One act on one finding."""

    at: str
    act: str
    rule: str
    subject: str
    detail: str


class HistoryDocument(TypedDict):
    """What changed at one target: `history --json`."""

    spells: Sequence[SpellDocument]
    events: Sequence[EventDocument]


class ClauseDocument(TypedDict):
    """What a policy says of one rule; `days` and `since` are null where it says nothing of them."""

    level: str
    days: int | None
    since: str | None


class ClauseChangeDocument(TypedDict):
    """One clause that differs between two policies; null where one of them has none."""

    rule: str
    turn: str
    before: ClauseDocument | None
    after: ClauseDocument | None


class ShiftDocument(TypedDict):
    """One finding that another policy would touch, on `days` of the days; levels are null where it is none."""

    rule: str
    target: str
    subject: str
    agency: str
    turn: str
    before: str | None
    after: str | None
    days: int
    reason: str


class PolicyNameDocument(TypedDict):
    """A policy by its name; equal digests judge alike."""

    profile: str
    version: str
    digest: str


class ComparisonDocument(TypedDict):
    """What one policy would change of another: `policy diff --json`; `profiles` names those that differ."""

    old: PolicyNameDocument
    new: PolicyNameDocument
    days: Sequence[str]
    clauses: Sequence[ClauseChangeDocument]
    profiles: Sequence[str]
    agencies: Mapping[str, Mapping[str, int]]
    findings: Sequence[ShiftDocument]


DOCUMENTS = (
    PostureDocument,
    ScoresDocument,
    LookedDocument,
    HistoryDocument,
    AgencyDocument,
    HostScoreDocument,
    HostDocument,
    ScoreDocument,
    FindingDocument,
    VantageDocument,
    RecordDocument,
    VerdictDocument,
    SpellDocument,
    EventDocument,
    ComparisonDocument,
    PolicyNameDocument,
    ClauseChangeDocument,
    ClauseDocument,
    ShiftDocument,
)


def dumps(document: object) -> str:
    """Return *document* as JSON text for people and programs alike."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def posture_document(posture: Posture, *, stopped: bool) -> PostureDocument:
    """Return how the city stands, and whether probing is *stopped*."""
    emergency = posture.underway.emergency
    return {
        "at": _utc(posture.at),
        "policy": posture.policy.version,
        "city": agency_document(posture.city),
        "agencies": [agency_document(row) for row in posture.agencies],
        "hosts": [host_document(host, posture.at.date()) for host in posture.hosts],
        "vantages": [
            {
                "vantage": each.vantage,
                "families": {family.value: alive for family, alive in each.families.items()},
                "resolver": each.resolver,
            }
            for each in posture.vantages
        ],
        "stopped": stopped,
        "emergency_until": emergency.until.isoformat() if emergency else None,
    }


def scores_document(posture: Posture, below: Collection[str]) -> ScoresDocument:
    """Return the scores of the agencies *below*, and of their hosts, findings apart."""
    return {
        "at": _utc(posture.at),
        "agencies": [agency_document(row) for row in posture.agencies if row.agency.code in below],
        "hosts": [_host(host) for host in posture.hosts if host.target.agency in below],
    }


def agency_document(row: AgencyPosture) -> AgencyDocument:
    """Return one agency."""
    return {
        "code": row.agency.code,
        "name_zh": row.agency.name.zh,
        "name_en": row.agency.name.en,
        "tier": row.agency.tier.value,
        "parent": row.agency.parent,
        "rank": row.rank,
        "score": _score(row.score),
        "hosts": row.hosts,
        "stages": {stage.value if stage else "unknown": count for stage, count in row.stages.items()},
        "exempt": row.exempt,
        "findings": {level.value: count for level, count in row.findings.items()},
        "overdue": row.overdue,
        "waived": row.waived,
    }


def host_document(host: HostPosture, today: dt.date) -> HostDocument:
    """Return one target as it stands *today*."""
    return {**_host(host), "findings": [finding_document(finding, today) for finding in host.findings]}


def _host(host: HostPosture) -> HostScoreDocument:
    return {
        "host": host.target.host,
        "agency": host.target.agency,
        "kind": host.target.kind.value,
        "value": host.target.value,
        "score": _score(host.score),
        "stage": host.readiness.stage.value if host.readiness.stage else None,
        "exempt": host.readiness.exempt,
        "blockers": host.readiness.blockers,
        "verdicts": {outcome.value: count for outcome, count in host.verdicts.items()},
    }


def finding_document(finding: Finding, today: dt.date) -> FindingDocument:
    """Return one finding as it stands *today*."""
    return {
        "id": finding.key.id,
        "rule": finding.key.rule,
        "target": finding.key.target,
        "subject": finding.key.subject,
        "agency": finding.agency,
        "level": finding.level.value,
        "state": finding.state.value,
        "first_seen": _utc(finding.first_seen),
        "last_confirmed": _utc(finding.last_confirmed),
        "closed_at": _utc(finding.closed_at) if finding.closed_at else None,
        "deadline": finding.deadline.isoformat() if finding.deadline else None,
        "overdue": finding.overdue(today),
        "waived": finding.waived,
        "reason": finding.reason,
        "policy": finding.policy,
    }


def findings_csv(findings: Iterable[Finding], today: dt.date) -> str:
    """Return *findings* as CSV with the names of their document as heading; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FindingDocument.__annotations__)
    for finding in findings:
        writer.writerow([_cell(value) for value in finding_document(finding, today).values()])
    return out.getvalue()


def looked_document(target: Target, records: Iterable[Record], verdicts: Iterable[Verdict]) -> LookedDocument:
    """Return what a look at *target* met, and what follows from it."""
    return {
        "host": target.host,
        "agency": target.agency,
        "records": [record_document(record) for record in records],
        "verdicts": [
            {
                "rule": verdict.rule,
                "subject": verdict.subject,
                "outcome": verdict.outcome.value,
                "reason": verdict.reason,
            }
            for verdict in verdicts
        ],
    }


def record_document(record: Record) -> RecordDocument:
    """Return one observation or gap."""
    seen = record if isinstance(record, Observation) else None
    gap = record if isinstance(record, Gap) else None
    return {
        "probe": record.probe,
        "subject": str(record.subject),
        "vantage": record.vantage,
        "at": _utc(record.at),
        "seconds": seen.seconds if seen else None,
        "facts": to_jsonable_python(seen.facts) if seen else None,
        "failure": seen.failure.value if seen and seen.failure else None,
        "gap": gap.reason.value if gap else None,
        "detail": record.detail,
    }


def spell_document(
    record: Record, since: dt.datetime, seen_at: dt.datetime, until: dt.datetime | None
) -> SpellDocument:
    """Return a value that held for a while."""
    return {
        "record": record_document(record),
        "since": _utc(since),
        "seen_at": _utc(seen_at),
        "until": _utc(until) if until else None,
    }


def event_document(event: Event) -> EventDocument:
    """Return one act on one finding."""
    return {
        "at": _utc(event.at),
        "act": event.act.value,
        "rule": event.key.rule,
        "subject": event.key.subject,
        "detail": event.detail,
    }


def policy_name_document(policy: Policy) -> PolicyNameDocument:
    """Return what tells *policy* from others."""
    return {"profile": policy.profile, "version": policy.version, "digest": policy.digest}


def clause_change_document(change: ClauseChange) -> ClauseChangeDocument:
    """Return one clause that differs."""
    return {
        "rule": change.rule,
        "turn": change.turn.value,
        "before": _clause(change.before) if change.before else None,
        "after": _clause(change.after) if change.after else None,
    }


def shift_document(shift: Shift, agency: str, days: int) -> ShiftDocument:
    """Return one finding of *agency* that another policy would touch."""
    return {
        "rule": shift.key.rule,
        "target": shift.key.target,
        "subject": shift.key.subject,
        "agency": agency,
        "turn": shift.turn.value,
        "before": shift.before.value if shift.before else None,
        "after": shift.after.value if shift.after else None,
        "days": days,
        "reason": shift.reason,
    }


def _clause(clause: Clause) -> ClauseDocument:
    return {
        "level": clause.level.value,
        "days": clause.days,
        "since": clause.since.isoformat() if clause.since else None,
    }


def _score(score: Score) -> ScoreDocument:
    return {
        "risk": round(score.risk, 3),
        "coverage": round(score.coverage, 4),
        "oldest": _utc(score.oldest) if score.oldest else None,
        "contributions": {part.source: round(part.points, 3) for part in score.contributions},
    }


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()


def _cell(value: object) -> object:
    return (
        f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else ("" if value is None else value)
    )
