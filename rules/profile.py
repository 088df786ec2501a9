"""For whom the policy says otherwise: agencies and targets of a kind, with clauses of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from probes.target import Kind
from rules.agency import Tier
from rules.clause import Clause
from rules.level import Level
from rules.text import Text


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a policy speaks to: a target, and the agency that answers for it, with the codes of those above it."""

    tier: Tier
    agency_kind: str
    agencies: frozenset[str]
    kind: Kind
    value: int


@dataclass(frozen=True, slots=True)
class Circle:
    """Who is meant: whoever fits every condition that is set. None set means everyone.

    *agencies* are codes and stand for those below too; *value* is the least asset value.
    """

    tiers: frozenset[Tier] = frozenset()
    agency_kinds: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    value: int = 1

    def holds(self, one: Addressee) -> bool:
        """Say whether *one* is meant."""
        return (
            (not self.tiers or one.tier in self.tiers)
            and (not self.agency_kinds or one.agency_kind in self.agency_kinds)
            and (not self.agencies or bool(self.agencies & one.agencies))
            and (not self.kinds or one.kind in self.kinds)
            and one.value >= self.value
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What a profile says of one rule; None leaves what the clause says. *off*: the rule is not asked for."""

    level: Level | None = None
    days: int | None = None
    since: dt.date | None = None
    off: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """A stricter, or laxer, policy for a *circle*, from a day on. *days* are deadlines by level, *changes* by rule."""

    name: str
    title: Text
    circle: Circle
    since: dt.date | None = None
    days: Mapping[Level, int] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)

    def begun(self, day: dt.date) -> bool:
        """Say whether the profile counts on *day*."""
        return self.since is None or day >= self.since

    def applied(self, clause: Clause) -> Clause | None:
        """Return *clause* as it reads for those meant; None where it is not asked of them.

        A change of the rule itself beats the deadline of its level.
        """
        change = self.changes.get(clause.rule, Change())
        if change.off:
            return None
        level = change.level or clause.level
        days = change.days if change.days is not None else self.days.get(level, clause.days)
        return replace(clause, level=level, days=days, since=change.since or clause.since)
