"""scoring.yaml: templates of scores beside the risk score, every weight of them configurable and none official."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from pydantic import Field, field_validator

from monitor.settings.fields import Bilingual, RuleId, Section, Words
from monitor.settings.mistakes import Refused
from probes.target import Family
from rules.policy import Level
from rules.scheme import Deduction, Grading, Indicator, Inspection, Scheme
from rules.text import Text

Points = Annotated[float, Field(ge=0, le=100)]
Five = Annotated[int, Field(ge=1, le=5)]
Bound = Annotated[float, Field(gt=0, le=25)]


class IndicatorEntry(Section):
    """One indicator of IPv6 readiness; it holds where all of its rules do."""

    id: Words
    title: Bilingual
    weight: float = Field(gt=0, le=1000)
    rules: list[RuleId] = Field(min_length=1)
    family: Family | None = None

    def noun(self) -> Indicator:
        """Return the indicator."""
        return Indicator(self.id, self.title.noun(), self.weight, tuple(self.rules), self.family)


class DeductionEntry(Section):
    """What each place where a rule is broken costs, and what all of them cost at most."""

    points: Points
    most: Points = 100.0


class InspectionEntry(Section):
    """How websites are inspected."""

    vetoes: list[RuleId] = Field(default_factory=list)
    deductions: dict[RuleId, DeductionEntry] = Field(default_factory=dict)
    qualified: Points = 60.0
    bonus: Points = 80.0


class GradingEntry(Section):
    """How risk is graded 1 to 5."""

    weaknesses: dict[Level, Five] = Field(default_factory=dict)
    threats: dict[Words, Five] = Field(default_factory=dict)
    threat: Five = 3
    bounds: list[Bound] = Field(default_factory=lambda: [5.0, 10.0, 15.0, 20.0], min_length=4, max_length=4)

    @field_validator("bounds")
    @classmethod
    def _rising(cls, bounds: list[float]) -> list[float]:
        if sorted(set(bounds)) != bounds:
            raise Refused(Text("四个分界必须递增", "the four bounds must rise"))
        return bounds


class ScoringFile(Section):
    """Templates of scores; what is left out is not scored."""

    ipv6_indicators: list[IndicatorEntry] = Field(default_factory=list, max_length=50)
    website_inspection: InspectionEntry = Field(default_factory=InspectionEntry)
    risk_grades: GradingEntry = Field(default_factory=GradingEntry)

    @field_validator("ipv6_indicators")
    @classmethod
    def _told_apart(cls, entries: list[IndicatorEntry]) -> list[IndicatorEntry]:
        names = [entry.id for entry in entries]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise Refused(Text(f"“{name}”出现了两次", f'"{name}" appears twice'), at=(place, "id"))
        return entries

    def noun(self) -> Scheme:
        """Return the scheme."""
        inspection, grading = self.website_inspection, self.risk_grades
        first, second, third, fourth = grading.bounds
        return Scheme(
            indicators=tuple(entry.noun() for entry in self.ipv6_indicators),
            inspection=Inspection(
                tuple(inspection.vetoes),
                MappingProxyType(
                    {rule: Deduction(each.points, each.most) for rule, each in inspection.deductions.items()}
                ),
                inspection.qualified,
                inspection.bonus,
            ),
            grading=Grading(
                MappingProxyType(dict(grading.weaknesses)),
                MappingProxyType(dict(grading.threats)),
                grading.threat,
                (first, second, third, fourth),
            ),
        )
