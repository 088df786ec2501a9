"""What the templates beside the risk score are made of: indicators, inspections, and grades; all of it configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.target import Family
from rules.policy import Level
from rules.text import Text


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of IPv6 readiness: it holds where all of *rules* do, over *family* alone if one is given."""

    id: str
    title: Text
    weight: float
    rules: tuple[str, ...]
    family: Family | None = None


@dataclass(frozen=True, slots=True)
class Deduction:
    """What each subject that breaks a rule costs a website, in points, and what all of them cost *most*."""

    points: float
    most: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """How websites are inspected: breaking one of *vetoes* fails alone, the rest is 100 less *deductions*.

    Below *qualified* points a website fails; above *bonus* it may be given some on top, which people decide.
    """

    vetoes: tuple[str, ...] = ()
    deductions: Mapping[str, Deduction] = field(default_factory=dict)
    qualified: float = 60.0
    bonus: float = 80.0


@dataclass(frozen=True, slots=True)
class Grading:
    """How risk is graded, 1 to 5: R = √(T·V)·√(A·V), with *threats* T and *weaknesses* V, both 1..5, and the value A.

    Threats are by the pack of a rule, *threat* for every other. *bounds* are the greatest R, 1..25, of grades 1 to 4.
    """

    weaknesses: Mapping[Level, int] = field(default_factory=dict)
    threats: Mapping[str, int] = field(default_factory=dict)
    threat: int = 3
    bounds: tuple[float, float, float, float] = (5.0, 10.0, 15.0, 20.0)


@dataclass(frozen=True, slots=True)
class Scheme:
    """The templates of one configuration; one without indicators, deductions or weaknesses says nothing."""

    indicators: tuple[Indicator, ...] = ()
    inspection: Inspection = Inspection()
    grading: Grading = Grading()


NONE = Scheme()
"""Where nobody configured any."""
