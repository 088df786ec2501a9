"""How bad a broken rule is, by when it is mended, and from which day it counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.text import Text

CLOCK_SLACK = 60.0
"""Seconds that a moment may lie in the future because a clock was corrected; beyond, it was told by a wrong one."""


class Level(StrEnum):
    """How serious a finding is; declared from worst to least."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 for critical, growing as the level falls."""
        return list(Level).index(self)


class Stage(StrEnum):
    """The steps of the IPv6 ladder, from the ground up."""

    NONE = "none"
    PUBLISHED = "published"
    REACHABLE = "reachable"
    EQUAL = "equal"
    DEEP = "deep"
    IPV6_ONLY = "ipv6_only"


@dataclass(frozen=True, slots=True)
class Clause:
    """What the policy says of one rule. *since* None: it has always counted. *days* to mend; None: no deadline."""

    rule: str
    level: Level
    days: int | None = None
    since: dt.date | None = None

    def in_force(self, day: dt.date) -> bool:
        """Say whether the clause counts on *day*."""
        return self.since is None or day >= self.since


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses of one profile and the weights that turn findings into a score.

    *dangerous_ports* and *watched_ports* are looked at on every target; being open is bad of the former in itself.
    *weights* gives each level the share of the remaining safety one finding takes away, 0..1. *ladder* names the
    rules that must hold for each stage. *confirmations* is the number of rounds in a row a rule must fail before
    a finding opens. *minimum_coverage* is the share below which a subject is not ranked. *second_level_rate* and
    *third_level_rate* are the shares of a website's links of that level that IPv6 must reach, 0..1.
    """

    profile: str
    version: str
    title: Text
    clauses: Mapping[str, Clause]
    weights: Mapping[Level, float]
    ladder: Mapping[Stage, tuple[str, ...]]
    confirmations: int = 2
    reopen_days: int = 90
    minimum_coverage: float = 0.5
    freshness: float = 7 * 86400.0
    dangerous_ports: Mapping[int, str] = field(default_factory=dict)
    certificate_days: int = 30
    watched_ports: tuple[int, ...] = ()
    second_level_rate: float = 0.9
    third_level_rate: float = 0.9

    def counts(self, at: dt.datetime, now: dt.datetime) -> bool:
        """Say whether what was met *at* a moment is to be judged by *now*: not long ago, and not in the future."""
        return -CLOCK_SLACK <= (now - at).total_seconds() <= self.freshness

    def without(self, rules: Collection[str]) -> Policy:
        """Return the policy as if it said nothing of *rules*: neither clauses nor steps of the ladder name them."""
        return replace(
            self,
            clauses={rule: clause for rule, clause in self.clauses.items() if rule not in rules},
            ladder={stage: tuple(rule for rule in named if rule not in rules) for stage, named in self.ladder.items()},
        )
