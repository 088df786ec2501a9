"""policy.yaml: how bad a broken rule is, by when it is mended, and from which day it counts."""

from __future__ import annotations

import datetime as dt
import itertools
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from monitor.settings.clauses import ClauseEntry, ProfileEntry
from monitor.settings.fields import Bilingual, Day, Duration, Port, RuleId, Section, Words
from monitor.settings.mistakes import Refused
from rules.policy import Goal, Level, Policy, Stage, Workdays
from rules.text import Text


class GoalEntry(Section):
    """A yearly target of the IPv6 rollout."""

    by: Day
    stage: Stage
    share: float = Field(gt=0, le=1)

    def noun(self) -> Goal:
        """Return the goal."""
        return Goal(self.by, self.stage, self.share)


class DaysKind(StrEnum):
    """What days deadlines are counted in."""

    CALENDAR = "calendar"
    WORKING = "working"


def _port_key(value: object) -> object:
    if isinstance(value, str) and not (value.isdecimal() and value == str(int(value))):
        raise Refused(Text(f"“{value}”不是端口号", f'"{value}" is no port'), Text("写 1 到 65535", "write 1 to 65535"))
    return value


Weight = Annotated[float, Field(ge=0, lt=1)]
PortKey = Annotated[Port, BeforeValidator(_port_key)]
Rising = (Stage.PUBLISHED, Stage.REACHABLE, Stage.EQUAL, Stage.DEEP, Stage.IPV6_ONLY)


class Ladder(Section):
    """The rules that must hold for each step of the IPv6 ladder; a step without rules stays unknown."""

    published: list[RuleId] = Field(default_factory=list)
    reachable: list[RuleId] = Field(default_factory=list)
    equal: list[RuleId] = Field(default_factory=list)
    deep: list[RuleId] = Field(default_factory=list)
    ipv6_only: list[RuleId] = Field(default_factory=list)


class Weights(Section):
    """The share of the remaining safety that one finding of each level takes away, 0 to 1."""

    critical: Weight
    high: Weight
    medium: Weight
    low: Weight
    notice: Weight


class PolicyFile(Section):
    """The policy issued to every agency."""

    profile: Words
    version: Words
    title: Bilingual
    weights: Weights
    ladder: Ladder
    confirmations: int = Field(default=2, ge=1, le=10)
    reopen_days: int = Field(default=90, ge=0, le=3650)
    minimum_coverage: float = Field(default=0.5, ge=0, le=1)
    freshness: Duration = 7 * 86400.0
    dangerous_ports: dict[PortKey, Words] = Field(default_factory=dict)
    watched_ports: list[Port] = Field(default_factory=list)
    certificate_days: int = Field(default=30, ge=1, le=825)
    visits_a_day: int = Field(default=20, ge=1, le=1440)
    failed_visits: float = Field(default=0.05, gt=0, le=1)
    official_domains: list[Words] = Field(default_factory=lambda: ["gov.cn", "政务"])
    second_level_rate: float = Field(default=0.9, ge=0, le=1)
    third_level_rate: float = Field(default=0.9, ge=0, le=1)
    ipv6_success_rate: float = Field(default=0.9, ge=0, le=1)
    ipv6_degradation: float = Field(default=0.5, ge=0, le=100)
    fast_enough: float = Field(default=0.05, ge=0, le=60)
    uplink_load: float = Field(default=0.8, gt=0, le=1)
    ipv6_traffic_share: float = Field(default=0.05, ge=0, le=1)
    deadlines: DaysKind = DaysKind.CALENDAR
    clauses: dict[RuleId, ClauseEntry]
    profiles: list[ProfileEntry] = Field(default_factory=list, max_length=50)
    ipv6_goals: list[GoalEntry] = Field(default_factory=list, max_length=100)

    @field_validator("profiles")
    @classmethod
    def _told_apart(cls, profiles: list[ProfileEntry]) -> list[ProfileEntry]:
        names = [profile.name for profile in profiles]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise Refused(Text(f"“{name}”出现了两次", f'"{name}" appears twice'), at=(index, "name"))
        return profiles

    @field_validator("weights")
    @classmethod
    def _never_rise(cls, weights: Weights) -> Weights:
        levels = list(Level)
        for worse, level in itertools.pairwise(levels):
            if getattr(weights, level) > getattr(weights, worse):
                message = Text(f"{level} 的权重高于 {worse}", f"{level} weighs more than {worse}")
                raise Refused(message, Text("级别越低，权重不得越高", "a lower level never weighs more"), (str(level),))
        return weights

    def noun(self, workdays: Workdays, zone: dt.tzinfo = dt.UTC) -> Policy:
        """Return the policy; *workdays* are what deadlines are counted in where it wants working days."""
        return Policy(
            profile=self.profile,
            version=self.version,
            title=self.title.noun(),
            clauses=MappingProxyType({rule: entry.noun(rule) for rule, entry in self.clauses.items()}),
            weights=MappingProxyType({level: float(getattr(self.weights, level)) for level in Level}),
            ladder=MappingProxyType({stage: tuple(getattr(self.ladder, stage)) for stage in Rising}),
            confirmations=self.confirmations,
            reopen_days=self.reopen_days,
            minimum_coverage=self.minimum_coverage,
            freshness=self.freshness,
            dangerous_ports=MappingProxyType(dict(self.dangerous_ports)),
            certificate_days=self.certificate_days,
            visits_a_day=self.visits_a_day,
            failed_visits=self.failed_visits,
            official_domains=tuple(self.official_domains),
            second_level_rate=self.second_level_rate,
            third_level_rate=self.third_level_rate,
            ipv6_success_rate=self.ipv6_success_rate,
            ipv6_degradation=self.ipv6_degradation,
            fast_enough=self.fast_enough,
            uplink_load=self.uplink_load,
            ipv6_traffic_share=self.ipv6_traffic_share,
            watched_ports=tuple(sorted(set(self.watched_ports))),
            workdays=workdays if self.deadlines is DaysKind.WORKING else None,
            profiles=tuple(profile.noun() for profile in self.profiles),
            goals=tuple(goal.noun() for goal in sorted(self.ipv6_goals, key=lambda goal: (goal.by, goal.stage))),
            zone=zone,
        )
