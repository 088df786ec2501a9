import pytest

from monitor.packs import load
from probes import registry
from rules.cases import run
from rules.facts import schema
from rules.rule import Case, Rule
from rules.verdict import Outcome

RULES = load()
SCHEMA = schema({name: probe.facts for name, probe in registry.load().items()})
CASES = [pytest.param(rule, case, id=f"{rule.id}: {case.name}") for rule in RULES.values() for case in rule.cases]


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_rule_says_what_its_cases_expect(rule: Rule, case: Case) -> None:
    result = run(rule, case, SCHEMA)
    assert result.actual == result.expected


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_knows_nothing_of_what_was_never_looked_at(rule: Rule) -> None:
    case = Case("never looked", rule.cases[0].now, {"target": {"declared": []}}, {"": Outcome.UNKNOWN})
    outcomes = set(run(rule, case, SCHEMA).actual.values())
    assert outcomes <= {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}


def test_there_are_enough_rules_to_judge_a_city() -> None:
    assert len(RULES) >= 15
