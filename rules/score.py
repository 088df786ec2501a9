"""Scores: how exposed a host, an agency or the city is, how sure we are of it, and what it is made of.

A host's risk is 100 · (1 − Π(1 − wᵢ)) over its open findings, wᵢ being the weight of the finding's level: each finding
takes its share of the safety that is left, so the risk is bounded, grows with every finding and does not depend on
their order. An agency's risk is the quadratic mean of its hosts' risks weighted by asset value, √(Σ vᵢ·rᵢ² / Σ vᵢ),
over those of which anything was measured:
fair to small agencies, because it does not grow with the number of hosts, and not lulled by many quiet ones.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.finding import Finding, State
from rules.policy import Level, Policy
from rules.verdict import Outcome, Verdict


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


def host_score(
    host: str, findings: Iterable[Finding], verdicts: Sequence[Verdict], policy: Policy, oldest: dt.datetime | None
) -> Score:
    """Score one host from its findings (open and not waived ones count) and its verdicts (for coverage)."""
    losses = {
        f"{finding.key.rule} {finding.key.subject}".strip(): -math.log1p(-policy.weights[finding.level])
        for finding in findings
        if finding.state is State.OPEN and not finding.waived and policy.weights[finding.level] > 0
    }
    total = math.fsum(losses.values())
    risk = 100.0 * -math.expm1(-total)
    contributions = tuple(
        Contribution(source, risk * loss / total)
        for source, loss in sorted(losses.items(), key=lambda item: (-item[1], item[0]))
    )
    return Score(host, risk, coverage(verdicts, policy), oldest, contributions)


def group_score(subject: str, hosts: Sequence[tuple[Score, int]]) -> Score:
    """Score an agency, or any level of the tree, from the scores and asset values of all hosts below it."""
    weight = math.fsum(value for _, value in hosts)
    if not weight:
        return Score(subject, 0.0, 0.0, None, ())
    # A host nothing is known of must not make the others look better.
    known = [(score, value) for score, value in hosts if score.coverage > 0]
    measured = math.fsum(value for _, value in known) or 1.0
    squares = {score.subject: value * score.risk**2 / measured for score, value in known}
    mean_square = math.fsum(squares.values())
    risk = math.sqrt(mean_square)
    contributions = tuple(
        Contribution(host, risk * square / mean_square)
        for host, square in sorted(squares.items(), key=lambda item: (-item[1], item[0]))
        if square > 0
    )
    covered = math.fsum(score.coverage * value for score, value in hosts) / weight
    ages = [score.oldest for score, _ in hosts if score.oldest is not None]
    return Score(subject, risk, covered, min(ages, default=None), contributions)


def coverage(verdicts: Iterable[Verdict], policy: Policy) -> float:
    """Return the share, 0..1, of what the policy asks that could be judged; 0 when nothing was asked yet.

    Each rule counts once, by the weight of its level, with the share of its subjects that were decided. A rule that
    does not apply is settled without weight.
    """
    decided: dict[str, list[bool]] = {}
    for verdict in verdicts:
        if verdict.outcome is not Outcome.NOT_APPLICABLE and verdict.rule in policy.clauses:
            decided.setdefault(verdict.rule, []).append(verdict.outcome is not Outcome.UNKNOWN)
    weights = {rule: _importance(policy.clauses[rule].level, policy.weights) for rule in decided}
    whole = math.fsum(weights.values())
    if not whole:
        return 0.0
    return math.fsum(weights[rule] * sum(known) / len(known) for rule, known in decided.items()) / whole


def _importance(level: Level, weights: Mapping[Level, float]) -> float:
    # A notice weighs nothing in the risk, yet not having looked is still not having looked.
    return max(weights[level], 0.01)
