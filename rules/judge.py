"""Judging: a rule, and what is known of a target, give verdicts. Unknown stays unknown."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from probes.observation import SAMPLE, Facts, Observation
from rules import cel
from rules.facts import Proof, Seen, activation
from rules.policy import Policy
from rules.rule import Rule, Status
from rules.verdict import Outcome, Verdict

_FIELD = re.compile(r"\.([a-z0-9_]+)", re.ASCII)


def judge(rules: Iterable[Rule], seen: Seen, policy: Policy, now: dt.datetime) -> list[Verdict]:
    """Return every verdict of *rules* on *seen*.

    Retired rules and those about other kinds of targets give none, every other at least one.
    """
    variables, proof = activation(seen, policy, now), Proof(seen, now)
    verdicts: list[Verdict] = []
    for rule in rules:
        if rule.status is not Status.RETIRED and seen.target.kind in rule.kinds:
            verdicts += _verdicts(rule, seen, variables, proof)
    return verdicts


def outcomes(rule: Rule, variables: Mapping[str, object]) -> Iterator[tuple[str, Outcome, Mapping[str, object]]]:
    """Yield each subject of *rule*, its outcome, and the variables that decided it."""
    if rule.each is None:
        yield "", _outcome(rule, variables), variables
        return
    found = rule.each.evaluate(variables)
    if not isinstance(found, (list, tuple)):
        yield "", _blank(rule, variables), variables
        return
    elements = list(_flat(found))
    if not elements:
        yield "", _blank(rule, variables, rule.empty), variables
    for element in elements:
        if element is cel.UNKNOWN:
            yield "", Outcome.UNKNOWN, variables
            continue
        inner = {**variables, "it": element}
        yield _subject(rule, inner), _outcome(rule, inner), inner


def _flat(elements: Iterable[object]) -> Iterator[object]:
    for element in elements:
        if isinstance(element, (list, tuple)):
            yield from _flat(element)
        else:
            yield element


def _outcome(rule: Rule, variables: Mapping[str, object]) -> Outcome:
    if rule.applies is not None:
        applies = rule.applies.evaluate(variables)
        if applies is False:
            return Outcome.NOT_APPLICABLE
        if applies is not True:
            return Outcome.UNKNOWN
    held = rule.when.evaluate(variables)
    if held is True:
        return Outcome.PASS
    return Outcome.FAIL if held is False else Outcome.UNKNOWN


def _blank(rule: Rule, variables: Mapping[str, object], otherwise: Outcome = Outcome.UNKNOWN) -> Outcome:
    """Judge a rule without a subject at hand: not applicable if that is sure without one."""
    if rule.applies is not None and rule.applies.evaluate(variables) is False:
        return Outcome.NOT_APPLICABLE
    return otherwise


def _subject(rule: Rule, inner: Mapping[str, object]) -> str:
    if rule.subject is not None:
        named = rule.subject.evaluate(inner)
        return named if isinstance(named, str) else ""
    element = inner["it"]
    if isinstance(element, Mapping):
        named = element.get("subject", "")
        return named if isinstance(named, str) else ""
    return str(element)


def _verdicts(rule: Rule, seen: Seen, variables: Mapping[str, object], proof: Proof) -> list[Verdict]:
    worst: dict[str, Verdict] = {}
    for subject, outcome, inner in outcomes(rule, variables):
        known = worst.get(subject)
        if known is not None and known.outcome.gravity >= outcome.gravity:
            continue
        reason, value = _reason(rule, inner, seen) if outcome is Outcome.FAIL else ("", "")
        worst[subject] = Verdict(
            rule=rule.id,
            target=seen.target.host,
            subject=subject,
            vantage=seen.vantage,
            outcome=outcome,
            witness=proof.of(rule.reads, subject),
            reason=reason,
            value=value,
        )
    return list(worst.values())


def _reason(rule: Rule, inner: Mapping[str, object], seen: Seen) -> tuple[str, str]:
    """Return the parts of the condition that decided, with their values, as `part = value` lines; and their digest.

    What a sample measured is told, and is not part of the digest: it differs at each look without meaning a change.
    """
    steps = [(step, f"{step.text} = {_shown(step.value)}") for step in rule.when.explain(inner).steps]
    reason = "\n".join(line for _, line in steps)[:1024]
    kinds = {type(record.facts) for record in seen.records if isinstance(record, Observation) and record.facts}
    samples = {"seconds"}.union(*(_samples(kind) for kind in kinds))
    lasting = "\n".join(
        line
        for step, line in steps
        if isinstance(step.value, bool) or not samples.intersection(_FIELD.findall(step.text))
    )
    return reason, hashlib.sha256(lasting[:1024].encode()).hexdigest()[:16]


def _samples(kind: type[Facts]) -> frozenset[str]:
    """Return the fields of facts that are samples."""
    assert is_dataclass(kind), "facts are a dataclass"
    return frozenset(item.name for item in fields(kind) if item.metadata == SAMPLE)


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_shown(item) for item in value[:8])}{', …' if len(value) > 8 else ''}]"
    return str(value)
