"""A failing verdict with a life: opened when confirmed, closed only by evidence, reopened with its first day kept."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from rules.level import Level


class State(StrEnum):
    """Where a finding stands."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"


class Act(StrEnum):
    """What happened to a finding; the log of acts only grows."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two findings the same one."""

    rule: str
    target: str
    subject: str

    @property
    def id(self) -> str:
        """A short name for people to type: always the same for the same finding, and in practice of no other."""
        return hashlib.sha256("\0".join((self.rule, self.target, self.subject)).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it stands.

    *failures* and *passes* count looks in a row; *last_confirmed* is the moment of the last one that counted, and
    an older or equal one does not count again. *deadline* is None where the policy sets none. *policy* is the digest
    of the policy it was last judged by. *recent* are the last looks that counted, `f` and `p`, the newest at the end;
    *flaps* how often it came back. *excused* is the grant that first covered it and the value it had then, empty while
    no waiver is meant for it.
    """

    key: Key
    agency: str
    level: Level
    state: State
    first_seen: dt.datetime
    last_confirmed: dt.datetime
    failures: int = 1
    passes: int = 0
    closed_at: dt.datetime | None = None
    deadline: dt.date | None = None
    waived: bool = False
    value: str = ""
    reason: str = ""
    excused: str = ""
    policy: str = ""
    recent: str = ""
    flaps: int = 0

    def overdue(self, today: dt.date) -> bool:
        """Say whether an open, unwaived finding has passed its deadline."""
        return self.state is State.OPEN and not self.waived and self.deadline is not None and today > self.deadline


@dataclass(frozen=True, slots=True)
class Event:
    """One act on one finding; *detail* says what changed."""

    key: Key
    act: Act
    at: dt.datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """An agreed exception: a rule not enforced on a scope until a day, for a reason two people signed.

    In *rule*, *target*, *agency* and *subject* `*` stands for any text; all but *rule* may be empty, which means any.
    *value* non-empty ties the waiver to that value; otherwise it is tied, finding by finding, to the value it met
    first. It lapses when the value changes, until it is *granted* anew. *evidence* names what it rests on.
    """

    rule: str
    reason: str
    requested_by: str
    approved_by: str
    until: dt.date
    target: str = ""
    agency: str = ""
    subject: str = ""
    evidence: str = ""
    value: str = ""
    granted: dt.date | None = None
