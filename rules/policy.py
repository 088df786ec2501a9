"""How bad a broken rule is, by when it is mended, and from which day it counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.clause import Clause, Proof, Step
from rules.level import Level
from rules.profile import Addressee, Change, Circle, Profile
from rules.text import Text
from rules.workdays import Workdays

__all__ = [
    "CLOCK_SLACK",
    "Addressee",
    "Change",
    "Circle",
    "Clause",
    "Goal",
    "Level",
    "Policy",
    "Profile",
    "Proof",
    "Stage",
    "Step",
    "Workdays",
]

CLOCK_SLACK = 60.0
"""Seconds that a moment may lie in the future because a clock was corrected; beyond, it was told by a wrong one."""


class Stage(StrEnum):
    """The steps of the IPv6 ladder, from the ground up."""

    NONE = "none"
    PUBLISHED = "published"
    REACHABLE = "reachable"
    EQUAL = "equal"
    DEEP = "deep"
    IPV6_ONLY = "ipv6_only"


@dataclass(frozen=True, slots=True)
class Goal:
    """A yearly target: by a day, this share (0..1) of the hosts that owe IPv6 has reached the stage."""

    by: dt.date
    stage: Stage
    share: float


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses of one profile and the weights that turn findings into a score.

    *dangerous_ports* and *watched_ports* are looked at on every target; being open is bad of the former in itself.
    *weights* gives each level the share of the remaining safety one finding takes away, 0..1. *ladder* names the
    rules that must hold for each stage. *confirmations* is the number of rounds in a row a rule must fail before
    a finding opens. *minimum_coverage* is the share below which a subject is not ranked. *second_level_rate* and
    *third_level_rate* are the shares of a website's links of that level that IPv6 must reach, 0..1, *ipv6_success_rate*
    the share of connections over it that must succeed. *ipv6_degradation* is how much slower than IPv4 it may be, as a
    share, where connecting takes more than *fast_enough* seconds. *failed_visits* is the share of a week's visits
    at which a website counts as down, 0..1, and *visits_a_day* what each of its days must have for it to be known.
    *uplink_load* is the share of its speed an uplink may be used to, *ipv6_traffic_share* that of its traffic IPv6 must
    reach, 0..1. *official_domains* are those a government's websites belong in. *digest* names the
    policy by the content of its clauses and rules; empty where nobody asked for it. Where there are *workdays*,
    deadlines are counted in them; *profiles* say otherwise for some, later ones having the last word; *goals* are
    yearly targets.
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
    visits_a_day: int = 20
    failed_visits: float = 0.05
    official_domains: tuple[str, ...] = ("gov.cn", "政务")
    second_level_rate: float = 0.9
    third_level_rate: float = 0.9
    ipv6_success_rate: float = 0.9
    ipv6_degradation: float = 0.5
    fast_enough: float = 0.05
    uplink_load: float = 0.8
    ipv6_traffic_share: float = 0.05
    digest: str = ""
    workdays: Workdays | None = None
    profiles: tuple[Profile, ...] = ()
    goals: tuple[Goal, ...] = ()
    zone: dt.tzinfo = dt.UTC

    def counts(self, at: dt.datetime, now: dt.datetime) -> bool:
        """Say whether what was met *at* a moment is to be judged by *now*: not long ago, and not in the future."""
        return -CLOCK_SLACK <= (now - at).total_seconds() <= self.freshness

    def today(self, now: dt.datetime) -> dt.date:
        """Return the day it is *now* by the local calendar."""
        return now.astimezone(self.zone).date()

    def proof(self, clause: Clause) -> Proof:
        """Return how sure one must be of the rule of *clause*."""
        return clause.proof or Proof(self.confirmations, self.confirmations, self.confirmations)

    def deadline(self, clause: Clause, now: dt.datetime) -> dt.date | None:
        """Return the last day to mend what was found *now*, by the local calendar; None without a deadline."""
        if clause.days is None:
            return None
        today = self.today(now)
        if self.workdays is None:
            return today + dt.timedelta(days=clause.days)
        return self.workdays.after(today, clause.days)

    def profiles_of(self, one: Addressee, day: dt.date) -> tuple[Profile, ...]:
        """Return the profiles that count for *one* on *day*."""
        return tuple(profile for profile in self.profiles if profile.begun(day) and profile.circle.holds(one))

    def on(self, day: dt.date, profiles: Collection[Profile] = ()) -> Policy:
        """Return the policy as it reads on *day* for those whom *profiles* mean."""
        clauses: dict[str, Clause] = {}
        for rule, clause in self.clauses.items():
            reads: Clause | None = clause.on(day)
            for profile in profiles:
                reads = profile.applied(reads) if reads is not None else None
            if reads is not None:
                clauses[rule] = reads
        return replace(self, clauses=clauses, profiles=())

    def without(self, rules: Collection[str]) -> Policy:
        """Return the policy as if it said nothing of *rules*: neither clauses nor steps of the ladder name them."""
        return replace(
            self,
            clauses={rule: clause for rule, clause in self.clauses.items() if rule not in rules},
            ladder={stage: tuple(rule for rule in named if rule not in rules) for stage, named in self.ladder.items()},
        )
