"""Scores after templates of others, beside the risk score: IPv6 indicators, website inspection, five grades of risk.

What is unknown counts neither as held nor as broken: it lowers the coverage a value travels with. A waiver excuses no
indicator and no deduction.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.finding import Finding, State
from rules.scheme import Grading, Indicator, Inspection, Scheme
from rules.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Index:
    """IPv6 readiness by indicators: 0..100 over those that are known, None without any; *held* says which hold.

    *coverage* is the share, 0..1, of the weight of what applies that is known; None in *held* is unknown, and what does
    not apply is not in it.
    """

    value: float | None
    coverage: float
    held: Mapping[str, bool | None]


NO_INDEX = Index(None, 0.0, {})
"""Of whom there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A website after the inspection's template: *points* 0..100, the rules that cost some, and those that veto.

    *qualified* is None where too little is known to say: what is unknown could still take the points that are left.
    """

    points: float
    coverage: float
    vetoes: tuple[str, ...]
    cost: Mapping[str, float]
    qualified: bool | None
    bonus: bool


@dataclass(frozen=True, slots=True)
class Templates:
    """One host by every template that applies to it; *grade* is 1 (least) to 5, None where too little is known."""

    index: Index | None = None
    inspected: Inspected | None = None
    grade: int | None = None


NO_TEMPLATES = Templates()
"""Of what no template speaks of."""


def index(indicators: Sequence[Indicator], verdicts: Sequence[Verdict]) -> Index:
    """Return the readiness of one host by *indicators*, the first of which is the ground that the others stand on.

    Where that fails, what does not apply for want of it is not held either; elsewhere it is no part of the index.
    """
    by_rule: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_rule.setdefault(verdict.rule, []).append(verdict)
    held: dict[str, bool | None] = {}
    for indicator in indicators:
        outcomes = set(_outcomes(indicator, by_rule))
        if Outcome.FAIL in outcomes:
            held[indicator.id] = False
        elif Outcome.UNKNOWN in outcomes:
            held[indicator.id] = None
        elif Outcome.PASS in outcomes:
            held[indicator.id] = True
        elif held.get(indicators[0].id) is False:
            held[indicator.id] = False
    return _index({indicator.id: indicator.weight for indicator in indicators}, held)


def _outcomes(indicator: Indicator, by_rule: Mapping[str, Sequence[Verdict]]) -> Iterable[Outcome]:
    for rule in indicator.rules:
        verdicts = by_rule.get(rule)
        if verdicts is None:
            yield Outcome.UNKNOWN
            continue
        for verdict in verdicts:
            if indicator.family is None or indicator.family.value in verdict.subject.split("/"):
                yield verdict.outcome


def _index(weights: Mapping[str, float], held: Mapping[str, bool | None]) -> Index:
    whole = math.fsum(weights[name] for name in held)
    known = math.fsum(weights[name] for name, holds in held.items() if holds is not None)
    good = math.fsum(weights[name] for name, holds in held.items() if holds)
    return Index(100 * good / known if known else None, known / whole if whole else 0.0, dict(held))


def group_index(indexes: Iterable[Index]) -> Index:
    """Return the mean of hosts, each counting once: the share of a population, as the indicators are told of one."""
    every = list(indexes)
    known = [each.value for each in every if each.value is not None]
    covered = math.fsum(each.coverage for each in every) / len(every) if every else 0.0
    return Index(math.fsum(known) / len(known) if known else None, covered, {})


def inspected(scheme: Inspection, verdicts: Iterable[Verdict]) -> Inspected:
    """Return how a website comes out of the inspection by what is known of it."""
    broken: Counter[str] = Counter()
    asked: dict[str, set[Outcome]] = {}
    for verdict in verdicts:
        asked.setdefault(verdict.rule, set()).add(verdict.outcome)
        broken[verdict.rule] += verdict.outcome is Outcome.FAIL
    cost = {
        rule: min(broken[rule] * each.points, each.most) for rule, each in scheme.deductions.items() if broken[rule]
    }
    points = max(0.0, 100.0 - math.fsum(cost.values()))
    unknown = [rule for rule in (*scheme.vetoes, *scheme.deductions) if _open(asked.get(rule))]
    at_stake = math.fsum(scheme.deductions[rule].most for rule in unknown if rule in scheme.deductions)
    applying = [rule for rule in (*scheme.vetoes, *scheme.deductions) if asked.get(rule) != {Outcome.NOT_APPLICABLE}]
    vetoes = tuple(rule for rule in scheme.vetoes if broken[rule])
    qualified: bool | None = True
    if vetoes or points < scheme.qualified:
        qualified = False
    elif any(rule in scheme.vetoes for rule in unknown) or points - at_stake < scheme.qualified:
        qualified = None
    return Inspected(
        points=points,
        coverage=1 - len(unknown) / len(applying) if applying else 0.0,
        vetoes=vetoes,
        cost=cost,
        qualified=qualified,
        bonus=qualified is True and points > scheme.bonus,
    )


def _open(outcomes: set[Outcome] | None) -> bool:
    return outcomes is None or (Outcome.UNKNOWN in outcomes and Outcome.FAIL not in outcomes)


def grade(scheme: Grading, findings: Iterable[Finding], value: int, packs: Mapping[str, str]) -> int:
    """Return the grade of a host's worst open finding that no waiver covers, 1 without any; *packs* are the rules'."""
    worst = 0.0
    for finding in findings:
        if finding.state is State.OPEN and not finding.waived and finding.level in scheme.weaknesses:
            threat = scheme.threats.get(packs.get(finding.key.rule, ""), scheme.threat)
            weakness = scheme.weaknesses[finding.level]
            worst = max(worst, math.sqrt(threat * weakness) * math.sqrt(value * weakness))
    return 1 + sum(worst > bound + 1e-9 for bound in scheme.bounds)


def templates(
    scheme: Scheme,
    verdicts: Sequence[Verdict],
    findings: Iterable[Finding],
    packs: Mapping[str, str],
    *,
    value: int,
    website: bool,
    exempt: bool,
    measured: bool,
) -> Templates:
    """Return what the templates say of one host; *measured* is whether enough is known of it to be graded at all."""
    return Templates(
        index=index(scheme.indicators, verdicts) if scheme.indicators and website and not exempt else None,
        inspected=inspected(scheme.inspection, verdicts) if scheme.inspection.deductions and website else None,
        grade=grade(scheme.grading, findings, value, packs) if scheme.grading.weaknesses and measured else None,
    )
