"""Verdicts at a terminal, each with its rule, its values and its witnesses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.commands.explain import Explained
from monitor.store import StoredRecord
from probes.observation import Gap
from rules.text import Language, Text
from rules.verdict import Outcome

STYLES = {Outcome.FAIL: "bold red", Outcome.UNKNOWN: "yellow", Outcome.PASS: "green", Outcome.NOT_APPLICABLE: "dim"}
_LONG = 100


def show_explained(console: Console, explained: Sequence[Explained], language: Language, zone: ZoneInfo) -> None:
    """Print verdicts, the failing ones with all there is to know of them."""
    for one in explained:
        console.print(_heading(one, language))
        for heading, text in _reasons(one, zone):
            console.print(Line(f"    {heading.into(language)}{text.into(language)}"))
        for item in one.witnesses:
            console.print(Line(f"      {_witness(item, language, zone)}", style="dim"), soft_wrap=True)


def _heading(one: Explained, language: Language) -> Line:
    verdict = one.verdict
    subject = f"  {verdict.subject}" if verdict.subject else ""
    line = Line(f"{word(verdict.outcome, language)}  ", style=STYLES[verdict.outcome])
    line.append(f"{one.rule.title.into(language)}{subject}  ", style="bold")
    line.append(f"[{one.rule.id} · {word(one.clause.level, language)}]", style="dim")
    return line


def _reasons(one: Explained, zone: ZoneInfo) -> Iterator[tuple[Text, Text]]:
    verdict = one.verdict
    since = f"{one.since.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    yield Text("自 ", "since "), _same(f"{since} · {verdict.vantage}")
    if verdict.outcome is Outcome.FAIL:
        yield Text("为何重要：", "why: "), one.rule.why
        yield Text("如何整改：", "fix: "), one.rule.fix
        yield Text("依据：", "clause: "), _same("; ".join(one.rule.references))
        for line in verdict.reason.splitlines():
            yield Text("取值：", "value: "), _same(line)
    if one.finding is not None and one.finding.deadline is not None:
        yield Text("整改期限：", "deadline: "), _same(str(one.finding.deadline))
    if one.finding is not None and one.finding.waived:
        yield Text("已豁免", "waived"), _same("")
    yield Text("证据：", "witnesses: "), _same(str(len(one.witnesses)))


def _same(text: str) -> Text:
    return Text(text, text)


def _witness(item: StoredRecord, language: Language, zone: ZoneInfo) -> str:
    record = item.gap or item.record
    place = f"{record.at.astimezone(zone):%Y-%m-%d %H:%M:%S} {record.probe} {record.subject}".rstrip()
    if isinstance(record, Gap):
        return f"{place}: {word(record.reason, language)} {record.detail}".rstrip()
    if record.failure is not None:
        return f"{place}: {word(record.failure, language)} {record.detail}".rstrip()
    return f"{place}: {_facts(record.facts)}"


def _facts(facts: object) -> str:
    assert is_dataclass(facts)
    told = (f"{field.name}={_short(getattr(facts, field.name))}" for field in fields(facts))
    return " ".join(told)


def _short(value: object) -> str:
    text = f"[{', '.join(map(str, value))}]" if isinstance(value, (tuple, list)) else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
