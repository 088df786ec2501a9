"""Two policies over the same facts: which findings would open, close or weigh otherwise if one followed the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.finding import Key
from rules.policy import Clause, Level, Policy
from rules.verdict import Outcome, Verdict


class Turn(StrEnum):
    """What a change of policy would do to a finding, or to a clause."""

    OPENS = "opens"
    CLOSES = "closes"
    RISES = "rises"
    FALLS = "falls"
    OTHERWISE = "otherwise"
    """Of the same weight, with another deadline or beginning."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One finding that a change of policy would touch. *reason* is what decided, empty where it closes."""

    key: Key
    turn: Turn
    before: Level | None
    after: Level | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One clause that differs; None where there is none."""

    rule: str
    turn: Turn
    before: Clause | None
    after: Clause | None


def clause_changes(old: Policy, new: Policy) -> Iterator[ClauseChange]:
    """Yield the clauses that differ, by rule."""
    for rule in sorted({*old.clauses, *new.clauses}):
        before, after = old.clauses.get(rule), new.clauses.get(rule)
        if before != after:
            turn = _turn(before.level if before else None, after.level if after else None)
            yield ClauseChange(rule, turn or Turn.OTHERWISE, before, after)


def shifts(
    old: Policy, new: Policy, by_old: Sequence[Verdict], by_new: Sequence[Verdict], day: dt.date
) -> Iterator[Shift]:
    """Yield what would become of one target's findings if *new* followed *old* on *day*.

    The verdicts are of the same facts. What cannot be decided under the new policy closes nothing, and opens nothing.
    """
    before, after = _failing(old, by_old, day), _failing(new, by_new, day)
    undecided = {verdict.rule for verdict in by_new if verdict.outcome is Outcome.UNKNOWN}
    for key in sorted({*before, *after}, key=lambda key: (key.target, key.rule, key.subject)):
        was, will = before.get(key), after.get(key)
        level = will.level if will else None
        if will is None and key.rule in undecided:
            level = _level(new, key.rule, day)
        turn = _turn(was.level if was else None, level)
        if turn is not None:
            yield Shift(key, turn, was.level if was else None, level, will.reason if will else "")


@dataclass(frozen=True, slots=True)
class _Failing:
    level: Level
    reason: str


def _failing(policy: Policy, verdicts: Iterable[Verdict], day: dt.date) -> Mapping[Key, _Failing]:
    failing: dict[Key, _Failing] = {}
    for verdict in verdicts:
        level = _level(policy, verdict.rule, day)
        if level is not None and verdict.outcome is Outcome.FAIL:
            failing.setdefault(Key(verdict.rule, verdict.target, verdict.subject), _Failing(level, verdict.reason))
    return failing


def _level(policy: Policy, rule: str, day: dt.date) -> Level | None:
    clause = policy.clauses.get(rule)
    return clause.level if clause is not None and clause.in_force(day) else None


def _turn(before: Level | None, after: Level | None) -> Turn | None:
    if before is after:
        return None
    if before is None:
        return Turn.OPENS
    if after is None:
        return Turn.CLOSES
    return Turn.RISES if after.rank < before.rank else Turn.FALLS
