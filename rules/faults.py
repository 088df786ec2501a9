"""What is wrong with a rule file, where, and what was probably meant; in both languages."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import yaml
from pydantic_core import ErrorDetails

from rules.text import Language, Text

_SAID = {
    "missing": Text("缺少这一项", "is missing"),
    "extra_forbidden": Text("没有这一项", "is no key here"),
    "enum": Text("只能是 {expected}", "must be {expected}"),
    "string_too_short": Text("不能为空", "cannot be empty"),
    "too_short": Text("至少要有一项", "needs at least one entry"),
    "string_type": Text("应为文字", "must be text"),
    "list_type": Text("应为列表", "must be a list"),
    "dict_type": Text("应为映射（键: 值）", "must be a mapping (key: value)"),
    "model_type": Text("应为映射（键: 值）", "must be a mapping (key: value)"),
    "timezone_aware": Text("应写明时区，如 2026-11-01T08:00:00Z", "must say its time zone, as 2026-11-01T08:00:00Z"),
    "statement": Text("应为小写英文陈述句，如 aaaa_published", "must be a statement, as aaaa_published"),
    "one_outcome": Text("应写 outcome 或 subjects 其中之一", "must have either outcome or subjects"),
}
_OTHER = Text("不合要求", "is not accepted here")


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One mistake in a rule file. *line* counts from 1, 0 where it is the file as a whole."""

    source: str
    line: int
    message: Text

    def render(self, language: Language) -> str:
        """Return the mistake as one line, `file:line: message`."""
        place = f"{self.source}:{self.line}" if self.line else self.source
        return f"{place}: {self.message.into(language)}"

    def __str__(self) -> str:
        return self.render(Language.EN)


class RuleFaults(Exception):
    """Rules that cannot be used, and every reason why."""

    def __init__(self, faults: Iterable[RuleFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def syntax(source: str, fault: yaml.YAMLError) -> RuleFault:
    """Say that *source* is no YAML."""
    mark = getattr(fault, "problem_mark", None)
    problem = getattr(fault, "problem", None) or str(fault)
    return RuleFault(source, mark.line + 1 if mark else 0, Text(f"不是合法的 YAML：{problem}", f"no YAML: {problem}"))


def refusal(source: str, line: int, fault: ErrorDetails, known: Collection[str]) -> RuleFault:
    """Say what pydantic has against a value; *known* are the keys there could have been in its place."""
    said = _SAID.get(fault["type"], _OTHER)
    expected = str(fault.get("ctx", {}).get("expected", ""))
    cure = did_you_mean(str(fault["loc"][-1]), known) if fault["type"] == "extra_forbidden" else Text("", "")
    zh, en = said.zh.format(expected=expected.replace(" or ", " 或 ")), said.en.format(expected=expected)
    place = _place(fault["loc"])
    if not place:
        return RuleFault(source, line, Text(f"整个文件{zh}", f"the file {en}"))
    return RuleFault(source, line, Text(f"{place} {zh}{cure.zh}", f"{place} {en}{cure.en}"))


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """Say which of *known* was probably meant, with the punctuation to append it; empty when none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return Text(f"；是否应为“{near[0]}”？", f'; did you mean "{near[0]}"?') if near else Text("", "")


def _place(way: Iterable[str | int]) -> str:
    """Write the way to a value as people count: `cases[1].outcome` is the first case's."""
    steps = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in way]
    return "".join(steps).removeprefix(".")
