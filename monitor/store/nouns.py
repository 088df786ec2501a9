"""What the store hands out and takes in, beyond the nouns of the layers below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.observation import Gap, Record
from rules.finding import Event, Finding
from rules.policy import Level, Stage
from rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RunId:
    """One run of one probe from one vantage; a later run has a higher number, whatever the clock did."""

    number: int
    probe: str
    vantage: str
    started: dt.datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of records. *late* ones were known already, or older than what is known."""

    changed: int = 0
    confirmed: int = 0
    ended: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """The state of one subject: the last observation, or a gap where there was never one.

    *since* is when the present value was first seen. *gap* is set where we could not look after the observation.
    *digest* names the value: equal digests of one subject are equal facts, its samples apart.
    """

    record: Record
    since: dt.datetime
    digest: str
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """A value that held from *since* to *until*; None: it still holds. *seen_at* is its last confirmation."""

    record: Record
    since: dt.datetime
    seen_at: dt.datetime
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything one judgement says of one target; what it does not name is no longer so.

    *findings* are all of the target's, closed ones included.
    """

    target: str
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict and when its outcome began. Its witnesses are those of the day it was last worded differently."""

    verdict: Verdict
    since: dt.datetime


class Scope(StrEnum):
    """What a daily figure is about."""

    HOST = "host"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class Day:
    """Where a host or agency stood at the end of a day. *stages* counts hosts, those exempt apart."""

    day: dt.date
    scope: Scope
    subject: str
    risk: float
    coverage: float
    oldest: dt.datetime | None
    rank: int | None
    hosts: int
    stages: Mapping[Stage | None, int]
    exempt: int
    findings: Mapping[Level, int]
    overdue: int
    waived: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One day of one continuous measure: *count* tries, *ok* of them answered; the rest is None without an answer.

    *family* is empty where the subject has none. Measures are in the unit of the field they come from; `seconds` is
    the duration of the exchange.
    """

    day: dt.date
    target: str
    probe: str
    vantage: str
    family: str
    measure: str
    count: int
    ok: int
    mean: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act of a person or of the tower itself; the log only grows."""

    at: dt.datetime
    actor: str
    act: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """When one target is due for one probe, and how urgent it was found to be."""

    target: str
    next_due: dt.datetime
    standing: str = ""
