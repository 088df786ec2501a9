"""The pages on probes and rules hold everything there is to know of each, once, and nothing that breaks a table."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, is_dataclass
from ipaddress import IPv4Address, IPv6Address

import pytest

from monitor import packs
from monitor.handbook import STAGES, duration, probes_page, rules_page, type_name
from probes import registry
from probes.observation import Facts, Sighting
from probes.registry import Probe
from probes.target import Kind, Target
from probes.wire import Wire
from rules.facts import schema
from rules.policy import Clause, Level, Stage
from rules.rule import Status
from rules.rule_file import parse
from tests.rules.judgement import policy

PROBES, RULES = registry.load(), packs.load()
POLICY = policy(
    Clause("aaaa_published", Level.HIGH, days=30), ladder={Stage.PUBLISHED: ("aaaa_published",), Stage.DEEP: ()}
)
RULE = """\
id: own_rule
status: experimental
title: {zh: "甲|乙", en: "a | b"}
why: {zh: 原因, en: why}
fix: {zh: 办法, en: fix}
references: [one, two]
when: target.kind == "website"
cases: [{name: it is, facts: {target: {kind: website}}, outcome: pass}]
"""


@dataclass(frozen=True, slots=True)
class Little(Facts):
    """A little, in one field.

    *seen* is a list.
    """

    seen: tuple[int | None, ...]


async def little_probe(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """How little | is known?

    Not much.

    Source: RFC 1
    and RFC 2.
    """
    for nothing in tuple[Sighting, ...]():
        yield nothing


LITTLE = Probe("little_probe", little_probe, Little, 5400.0, 90.0, 2, frozenset({Kind.DNS}))


def test_a_probe_is_told_whole() -> None:
    page = probes_page({"little_probe": LITTLE})
    assert "| [`little_probe`](#little_probe) | 2 用地址 what is at them | 90 min | How little \\| is known? |" in page
    assert "**How little | is known?**\n\nNot much.\n\n- 依据 Source: RFC 1 and RFC 2.\n" in page
    assert "- 周期 Every: 90 min；时限 Deadline: 90 s\n" in page
    assert "目标类别 Kinds: 域名服务器" in page
    assert "A little, in one field.\n\n*seen* is a list.\n" in page
    assert "| `seen` | list of integer or nothing |  |" in page


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_every_probe_and_every_field_has_its_row(probe: Probe) -> None:
    section = probes_page(PROBES).partition(f"\n## {probe.name}\n")[2].partition("\n## ")[0]
    assert is_dataclass(probe.facts)
    for item in fields(probe.facts):
        assert section.count(f"| `{item.name}` |") >= 1
    assert probe.source in section


def test_no_field_is_shown_as_python_writes_it() -> None:
    assert not re.search(r"\| (<|typing|probes\.|ipaddress)", probes_page(PROBES))


def test_every_table_has_as_many_cells_as_its_head() -> None:
    for page in (probes_page(PROBES), rules_page(RULES, POLICY)):
        width = 0
        for line in page.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (width and cells) or cells == width, line
            width = cells


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        (str, "text"),
        (int | None, "integer or nothing"),
        (tuple[str, ...], "list of text"),
        (IPv4Address | IPv6Address, "address"),
        (tuple[IPv4Address | IPv6Address, ...], "list of address"),
        (frozenset[Kind], "list of `Kind`"),
        (tuple[Little, ...] | None, "list of `Little` or nothing"),
    ],
)
def test_types_are_named_for_people(hint: object, name: str) -> None:
    assert type_name(hint) == name


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (60.0, "1 min"),
        (90.0, "90 s"),
        (3600.0, "1 h"),
        (5400.0, "90 min"),
        (43200.0, "12 h"),
        (86400.0, "1 d"),
        (0.5, "0.5 s"),
    ],
)
def test_durations_are_written_without_fractions(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_there_is_a_word_for_every_stage() -> None:
    assert {probe.stage for probe in PROBES.values()} <= set(range(len(STAGES)))


# --- rules


def test_every_rule_has_one_row_in_its_pack() -> None:
    page = rules_page(RULES, POLICY)
    for rule in RULES.values():
        section = page.partition(f"\n## {rule.pack}\n")[2].partition("\n## ")[0]
        trial = "" if rule.status is Status.STABLE else f" ({rule.status})"
        assert section.count(f"| `{rule.id}`{trial} |") == 1
        for said in (rule.title.zh, rule.title.en, *rule.references):
            assert said in section


def test_a_clause_gives_level_and_days_and_its_absence_a_dash() -> None:
    rows = _rows(rules_page(RULES, POLICY))
    assert "| 高危 high | 30 |" in rows["aaaa_published"]
    assert "| — | — |" in rows["tls_version_is_current"]


def test_the_probes_a_rule_reads_are_linked() -> None:
    assert (
        "| [`tls_certificate`](probes.md#tls_certificate) |"
        in _rows(rules_page(RULES, POLICY))["tls_version_is_current"]
    )


def test_a_rule_on_trial_is_marked_and_its_words_break_no_table() -> None:
    own = parse(RULE, "own/own_rule.yaml", "own", schema({}))
    (row,) = [line for line in rules_page({"own_rule": own}, POLICY).splitlines() if "own_rule" in line]
    assert row == "| `own_rule` (experimental) | 甲\\|乙 | a \\| b | — | — |  | one; two |"


def test_a_step_without_rules_is_unknown_and_says_so() -> None:
    page = rules_page(RULES, POLICY)
    assert "| 已发布 published | `aaaa_published` |" in page
    assert "| 深度支持 deep | 尚无规则，一律未知 none yet, so unknown |" in page


def _rows(page: str) -> dict[str, str]:
    return {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
