"""When to look again: the worse it stands, the sooner; and no sooner calm than it has been calm for a while."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from monitor.settings.schedule import Revisit
from monitor.spread import fraction
from rules.policy import Level


class Standing(StrEnum):
    """How urgent a target is, the most urgent first: its worst open level, or clean, or dark (nothing answers)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTICE = "notice"
    CLEAN = "clean"
    DARK = "dark"

    @classmethod
    def of(cls, worst: Level | None, *, dark: bool = False) -> Standing:
        """Return the standing of a target whose worst open finding is *worst*; findings outweigh darkness."""
        if worst is not None:
            return cls(worst.value)
        return cls.DARK if dark else cls.CLEAN


STEADY = Revisit(dict.fromkeys(Level, 1.0), 1.0, 1.0)
"""For probes whose pace tells nothing of what they find."""

_STEPS = tuple(Standing)


def settle(before: Standing | None, found: Standing) -> Standing:
    """Return the standing after a look that found *found*: worse at once, better by one step only.

    What was urgent yesterday is looked at often for some time yet. *before* is None at the first look.
    """
    if before is None:
        return found
    return _STEPS[min(_STEPS.index(found), _STEPS.index(before) + 1)]


def factor(standing: Standing, revisit: Revisit) -> float:
    """Return what the usual time between two looks is multiplied with."""
    if standing is Standing.CLEAN:
        return revisit.clean
    return revisit.dark if standing is Standing.DARK else revisit.levels[Level(standing.value)]


def next_due(
    now: dt.datetime, probe: str, target: str, *, every: float, standing: Standing, revisit: Revisit, jitter: float
) -> dt.datetime:
    """Return when *target* is due again, *every* being the usual time in seconds.

    *jitter* is the share of that time, 0..0.5, by which each pair of probe and target goes its own way: always the
    same way, so that a schedule can be foretold, and another for each, so that no two march in step for long.
    """
    period = every * factor(standing, revisit)
    return now + dt.timedelta(seconds=period * (1 + jitter * (2 * fraction(probe, target) - 1)))
