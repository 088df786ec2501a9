"""The IPv6 rollout: what each host needs for its next stage, which remedies lift most, whether goals will be met."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.policy import Goal, Stage

WEEK = 7


@dataclass(frozen=True, slots=True, order=True)
class Fix:
    """One thing to be mended: *rule* does not hold because of *thing*, a host or what several hosts share."""

    rule: str
    thing: str


@dataclass(frozen=True, slots=True)
class Step:
    """What a host needs for the stage after *stage*: *fixes*, and rules that are *unknown* and so may need some too.

    *stage* None: not even the ground is sure, and looking comes first.
    """

    host: str
    agency: str
    stage: Stage | None
    fixes: frozenset[Fix]
    unknown: tuple[str, ...]

    @property
    def next(self) -> Stage | None:
        """The stage it would climb to; None at the top."""
        stages = list(Stage)
        place = stages.index(Stage.NONE if self.stage is None else self.stage) + 1
        return stages[place] if place < len(stages) else None


@dataclass(frozen=True, slots=True)
class Remedy:
    """Fixes that together lift *hosts* by one stage; *perhaps* others too, of which something is not known."""

    fixes: tuple[Fix, ...]
    hosts: tuple[str, ...]
    perhaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far *goal* has come among *hosts* that owe IPv6: *there* have reached its stage, of *unknown* nobody can say.

    *missing* are those still to come. *pace* is how many came there a week lately, None where that is not known, as
    long as any are unknown; *needed* how many would have to from now on, None once the day is past.
    """

    goal: Goal
    hosts: int
    there: int
    unknown: int
    missing: int
    pace: float | None
    needed: float | None

    @property
    def met(self) -> bool:
        """Whether the goal is reached; of nobody it is not."""
        return self.hosts > 0 and self.missing == 0

    @property
    def late(self) -> bool | None:
        """Whether the goal will be missed, or is; None where nobody can say, as those unknown may well be there."""
        if self.met:
            return False
        if self.missing <= self.unknown:
            return None
        if self.needed is None:
            return True
        return None if self.pace is None else self.pace < self.needed


@dataclass(frozen=True, slots=True)
class Rollout:
    """The rollout of an agency or the city: every host's *steps*, *remedies* by how much they lift, and the goals."""

    steps: tuple[Step, ...]
    remedies: tuple[Remedy, ...]
    progress: tuple[Progress, ...]


def remedies(steps: Iterable[Step]) -> tuple[Remedy, ...]:
    """Return the sets of fixes that lift hosts, those first that lift most for each fix.

    A set is what one host needs; it lifts that host and every other that needs no more than a part of it.
    """
    by_need: dict[frozenset[Fix], list[Step]] = defaultdict(list)
    sharing: dict[Fix, set[frozenset[Fix]]] = defaultdict(set)
    for step in steps:
        if step.fixes:
            by_need[step.fixes].append(step)
            for fix in step.fixes:
                sharing[fix].add(step.fixes)
    found: list[Remedy] = []
    for fixes in by_need:
        # Only who shares a fix can need a part of these; most hosts share none.
        near = {need for fix in fixes for need in sharing[fix] if need <= fixes}
        found.append(_remedy(fixes, [step for need in near for step in by_need[need]]))
    return tuple(sorted(found, key=_order))


def _remedy(fixes: frozenset[Fix], lifted: Sequence[Step]) -> Remedy:
    return Remedy(
        fixes=tuple(sorted(fixes)),
        hosts=tuple(sorted(step.host for step in lifted if not step.unknown)),
        perhaps=tuple(sorted(step.host for step in lifted if step.unknown)),
    )


def _order(remedy: Remedy) -> tuple[float, float, int, tuple[Fix, ...]]:
    share = 1 / len(remedy.fixes)
    return -len(remedy.hosts) * share, -len(remedy.perhaps) * share, len(remedy.fixes), remedy.fixes


def progress(
    goal: Goal, stages: Mapping[Stage | None, int], earlier: Sequence[tuple[dt.date, int]], today: dt.date
) -> Progress:
    """Return how *goal* stands by today's *stages*, and by how many had reached it on *earlier* days, oldest first."""
    hosts, there = sum(stages.values()), reached(stages, goal.stage)
    missing = max(0, math.ceil(goal.share * hosts - 1e-9) - there)
    weeks = (goal.by - today).days / WEEK
    return Progress(
        goal=goal,
        hosts=hosts,
        there=there,
        unknown=stages.get(None, 0),
        missing=missing,
        pace=None if stages.get(None) else _pace(earlier, there, today),
        needed=missing / weeks if weeks > 0 else (0.0 if not missing else None),
    )


def reached(stages: Mapping[Stage | None, int], stage: Stage) -> int:
    """Return how many have come to *stage*, or further."""
    order = list(Stage)
    wanted = frozenset(order[order.index(stage) :])
    return sum(count for each, count in Counter(stages).items() if each in wanted)


def _pace(earlier: Sequence[tuple[dt.date, int]], there: int, today: dt.date) -> float | None:
    """Return how many a week came there since the oldest of *earlier*, which is a week ago at least."""
    if not earlier or (days := (today - earlier[0][0]).days) < WEEK:
        return None
    return (there - earlier[0][1]) / days * WEEK
