"""What the command line prints as JSON: one document type for each thing told, its names part of the contract.

Times are ISO 8601 in UTC, days are ISO dates, risks 0..100, shares 0..1. Words are the code's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


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


class IndexDocument(TypedDict):
    """IPv6 indicators, a template: `value` 0..100 over those that are known; `held` null where one is unknown."""

    value: float | None
    coverage: float
    held: Mapping[str, bool | None]


class InspectionDocument(TypedDict):
    """A website after the inspection's template; `qualified` null where too little is known to say."""

    points: float
    coverage: float
    vetoes: Sequence[str]
    cost: Mapping[str, float]
    qualified: bool | None
    bonus: bool


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
    ipv6_index: IndexDocument | None
    inspection: InspectionDocument | None
    risk_grade: int | None


class HostDocument(HostScoreDocument):
    """One target with its open findings."""

    findings: Sequence[FindingDocument]


class AgencyDocument(TypedDict):
    """One agency with all below it; `rank` is null where too little was measured, the stage `unknown` not measured.

    `peer_rank` is likewise the rank among agencies of the same superior.
    """

    code: str
    name_zh: str
    name_en: str
    tier: str
    parent: str | None
    rank: int | None
    peer_rank: int | None
    ipv6_index: float | None
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
    IndexDocument,
    InspectionDocument,
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
