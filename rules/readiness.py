"""The IPv6 ladder: how far a host has climbed, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.policy import Policy, Stage
from rules.verdict import Outcome, Verdict

NEEDS_PROOF = frozenset({Stage.PUBLISHED, Stage.REACHABLE, Stage.DEEP, Stage.IPV6_ONLY})
"""Stages nobody reaches by having nothing to show; a host without IPv4 has nothing to be equal to, and is."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The stage a subject has surely reached; None when not even the ground is sure.

    *blockers* are the rules that fail at the next stage; *unknown* those of it that could not be judged.
    *exempt* marks a subject that is intentionally without IPv6.
    """

    subject: str
    stage: Stage | None
    blockers: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    exempt: bool = False


def climb(subject: str, verdicts: Sequence[Verdict], policy: Policy, *, exempt: bool = False) -> Readiness:
    """Return how far *subject* has climbed: a stage is reached when none of its rules fails or is unknown.

    A stage for which the policy names no rule cannot be judged, and ends the climb. An exempt subject has no stage.
    """
    if exempt:
        return Readiness(subject, None, exempt=True)
    reached: Stage | None = Stage.NONE
    for stage in list(Stage)[1:]:
        rules = policy.ladder.get(stage, ())
        failing = tuple(rule for rule in rules if Outcome.FAIL in _outcomes(verdicts, rule))
        unknown = tuple(rule for rule in rules if _open(_outcomes(verdicts, rule)))
        vacuous = not any(Outcome.PASS in _outcomes(verdicts, rule) for rule in rules)
        if failing or unknown or not rules or (vacuous and stage in NEEDS_PROOF):
            if stage is Stage.PUBLISHED and not failing:
                reached = None
            return Readiness(subject, reached, failing, unknown)
        reached = stage
    return Readiness(subject, reached)


def _outcomes(verdicts: Iterable[Verdict], rule: str) -> set[Outcome]:
    return {verdict.outcome for verdict in verdicts if verdict.rule == rule}


def _open(outcomes: set[Outcome]) -> bool:
    """Say whether a rule is undecided: never judged, or unknown somewhere and failing nowhere."""
    return not outcomes or (Outcome.UNKNOWN in outcomes and Outcome.FAIL not in outcomes)
