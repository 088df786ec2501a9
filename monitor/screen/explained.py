"""Verdicts at a terminal, each with its rule, its values and its witnesses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.commands.explain import Explained
from monitor.configuration import Known
from monitor.screen.facts import Teller
from monitor.screen.terminal import OUTCOME_STYLES, local
from monitor.store import StoredRecord
from rules.text import Language, Text
from rules.verdict import Outcome


def show_explained(console: Console, known: Known, explained: Sequence[Explained], language: Language) -> None:
    """Print verdicts, the failing ones with all there is to know of them."""
    zone = known.config.daemon.time_zone
    teller = Teller(known.probes, language, zone)
    for one in explained:
        console.print(_heading(one, language))
        for heading, text in _reasons(one, zone):
            console.print(Line(f"    {heading.into(language)}{text.into(language)}"))
        for item in one.witnesses:
            console.print(_witness(item, teller, zone), style="dim", soft_wrap=True)


def _heading(one: Explained, language: Language) -> Line:
    verdict = one.verdict
    subject = f"  {verdict.subject}" if verdict.subject else ""
    line = Line(f"{word(verdict.outcome, language)}  ", style=OUTCOME_STYLES[verdict.outcome])
    line.append(f"{one.rule.title.into(language)}{subject}  ", style="bold")
    line.append(f"[{one.rule.id} · {word(one.clause.level, language)}]", style="dim")
    return line


def _reasons(one: Explained, zone: ZoneInfo) -> Iterator[tuple[Text, Text]]:
    verdict = one.verdict
    since = local(one.since, zone) if one.since else "—"
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


def _witness(item: StoredRecord, teller: Teller, zone: ZoneInfo) -> Line:
    record = item.gap or item.record
    place = f"{local(record.at, zone)} {record.probe} {record.subject}".rstrip()
    return Line(f"      {place}: ").append_text(teller.outcome(record))
