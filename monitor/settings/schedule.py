"""schedule.yaml: how often each probe looks, how the findings change that, and when nobody is looked at."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, field_validator

from monitor.settings.fields import Duration, ProbeName, Quiet, Section
from monitor.settings.mistakes import Refused
from probes.target import QuietHours
from rules.policy import Level
from rules.text import Text

SHORTEST = 60.0
"""Seconds between two looks of one probe at one target, at least."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a probe looks at a target: *every* seconds, moved by up to *jitter* of it (0..0.5).

    *every* None: as the probe itself says.
    """

    every: float | None = None
    jitter: float = 0.1


@dataclass(frozen=True, slots=True)
class Revisit:
    """What `every` is multiplied with: by the worst open *levels*, or where all is *clean* or the host is *dark*."""

    levels: Mapping[Level, float]
    clean: float
    dark: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """When targets are looked at. *probes* holds only those the operator named."""

    probes: Mapping[str, Cadence] = field(default_factory=dict)
    jitter: float = 0.1
    revisit: Revisit = field(default_factory=lambda: RevisitEntry().noun())
    quiet: tuple[QuietHours, ...] = ()

    def cadence(self, probe: str) -> Cadence:
        """Return how often *probe* looks."""
        return self.probes.get(probe, Cadence(jitter=self.jitter))


Jitter = Annotated[float, Field(ge=0, le=0.5)]
Factor = Annotated[float, Field(gt=0, le=100)]


class CadenceEntry(Section):
    """How often one probe looks at a target."""

    every: Annotated[Duration, Field(ge=SHORTEST)] | None = None
    jitter: Jitter | None = None


class RevisitEntry(Section):
    """Factors on `every`: below 1 looks more often, above 1 less often."""

    critical: Factor = 0.25
    high: Factor = 0.5
    medium: Factor = 0.75
    low: Factor = 1.0
    notice: Factor = 1.0
    clean: Factor = 1.0
    dark: Factor = 4.0

    def noun(self) -> Revisit:
        """Return the factors."""
        levels: dict[Level, float] = {level: getattr(self, level) for level in Level}
        return Revisit(MappingProxyType(levels), self.clean, self.dark)


class ScheduleFile(Section):
    """When targets are looked at."""

    probes: dict[ProbeName, CadenceEntry] = Field(default_factory=dict)
    jitter: Jitter = 0.1
    revisit: RevisitEntry = Field(default_factory=RevisitEntry)
    quiet: list[Quiet] = Field(default_factory=list)

    @field_validator("revisit")
    @classmethod
    def _worse_is_sooner(cls, revisit: RevisitEntry) -> RevisitEntry:
        steps = [*(str(level) for level in Level), "clean"]
        for worse, better in itertools.pairwise(steps):
            if getattr(revisit, better) < getattr(revisit, worse):
                message = Text(f"{better} 比 {worse} 看得更勤", f"{better} is looked at more often than {worse}")
                raise Refused(
                    message, Text("问题越重，系数越小", "the worse the finding, the smaller the factor"), (better,)
                )
        return revisit

    def noun(self) -> Schedule:
        """Return the schedule."""
        probes = {
            name: Cadence(entry.every, self.jitter if entry.jitter is None else entry.jitter)
            for name, entry in self.probes.items()
        }
        return Schedule(MappingProxyType(probes), self.jitter, self.revisit.noun(), tuple(self.quiet))
