"""The posture of a city at one moment: what every exporter is handed, ready to be told.

Built by `monitor` from the store; exporters only format it. Orders are final: agencies by rank, hosts by risk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.observation import GapReason
from probes.target import Family, Target
from rules.agency import Agency, Tree
from rules.finding import Event, Finding
from rules.incident import Incident
from rules.policy import Level, Policy, Stage
from rules.readiness import Readiness
from rules.rectification import NOTHING, Rectification
from rules.score import Score
from rules.templates import NO_INDEX, NO_TEMPLATES, Index, Templates
from rules.underway import NOTHING_UNDERWAY, Underway
from rules.verdict import Outcome


@dataclass(frozen=True, slots=True)
class CertificateExpiry:
    """When the certificate of one service ends; *address* tells several addresses of a family apart."""

    port: int
    family: Family
    address: str
    not_after: dt.datetime


@dataclass(frozen=True, slots=True)
class Access:
    """How one service is reached over one family, its worst address counting.

    *rate* is the share of connections that were made; *seconds* the usual time to make one, None where none was.
    """

    port: int
    family: Family
    rate: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """The latest result of one probe in one family: `ok`, a failure's or a gap's name; the worst of its subjects.

    *seconds* is the slowest good answer, None without one.
    """

    probe: str
    family: Family | None
    result: str
    seconds: float | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Availability:
    """A week of visits to a website over one family; *share* of them failed, None where they were too few to tell."""

    visits: int
    failed: int
    share: float | None


@dataclass(frozen=True, slots=True)
class HostPosture:
    """One target as it stands."""

    target: Target
    score: Score
    readiness: Readiness
    verdicts: Mapping[Outcome, int]
    findings: tuple[Finding, ...]
    certificates: tuple[CertificateExpiry, ...]
    looks: tuple[Look, ...]
    accesses: tuple[Access, ...] = ()
    availability: Mapping[Family, Availability] = field(default_factory=dict)
    templates: Templates = NO_TEMPLATES


@dataclass(frozen=True, slots=True)
class AgencyPosture:
    """One agency with all below it. *rank* is 1 for the safest, shared by ties; None when too little was measured.

    *peer_rank* is likewise the rank among agencies of the same superior.
    """

    agency: Agency
    score: Score
    rank: int | None
    hosts: int
    stages: Mapping[Stage | None, int]
    exempt: int
    findings: Mapping[Level, int]
    overdue: int
    waived: int
    verdicts: Mapping[Outcome, int]
    rectification: Rectification = NOTHING
    peer_rank: int | None = None
    index: Index = NO_INDEX


@dataclass(frozen=True, slots=True)
class Campaign:
    """The last run of one probe over its targets; *finished* None while it is the first and still going."""

    probe: str
    started: dt.datetime
    finished: dt.datetime | None
    targets: int
    observations: int
    gaps: Mapping[GapReason, int]
    defects: int
    complete: bool


@dataclass(frozen=True, slots=True)
class VantageHealth:
    """Whether the vantage itself had a family when last asked; None: not known."""

    vantage: str
    families: Mapping[Family, bool | None]
    resolver: bool | None
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Posture:
    """Everything told about the city at *at*, which is in its own time zone: the day of it is the city's."""

    at: dt.datetime
    tree: Tree
    policy: Policy
    city: AgencyPosture
    agencies: tuple[AgencyPosture, ...]
    hosts: tuple[HostPosture, ...]
    campaigns: tuple[Campaign, ...]
    vantages: tuple[VantageHealth, ...]
    rules: Mapping[str, tuple[str, str]]
    """Rule id to its title in Chinese and English."""
    incidents: tuple[Incident, ...] = ()
    underway: Underway = NOTHING_UNDERWAY


@dataclass(frozen=True, slots=True)
class Change:
    """One act within a period, with the finding it was on."""

    event: Event
    finding: Finding
