"""A rule on trial is judged and shown, and weighs nothing anywhere."""

from __future__ import annotations

from probes.target import Target
from rules.facts import Seen, schema
from rules.judge import judge
from rules.lifecycle import advance
from rules.policy import Clause, Level, Policy, Stage
from rules.readiness import climb
from rules.rule import Rule
from rules.rule_file import parse
from rules.score import host_score
from rules.verdict import Outcome
from tests.rules.judgement import NOW, finding, policy, verdict

FILE = """\
id: {id}
status: {status}
title: {{zh: 标题, en: A title}}
why: {{zh: 原因, en: why}}
fix: {{zh: 办法, en: fix}}
references: [own]
when: target.kind == "mail"
cases: [{{name: mail, facts: {{target: {{kind: mail}}}}, outcome: pass}}]
"""
WHOLE = policy(
    Clause("tried", Level.CRITICAL),
    Clause("firm", Level.HIGH),
    ladder={Stage.PUBLISHED: ("firm", "tried"), Stage.REACHABLE: ("tried",)},
    confirmations=1,
)
BINDING = WHOLE.without({"tried"})


def rule(id: str, status: str) -> Rule:
    return parse(FILE.format(id=id, status=status), f"{id}.yaml", "own", schema({}))


def failing(binding: Policy) -> list[str]:
    """Return the rules with findings after one judgement in which both fail."""
    rules = [rule("tried", "experimental"), rule("firm", "stable")]
    verdicts = judge(rules, Seen(Target("www", "a"), "here", (), frozenset()), binding, NOW)
    assert {each.rule: each.outcome for each in verdicts} == {"tried": Outcome.FAIL, "firm": Outcome.FAIL}
    return [found.key.rule for found in advance("a", verdicts, (), binding, (), NOW).findings]


def test_a_rule_on_trial_gives_verdicts_and_opens_no_finding() -> None:
    assert failing(WHOLE) == ["firm", "tried"]
    assert failing(BINDING) == ["firm"]


def test_a_retired_rule_gives_no_verdict() -> None:
    seen = Seen(Target("www", "a"), "here", (), frozenset())
    assert judge([rule("old", "retired")], seen, WHOLE, NOW) == []


def test_a_rule_on_trial_changes_no_coverage() -> None:
    verdicts = [verdict("tried", Outcome.UNKNOWN), verdict("firm", Outcome.PASS)]
    assert host_score("h", [], verdicts, WHOLE, None).coverage < 1
    assert host_score("h", [], verdicts, BINDING, None).coverage == 1


def test_a_finding_from_before_the_trial_weighs_nothing_once_it_is_judged_again() -> None:
    before = [finding("tried", Level.CRITICAL), finding("firm", Level.HIGH)]
    alone = host_score("h", before[1:], [], BINDING, None).risk
    after = advance("a", [], before, BINDING, (), NOW).findings
    assert host_score("h", before, [], WHOLE, None).risk > alone
    assert host_score("h", after, [], BINDING, None).risk == alone


def test_a_rule_on_trial_holds_nobody_back_on_the_ladder() -> None:
    verdicts = [verdict("tried", Outcome.FAIL), verdict("firm", Outcome.PASS)]
    assert climb("h", verdicts, WHOLE).stage is Stage.NONE
    assert climb("h", verdicts, BINDING).stage is Stage.PUBLISHED
    assert climb("h", verdicts, BINDING).blockers == ()


def test_all_else_of_the_policy_stays() -> None:
    assert WHOLE.without(()) == WHOLE
    assert BINDING.weights == WHOLE.weights
    assert BINDING.without({"nobody"}) == BINDING
