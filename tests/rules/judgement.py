"""Small makers of policy, verdicts and findings for the tests of the judgement layer."""

from __future__ import annotations

import datetime as dt

from rules.finding import Finding, Key, State
from rules.policy import Clause, Level, Policy, Stage
from rules.text import Text
from rules.verdict import Outcome, Verdict

NOW = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
WEIGHTS = {Level.CRITICAL: 0.5, Level.HIGH: 0.25, Level.MEDIUM: 0.1, Level.LOW: 0.03, Level.NOTICE: 0.0}


def policy(*clauses: Clause, **changes: object) -> Policy:
    settings: dict[str, object] = {
        "profile": "test",
        "version": "1",
        "title": Text("测试", "test"),
        "clauses": {clause.rule: clause for clause in clauses},
        "weights": WEIGHTS,
        "ladder": {Stage.PUBLISHED: ("published",), Stage.REACHABLE: ("reachable",), Stage.EQUAL: ("equal",)},
    }
    return Policy(**{**settings, **changes})  # type: ignore[arg-type]


def verdict(rule: str, outcome: Outcome, subject: str = "", **changes: object) -> Verdict:
    settings: dict[str, object] = {"target": "www.example", "vantage": "here", "value": "v"}
    return Verdict(rule=rule, subject=subject, outcome=outcome, **{**settings, **changes})  # type: ignore[arg-type]


def finding(rule: str, level: Level = Level.HIGH, state: State = State.OPEN, subject: str = "") -> Finding:
    return Finding(Key(rule, "www.example", subject), "edu", level, state, NOW, NOW)
