"""The nouns of the house as the documents that are printed for programs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable

from pydantic_core import to_jsonable_python

from exporters.documents import (
    AgencyDocument,
    ClauseChangeDocument,
    ClauseDocument,
    EventDocument,
    FindingDocument,
    HostDocument,
    HostScoreDocument,
    IndexDocument,
    InspectionDocument,
    LookedDocument,
    PolicyNameDocument,
    PostureDocument,
    RecordDocument,
    ScoreDocument,
    ScoresDocument,
    ShiftDocument,
    SpellDocument,
)
from exporters.posture import AgencyPosture, HostPosture, Posture
from probes.observation import Gap, Observation, Record
from probes.target import Target
from rules.comparison import ClauseChange, Shift
from rules.finding import Event, Finding
from rules.policy import Clause, Policy
from rules.score import Score
from rules.templates import Index, Inspected
from rules.verdict import Verdict


def dumps(document: object) -> str:
    """Return *document* as JSON text for people and programs alike."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def posture_document(posture: Posture, *, stopped: bool) -> PostureDocument:
    """Return how the city stands, and whether probing is *stopped*."""
    emergency = posture.underway.emergency
    return {
        "at": utc(posture.at),
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
        "at": utc(posture.at),
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
        "peer_rank": row.peer_rank,
        "ipv6_index": row.index.value,
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
        "ipv6_index": _index(host.templates.index),
        "inspection": _inspection(host.templates.inspected),
        "risk_grade": host.templates.grade,
    }


def _index(index: Index | None) -> IndexDocument | None:
    return None if index is None else {"value": index.value, "coverage": index.coverage, "held": index.held}


def _inspection(inspected: Inspected | None) -> InspectionDocument | None:
    if inspected is None:
        return None
    return {
        "points": inspected.points,
        "coverage": inspected.coverage,
        "vetoes": inspected.vetoes,
        "cost": inspected.cost,
        "qualified": inspected.qualified,
        "bonus": inspected.bonus,
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
        "first_seen": utc(finding.first_seen),
        "last_confirmed": utc(finding.last_confirmed),
        "closed_at": utc(finding.closed_at) if finding.closed_at else None,
        "deadline": finding.deadline.isoformat() if finding.deadline else None,
        "overdue": finding.overdue(today),
        "waived": finding.waived,
        "reason": finding.reason,
        "policy": finding.policy,
    }


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
        "at": utc(record.at),
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
        "since": utc(since),
        "seen_at": utc(seen_at),
        "until": utc(until) if until else None,
    }


def event_document(event: Event) -> EventDocument:
    """Return one act on one finding."""
    return {
        "at": utc(event.at),
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
        "oldest": utc(score.oldest) if score.oldest else None,
        "contributions": {part.source: round(part.points, 3) for part in score.contributions},
    }


def utc(moment: dt.datetime) -> str:
    """Return *moment* as the documents have it."""
    return moment.astimezone(dt.UTC).isoformat()
