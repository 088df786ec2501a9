"""What a rule concludes about one subject, and what made it conclude so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """A verdict's outcome; what was not measured is unknown, never pass and never fail."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"

    @property
    def gravity(self) -> int:
        """Which of several outcomes for one subject counts: the gravest, a failure before what is unknown."""
        return ("not_applicable", "pass", "unknown", "fail").index(self.value)


@dataclass(frozen=True, slots=True)
class Witness:
    """An observation a verdict rests on: enough to find it in the store."""

    probe: str
    vantage: str
    subject: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's outcome for one subject of one target, as seen from one vantage.

    *reason* says in words of code why, for the curious: the values the condition met, or what was missing.
    *value* is a digest of the facts that decided; a waiver lapses when it changes.
    """

    rule: str
    target: str
    subject: str
    vantage: str
    outcome: Outcome
    witness: tuple[Witness, ...] = ()
    reason: str = ""
    value: str = ""

    @property
    def evidence(self) -> dt.datetime | None:
        """The moment up to which every probe behind the verdict has looked; None without a witness."""
        newest: dict[str, dt.datetime] = {}
        for witness in self.witness:
            newest[witness.probe] = max(witness.at, newest.get(witness.probe, witness.at))
        return min(newest.values(), default=None)
