"""What the policy says of one rule: how bad, by when mended, from which day, and how sure one must be."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from rules.level import Level


@dataclass(frozen=True, slots=True)
class Step:
    """From a day on the clause is another; None leaves what it says."""

    since: dt.date
    level: Level | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """How sure one must be of a rule: *failures* among the last *of* looks open a finding, *passes* in a row close it.

    Each time a finding came back, *damping* more passes are needed to close it.
    """

    failures: int
    of: int
    passes: int
    damping: int = 0

    def opens(self, recent: str) -> bool:
        """Say whether *recent*, the looks so far as `f` and `p`, is enough to open."""
        return recent[-self.of :].count("f") >= self.failures

    def lost(self, recent: str) -> bool:
        """Say whether the failures in *recent* can no longer help to open: since then all has been well."""
        return recent.endswith("p" * (self.of - self.failures + 1))

    def closes(self, passes: int, flaps: int) -> bool:
        """Say whether *passes* in a row close a finding that came back *flaps* times."""
        return passes >= self.passes + self.damping * flaps


LONGEST = 10
"""Looks remembered for confirmation."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What the policy says of one rule. *since* None: it has always counted. *days* to mend; None: no deadline.

    *stricter* are the changes announced for later days, in their order. *proof* None: as the policy says for all.
    """

    rule: str
    level: Level
    days: int | None = None
    since: dt.date | None = None
    stricter: tuple[Step, ...] = ()
    proof: Proof | None = None

    def in_force(self, day: dt.date) -> bool:
        """Say whether the clause counts on *day*."""
        return self.since is None or day >= self.since

    def on(self, day: dt.date) -> Clause:
        """Return the clause as it reads on *day*; what is announced for later stays announced."""
        clause = self
        for step in self.stricter:
            if step.since <= day:
                days = clause.days if step.days is None else step.days
                clause = replace(clause, level=step.level or clause.level, days=days)
        return replace(clause, stricter=tuple(step for step in self.stricter if step.since > day))
