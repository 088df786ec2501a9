"""By when an incident of a grade is to be reported, and on what that rests; none of it is told as official."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.text import Text


class Grade(StrEnum):
    """How grave an incident is, the gravest first: 特别重大, 重大, 较大, 一般."""

    ESPECIALLY_MAJOR = "especially_major"
    MAJOR = "major"
    LARGER = "larger"
    GENERAL = "general"


class Basis(StrEnum):
    """What a term rests on: a published copy somebody has read, nothing anybody has checked, or our own agreement."""

    COPY = "copy"
    UNVERIFIED = "unverified"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Duty:
    """One report owed of an incident of *grades*: to whom, and *within* how many seconds of its being known.

    *source* names what the term is from, where there is something.
    """

    id: str
    title: Text
    to: Text
    within: float
    grades: frozenset[Grade]
    basis: Basis
    source: str = ""
