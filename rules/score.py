"""Scores: how exposed a host, an agency or the city is, how sure we are of it, and what it is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contribution:
    """The part of a score that one finding (or one host) brings; contributions sum to the score."""

    source: str
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """A risk of 0 (nothing found) to 100, with the *coverage* (0..1) it rests on and the *oldest* fact behind it."""

    subject: str
    risk: float
    coverage: float
    oldest: dt.datetime | None
    contributions: tuple[Contribution, ...]
