"""A command that is written wrongly: told in the language asked for, or in both, with the cure, and status 2."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.refusal import EX_USAGE

WRONG = {
    ("findings", "--nosuchthing"): ("没有选项 --nosuchthing", "no option --nosuchthing"),
    ("findings", "--levl", "high"): ("是否应为", "did you mean"),
    ("nosuch",): ("没有命令 nosuch", "no command nosuch"),
    ("finding", "nosuch"): ("没有命令 nosuch", "no command nosuch"),
    ("look",): ("缺少参数 host", "the argument host is missing"),
    ("ledger", "--since"): ("--since 后面要写一个值", "--since needs a value"),
    ("ledger", "--json=1"): ("--json 后面不写值", "--json takes no value"),
    ("ledger", "a", "b", "c"): ("多写了 b c", "b c is too much"),
    ("ledger", "--since", "yesterday"): ("“yesterday”应写如 2026-11-03", 'write "yesterday" like 2026-11-03'),
    ("report", "month", "2026-11", "--format", "odt"): ("“odt”不是 html, pdf 之一", '"odt" is none of html, pdf'),
    ("round", "--worst", "many"): ("--worst 的值不对：应为整数", "--worst is wrong: it must be a whole number"),
    ("ledger", "--json", "--csv"): ("二者取一", "one of the two"),
}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize(("words", "told"), WRONG.items(), ids=" ".join)
def test_what_is_wrong_is_told_in_both_languages_with_the_cure(words: tuple[str, ...], told: tuple[str, str]) -> None:
    done = run(*words)
    assert done.exit_code == EX_USAGE
    (line,) = done.stderr.splitlines()
    assert all(text in line for text in told)
    assert "--help" in line or "--csv" in line


@pytest.mark.parametrize(("words", "told"), [each for each in WRONG.items() if "--csv" not in each[0]])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_asks_for_a_language_is_told_in_it_alone(
    words: tuple[str, ...], told: tuple[str, str], language: str
) -> None:
    line = (
        run("--lang", language, *words).stderr
        if len(words) == 1
        else run(words[0], "--lang", language, *words[1:]).stderr
    )
    chinese = re.search(r"[\u4e00-\u9fff]", line) is not None
    assert chinese is (language == "zh")


def test_who_asks_for_nothing_is_shown_what_there_is() -> None:
    done = run()
    assert done.exit_code == EX_USAGE
    assert "ledger" in done.stdout + done.stderr
