"""policy.yaml: how bad a broken rule is, by when it is mended, and from which day it counts."""

from __future__ import annotations

import itertools
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from monitor.settings.fields import Bilingual, Day, Duration, Port, RuleId, Section, Words
from monitor.settings.mistakes import Refused
from rules.policy import Clause, Level, Policy, Stage
from rules.text import Text


class ClauseEntry(Section):
    """What the policy says of one rule."""

    level: Level
    days: Annotated[int, Field(ge=0, le=3650)] | None = None
    since: Day | None = None


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
    second_level_rate: float = Field(default=0.9, ge=0, le=1)
    third_level_rate: float = Field(default=0.9, ge=0, le=1)
    clauses: dict[RuleId, ClauseEntry]

    @field_validator("weights")
    @classmethod
    def _never_rise(cls, weights: Weights) -> Weights:
        levels = list(Level)
        for worse, level in itertools.pairwise(levels):
            if getattr(weights, level) > getattr(weights, worse):
                message = Text(f"{level} 的权重高于 {worse}", f"{level} weighs more than {worse}")
                raise Refused(message, Text("级别越低，权重不得越高", "a lower level never weighs more"), (str(level),))
        return weights

    def noun(self) -> Policy:
        """Return the policy."""
        return Policy(
            profile=self.profile,
            version=self.version,
            title=self.title.noun(),
            clauses=MappingProxyType(
                {rule: Clause(rule, entry.level, entry.days, entry.since) for rule, entry in self.clauses.items()}
            ),
            weights=MappingProxyType({level: float(getattr(self.weights, level)) for level in Level}),
            ladder=MappingProxyType({stage: tuple(getattr(self.ladder, stage)) for stage in Rising}),
            confirmations=self.confirmations,
            reopen_days=self.reopen_days,
            minimum_coverage=self.minimum_coverage,
            freshness=self.freshness,
            dangerous_ports=MappingProxyType(dict(self.dangerous_ports)),
            certificate_days=self.certificate_days,
            second_level_rate=self.second_level_rate,
            third_level_rate=self.third_level_rate,
            watched_ports=tuple(sorted(set(self.watched_ports))),
        )
