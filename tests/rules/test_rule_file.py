"""Whoever writes a rule is told every mistake at its line, and what was probably meant."""

from __future__ import annotations

import pytest

from rules.facts import schema
from rules.faults import RuleFaults
from rules.rule import Rule, Status
from rules.rule_file import parse
from rules.text import Language
from rules.verdict import Outcome
from tests.monitor.watching import FACTS

SCHEMA = schema(FACTS)
GOOD = """\
id: page_answers
title: {zh: 页面可用, en: The page answers}
why: {zh: 原因, en: why}
fix: {zh: 办法, en: fix}
references: [RFC 9110]
each: http_page.filter(h, h.family == "ipv6")
subject: it.subject
applies: target.kind == "website"
when: it.failure == "" && it.status < 400
cases:
  - name: it does
    facts: {target: {kind: website}, http_page: [{subject: s, family: ipv6, failure: "", status: 200}]}
    subjects: {s: pass}
  - name: nobody looked
    facts: {}
    outcome: unknown
"""


def read(text: str) -> Rule:
    return parse(text, "own/page_answers.yaml", "own", SCHEMA)


def told(text: str, language: Language = Language.EN) -> list[str]:
    """Return every mistake in *text*, the file's name left out."""
    with pytest.raises(RuleFaults) as found:
        read(text)
    return [fault.render(language).removeprefix("own/page_answers.yaml:") for fault in found.value.faults]


def swap(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_a_good_file_is_a_rule() -> None:
    rule = read(GOOD)
    assert (rule.id, rule.pack, rule.status, rule.empty) == (
        "page_answers",
        "own",
        Status.STABLE,
        Outcome.NOT_APPLICABLE,
    )
    assert rule.title.into(Language.ZH) == "页面可用"
    assert rule.reads == {"http_page"}
    assert [dict(case.subjects) for case in rule.cases] == [{"s": Outcome.PASS}, {"": Outcome.UNKNOWN}]


def test_what_only_one_expression_reads_is_read_by_the_rule() -> None:
    assert read(swap("it.status < 400", "tcp_ports.exists(p, 80 in p.open)")).reads == {"http_page", "tcp_ports"}


def test_a_rule_about_the_target_as_a_whole_needs_no_subjects() -> None:
    rule = read(
        "\n".join(
            line for line in swap("it.failure", "target.kind").splitlines() if not line.startswith(("each", "su"))
        ).replace(" && it.status < 400", "")
    )
    assert rule.each is None
    assert rule.reads == frozenset()


# --- where a mistake in an expression stands


@pytest.mark.parametrize(
    ("when", "line", "column"),
    [
        ('when: it.failure == "" && it.status < "400"', 9, 37),
        ('when: \'it.failure == "" && it.status < "400"\'', 9, 38),
        ('when: "it.failure == \\"\\" && it.status < \\"400\\""', 9, 40),
        ('when: >-\n  it.failure == "" &&\n  it.status < "400"', 11, 13),
        ('when: >\n\n  it.failure == "" &&\n\n    it.status <\n  "400"', 13, 15),
        ('when: |\n  it.failure == "" &&\n    it.status < "400"', 11, 15),
        ('when: |-\n  it.failure == ""\n  // why not\n  && it.status < "400"', 12, 16),
        ('when: it.failure == "" &&\n  it.status < "400"', 10, 13),
        ('when: "it.failure == \\"\\" &&\n  it.status < \\"400\\""', 10, 13),
    ],
    ids=["plain", "single", "double", "folded", "folded with blanks", "literal", "comment", "spread", "spread double"],
)
def test_a_type_error_is_told_at_its_own_line_however_the_expression_is_written(
    when: str, line: int, column: int
) -> None:
    text = swap('when: it.failure == "" && it.status < 400', when)
    (mistake,) = told(text)
    assert mistake.startswith(f"{line}: when: column {column}: ")
    assert text.splitlines()[line - 1][column - 1] == "<"


def test_mistakes_of_all_expressions_are_told_together() -> None:
    text = (
        swap("it.subject", "it.subjekt")
        .replace('target.kind == "website"', "target.kin == 1")
        .replace("it.status < 400", "it.statsu < 400")
    )
    mistakes = told(text)
    assert [mistake.split(":")[0] for mistake in mistakes] == ["7", "8", "9"]
    assert [mistake.partition("did you mean ")[2] for mistake in mistakes] == ['"subject"?', '"kind"?', '"status"?']


def test_a_mistaken_list_of_subjects_is_one_mistake_and_not_three() -> None:
    (mistake,) = told(swap('http_page.filter(h, h.family == "ipv6")', 'htp_page.filter(h, h.family == "ipv6")'))
    assert mistake.startswith("6: each: column 7: ")
    assert 'did you mean "http_page"?' in mistake


def test_a_condition_must_be_a_condition_and_a_subject_a_word() -> None:
    assert "bool" in told(swap('it.failure == "" && it.status < 400', "it.status"))[0]
    assert "string" in told(swap("it.subject", "it.status"))[0]


def test_an_expression_that_ends_too_early_is_told_at_its_end() -> None:
    (mistake,) = told(swap("it.status < 400", "it.status <"))
    before = 'when: it.failure == "" && it.status <'
    assert mistake.startswith(f"9: when: column {len(before) + 1}: ")


# --- mistakes of form


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "when:",
            "whenn:",
            [" when is missing", '9: whenn is no key here; did you mean "when"?'],
        ),
        ("fix: {zh: 办法, en: fix}\n", "", [" fix is missing"]),
        ("zh: 办法, en: fix", "zh: 办法", ["4: fix.en is missing"]),
        ("zh: 办法, en: fix", 'zh: "", en: fix', ["4: fix.zh cannot be empty"]),
        ("zh: 办法, en: fix", "zh: 办法, en: fix, fr: quoi", ["4: fix.fr is no key here"]),
        ("[RFC 9110]", "[]", ["5: references needs at least one entry"]),
        ("[RFC 9110]", "RFC 9110", ["5: references must be a list"]),
        ("[RFC 9110]", "[9110]", ["5: references[1] must be text"]),
        ("id: page_answers", "id: PageAnswers", ["1: id must be a statement, as aaaa_published"]),
        ("{s: pass}", "{s: passes}", ["13: cases[1].subjects.s must be 'pass', 'fail', 'unknown' or 'not_applicable'"]),
        ("outcome: unknown", "outcom: unknown", ['16: cases[2].outcom is no key here; did you mean "outcome"?']),
        ("    outcome: unknown\n", "", ["14: cases[2] must have either outcome or subjects"]),
        ("outcome: unknown", "outcome: pass\n    subjects: {}", ["14: cases[2] must have either outcome or subjects"]),
        ("    facts: {}\n", "", ["14: cases[2].facts is missing"]),
        ("facts: {}", "facts: {}\n    now: 2026-11-01 08:00:00", ["16: cases[2].now must say its time zone"]),
        ("id: page_answers", "id: page_answers\nstatus: trial", ["2: status must be 'experimental', 'stable' or"]),
        ("title: {zh", "id: again\ntitle: {zh", ['2: "id" is written more than once']),
        ("title: {zh: 页面可用, en:", "title: {zh: 页面可用, zh:", ['2: "zh" is written more than once']),
        ("title: {zh", "title: {{zh", ["3: no YAML: "]),
    ],
)
def test_a_mistake_of_form_is_told_with_its_place(old: str, new: str, said: list[str]) -> None:
    mistakes = told(swap(old, new))
    assert len(mistakes) == len(said)
    for mistake, expected in zip(mistakes, said, strict=True):
        assert mistake.startswith(expected), mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", " the file must be a mapping (key: value)"),
        ("- a\n", " the file must be a mapping (key: value)"),
        ("[" * 5000, " is nested too deeply"),
        ("a: !!python/object:os.system {}", "1: no YAML: could not determine a constructor"),
    ],
)
def test_what_is_no_rule_at_all_is_told_so(text: str, said: str) -> None:
    (mistake,) = told(text)
    assert mistake.startswith(said)


def test_mistakes_are_told_in_chinese_too() -> None:
    assert told(swap("when:", "whenn:"), Language.ZH)[1] == "9: whenn 没有这一项；是否应为“when”？"
    (mistake,) = told(swap("it.status < 400", "it.statsu < 400"), Language.ZH)
    assert mistake.startswith("9: when 第 ")
    assert "是否" in mistake


def test_every_mistake_of_form_is_said_in_both_languages() -> None:
    for old, new in (("[RFC 9110]", "[]"), ("{s: pass}", "{s: passes}"), ("id: page_answers", "id: 1")):
        for zh, en in zip(told(swap(old, new), Language.ZH), told(swap(old, new)), strict=True):
            assert any("\u4e00" <= character <= "\u9fff" for character in zh)
            assert en.isascii()


def test_it_is_of_the_type_of_what_the_lists_hold() -> None:
    text = swap('http_page.filter(h, h.family == "ipv6")', "http_page.map(h, h.names)").replace(
        "subject: it.subject\n", ""
    )
    assert read(text.replace('it.failure == "" && it.status < 400', 'it.startsWith("www")')).each is not None
    (mistake,) = told(text.replace('it.failure == "" && it.status < 400', "it > 1"))
    assert mistake.startswith("8: when: column 10: ")
