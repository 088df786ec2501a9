"""An operator's own packs stand beside the house's, and each mistake in them is told by its file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor import packs
from monitor.commands.rule_cases import run_cases
from monitor.configuration import Known, read
from rules.faults import RuleFaults
from rules.rule import Status
from rules.text import Language
from tests.monitor.operator import Desk

HOUSE = packs.load().keys()
RULE = """\
id: {id}
{more}title: {{zh: 标题, en: A title}}
why: {{zh: 原因, en: why}}
fix: {{zh: 办法, en: fix}}
references: [own]
when: {when}
cases:
  - {{name: it is a website, facts: {{target: {{kind: website}}}}, outcome: pass}}
"""


def written(id: str = "own_rule", when: str = 'target.kind == "website"', more: str = "") -> str:
    return RULE.format(id=id, when=when, more=more)


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def told(folder: Path) -> list[str]:
    with pytest.raises(RuleFaults) as found:
        packs.load(folder)
    return [str(fault).replace(str(folder), "") for fault in found.value.faults]


def test_without_packs_of_ones_own_there_are_those_of_the_house(tmp_path: Path) -> None:
    assert packs.load(tmp_path / "packs").keys() == HOUSE


def test_an_own_pack_is_read_besides(tmp_path: Path) -> None:
    put(tmp_path, "county/own_rule.yaml", written())
    rules = packs.load(tmp_path)
    assert rules.keys() == HOUSE | {"own_rule"}
    assert rules["own_rule"].pack == "county"


def test_an_own_rule_may_stand_in_a_pack_named_as_one_of_the_house(tmp_path: Path) -> None:
    put(tmp_path, "ipv6/own_rule.yaml", written())
    assert packs.load(tmp_path)["own_rule"].pack == "ipv6"


def test_a_rule_there_is_already_is_not_replaced(tmp_path: Path) -> None:
    put(tmp_path, "mine/aaaa_published.yaml", written("aaaa_published"))
    assert told(tmp_path) == ['/mine/aaaa_published.yaml: a rule "aaaa_published" is already in pack ipv6']


def test_an_id_used_twice_is_told(tmp_path: Path) -> None:
    put(tmp_path, "a/own_rule.yaml", written())
    put(tmp_path, "b/own_rule.yaml", written())
    assert told(tmp_path) == ['/b/own_rule.yaml: a rule "own_rule" is already in pack a']


def test_a_file_is_named_as_its_rule(tmp_path: Path) -> None:
    put(tmp_path, "a/another.yaml", written())
    assert told(tmp_path) == ['/a/another.yaml: the file must be named "own_rule.yaml", as its rule']


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("own_rule.yaml", written(), "/own_rule.yaml: a rule belongs into the folder of a pack"),
        ("a/own_rule.yml", written(), "/a/own_rule.yml: rename it to .yaml"),
        ("a/own_rule.yaml", "标题".encode("gb18030"), "/a/own_rule.yaml: is not UTF-8"),
        ("a/own_rule.yaml", written(when="\n  target.kin == 1"), "/a/own_rule.yaml:7: when: column 10: "),
        ("a/own_rule.yaml", written(when="tls_certificat.size() == 0"), 'did you mean "tls_certificate"?'),
        ("a/own_rule.yaml", written(when="dns_address.all(d, d.presens == '')"), 'did you mean "presence"?'),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_never_passed_over(
    tmp_path: Path, name: str, text: str | bytes, said: str
) -> None:
    put(tmp_path, name, text)
    (mistake,) = told(tmp_path)
    assert said in mistake


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a" / "own_rule.yaml").mkdir(parents=True)
    assert told(tmp_path) == ["/a/own_rule.yaml: cannot be read: Is a directory"]


def test_what_is_no_rule_file_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "# own rules")
    put(tmp_path, "a/notes.txt", "to do")
    assert packs.load(tmp_path).keys() == HOUSE


def test_mistakes_of_all_files_are_told_together(tmp_path: Path) -> None:
    put(tmp_path, "a/one.yaml", written("one", when="1"))
    put(tmp_path, "a/two.yaml", written("two", when="("))
    put(tmp_path, "b/three.yaml", "")
    assert [mistake.split(":")[0] for mistake in told(tmp_path)] == ["/a/one.yaml", "/a/two.yaml", "/b/three.yaml"]


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    put(tmp_path, "a/own_rule.yaml", b"\xef\xbb\xbf" + written().encode())
    assert "own_rule" in packs.load(tmp_path)


def test_mistakes_are_told_in_chinese_too(tmp_path: Path) -> None:
    put(tmp_path, "a/another.yaml", written())
    with pytest.raises(RuleFaults) as found:
        packs.load(tmp_path)
    (fault,) = found.value.faults
    assert fault.render(Language.ZH).endswith("another.yaml: 文件应与规则同名：“own_rule.yaml”")


# --- with a configuration


def configured(tmp_path: Path, **clauses: str) -> Known:
    desk = Desk(tmp_path)
    more = "".join(f"\n  {rule}: {clause}" for rule, clause in clauses.items())
    desk.change("policy.yaml", "clauses:", f"clauses:{more}")
    return read(tmp_path)


def test_an_own_rule_is_judged_once_the_policy_has_a_clause_for_it(tmp_path: Path) -> None:
    put(tmp_path, "packs/county/own_rule.yaml", written())
    known = configured(tmp_path, own_rule="{level: low}")
    assert "own_rule" in known.rules
    assert "own_rule" in known.config.policy.clauses


def test_an_own_rule_without_clause_is_not_judged(tmp_path: Path) -> None:
    put(tmp_path, "packs/county/own_rule.yaml", written())
    assert "own_rule" not in configured(tmp_path).rules


@pytest.mark.parametrize("status", [Status.EXPERIMENTAL, Status.RETIRED])
def test_the_clause_of_a_rule_that_is_not_stable_does_not_bind(tmp_path: Path, status: Status) -> None:
    put(tmp_path, "packs/county/own_rule.yaml", written(more=f"status: {status}\n"))
    known = configured(tmp_path, own_rule="{level: critical}")
    assert known.rules["own_rule"].status is status
    assert set(known.config.policy.clauses) == set(known.rules) - {"own_rule"}


def test_the_cases_of_own_rules_are_run_with_the_others(tmp_path: Path) -> None:
    put(tmp_path, "packs/a/own_rule.yaml", written(when='target.kind == "mail"'))
    configured(tmp_path)
    failed = [result for result in run_cases(tmp_path, dt.datetime(2026, 11, 22, tzinfo=dt.UTC)) if not result.holds]
    assert [(result.rule, result.case) for result in failed] == [("own_rule", "it is a website")]
