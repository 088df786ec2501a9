"""What policy.yaml says of single rules: clauses, what they become later, and profiles for some of those it binds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from monitor.settings.agencies import AgencyKind, Code
from monitor.settings.fields import Bilingual, Day, RuleId, Section, Zone
from monitor.settings.mistakes import Refused
from probes.target import Kind
from rules.agency import Tier
from rules.clause import LONGEST
from rules.policy import Change, Circle, Clause, Level, Profile, Proof, Step
from rules.text import Text

Days = Annotated[int, Field(ge=0, le=3650)]


class StepEntry(Section):
    """What a clause becomes on a later day."""

    since: Day
    level: Level | None = None
    days: Days | None = None

    @model_validator(mode="after")
    def _says_something(self) -> StepEntry:
        if self.level is None and self.days is None:
            raise Refused(
                Text("没有说变成什么", "does not say what changes"), Text("写 level 或 days", "write level or days")
            )
        return self

    def noun(self) -> Step:
        """Return the step."""
        return Step(self.since, self.level, self.days)


class ProofEntry(Section):
    """How sure one must be: failures among the last looks open, passes in a row close; coming back asks for more."""

    failures: int = Field(default=2, ge=1, le=LONGEST)
    of: Annotated[int, Field(ge=1, le=LONGEST)] | None = None
    passes: int = Field(default=2, ge=1, le=100)
    damping: int = Field(default=0, ge=0, le=20)

    @model_validator(mode="after")
    def _within(self) -> ProofEntry:
        if self.of is not None and self.of < self.failures:
            message = Text(f"最近 {self.of} 次里不会有 {self.failures} 次", f"{self.of} looks hold no {self.failures}")
            raise Refused(message, Text("of 不得小于 failures", "of is never less than failures"), ("of",))
        return self

    def noun(self) -> Proof:
        """Return the proof."""
        return Proof(self.failures, self.of or self.failures, self.passes, self.damping)


class ClauseEntry(Section):
    """What the policy says of one rule, and what that becomes later."""

    level: Level
    days: Days | None = None
    since: Day | None = None
    stricter: list[StepEntry] = Field(default_factory=list, max_length=20)
    confirm: ProofEntry | None = None

    @field_validator("stricter")
    @classmethod
    def _in_order(cls, steps: list[StepEntry]) -> list[StepEntry]:
        for index, (one, other) in enumerate(itertools.pairwise(steps)):
            if other.since <= one.since:
                raise Refused(Text("日期应由先到后", "the days must rise"), at=(index + 1, "since"))
        return steps

    def noun(self, rule: str) -> Clause:
        """Return the clause of *rule*."""
        steps = tuple(step.noun() for step in self.stricter)
        return Clause(rule, self.level, self.days, self.since, steps, self.confirm.noun() if self.confirm else None)


class CircleEntry(Section):
    """Whom a profile means: those who fit every condition written."""

    tiers: list[Tier] = Field(default_factory=list)
    agency_kinds: list[AgencyKind] = Field(default_factory=list)
    agencies: list[Code] = Field(default_factory=list)
    kinds: list[Kind] = Field(default_factory=list)
    value: int = Field(default=1, ge=1, le=5)

    def noun(self) -> Circle:
        """Return the circle."""
        return Circle(
            frozenset(self.tiers),
            frozenset(self.agency_kinds),
            frozenset(self.agencies),
            frozenset(self.kinds),
            self.value,
        )


class ChangeEntry(Section):
    """What a profile says of one rule."""

    level: Level | None = None
    days: Days | None = None
    since: Day | None = None
    off: bool = False

    def noun(self) -> Change:
        """Return the change."""
        return Change(self.level, self.days, self.since, self.off)


class LevelDays(Section):
    """Deadlines by level."""

    critical: Days | None = None
    high: Days | None = None
    medium: Days | None = None
    low: Days | None = None
    notice: Days | None = None

    def noun(self) -> Mapping[Level, int]:
        """Return the deadlines that are set."""
        return {level: days for level in Level if (days := getattr(self, level)) is not None}


class ProfileEntry(Section):
    """Other clauses for some agencies and targets."""

    name: Zone
    title: Bilingual
    whom: CircleEntry
    since: Day | None = None
    days: LevelDays = Field(default_factory=LevelDays)
    clauses: dict[RuleId, ChangeEntry] = Field(default_factory=dict)

    def noun(self) -> Profile:
        """Return the profile."""
        changes = MappingProxyType({rule: entry.noun() for rule, entry in self.clauses.items()})
        days = MappingProxyType(dict(self.days.noun()))
        return Profile(self.name, self.title.noun(), self.whom.noun(), self.since, days, changes)
