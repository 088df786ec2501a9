"""Running a rule's own cases: what it says of the facts its author wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from rules import cel
from rules.judge import outcomes
from rules.rule import Case, Rule
from rules.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """What a case expected and what came out, by subject."""

    rule: str
    case: str
    expected: Mapping[str, Outcome]
    actual: Mapping[str, Outcome]

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.actual


TO_SHOW = (Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN)
"""The outcomes every rule shows by a case of its own."""


def unshown(results: Iterable[Result]) -> Mapping[str, tuple[Outcome, ...]]:
    """Return, for each rule that does not show every outcome by cases that hold, those it does not show."""
    shown: dict[str, set[Outcome]] = {}
    for result in results:
        seen = shown.setdefault(result.rule, set())
        if result.holds:
            seen.update(result.actual.values())
    missing = {rule: tuple(outcome for outcome in TO_SHOW if outcome not in seen) for rule, seen in shown.items()}
    return {rule: outcomes for rule, outcomes in missing.items() if outcomes}


def run(rule: Rule, case: Case, schema: Mapping[str, cel.Type]) -> Result:
    """Judge *case* by *rule*; *schema* turns YAML's plain values into those of the facts."""
    variables = {name: _value(value, schema.get(name, cel.DYN)) for name, value in case.facts.items()}
    actual: dict[str, Outcome] = {}
    for subject, outcome, _ in outcomes(rule, {"now": case.now, **variables}):
        if subject not in actual or outcome.gravity > actual[subject].gravity:
            actual[subject] = outcome
    return Result(rule.id, case.name, dict(case.subjects), actual)


def _value(value: object, type_: cel.Type) -> object:
    match type_:
        case cel.ListOf() if isinstance(value, list):
            return [_value(item, type_.element) for item in value]
        case cel.Record() if isinstance(value, dict):
            return {key: _value(item, type_.fields.get(key, cel.DYN)) for key, item in value.items()}
    return ip_address(value) if type_ == cel.IP and isinstance(value, str) else value
