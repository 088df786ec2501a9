"""Rectification notices, listed or one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.handled import deed_line
from monitor.screen.terminal import plain, table
from rules.finding import Finding, Key
from rules.notice import Notice
from rules.text import Language, Text

HEADINGS = (
    Text("编号", "number"),
    Text("单位", "agency"),
    Text("状态", "state"),
    Text("隐患", "findings"),
    Text("期限", "deadline"),
)


def show_notices(console: Console, known: Known, notices: Iterable[Notice], today: dt.date, language: Language) -> None:
    """Print *notices* as they are ordered."""
    listed = list(notices)
    shown = table(Text(f"整改通知 {len(listed)} 份", f"{len(listed)} notices").into(language), HEADINGS, language)
    for notice in listed:
        shown.add_row(
            plain(notice.number),
            plain(_agency(known, notice, language)),
            plain(word(notice.state, language)),
            plain(f"{len(notice.remaining)}/{len(notice.keys)}" if notice.remaining else len(notice.keys)),
            _deadline(notice, today, language),
        )
    console.print(shown)


def show_notice(
    console: Console,
    known: Known,
    notice: Notice,
    findings: Mapping[Key, Finding],
    today: dt.date,
    language: Language,
) -> None:
    """Print one notice: its findings as they stand, and what was done about it."""
    head = Line(f"{notice.number}  {_agency(known, notice, language)}  ", style="bold")
    head.append(word(notice.state, language)).append("  ").append_text(_deadline(notice, today, language))
    console.print(head)
    for key in notice.keys:
        rule, finding = known.rules.get(key.rule), findings.get(key)
        state = word(finding.state, language) if finding else Text("不再要求", "no longer asked for").into(language)
        mark = "✗" if key in notice.remaining else "·"
        title = rule.title.into(language) if rule else key.rule
        console.print(plain(f"  {mark} {key.id[:6]}  {state}  {title}  {key.target} {key.subject}".rstrip()))
    for deed in notice.deeds:
        console.print(deed_line(deed, known, language), soft_wrap=True)


def _agency(known: Known, notice: Notice, language: Language) -> str:
    agency = known.config.tree.agencies.get(notice.agency)
    return agency.name.into(language) if agency else notice.agency


def _deadline(notice: Notice, today: dt.date, language: Language) -> Line:
    if not notice.overdue(today):
        return plain(notice.deadline)
    late = (today - notice.deadline).days
    told = Text(f"{notice.deadline}（超期 {late} 天）", f"{notice.deadline} ({late} days overdue)")
    return Line(told.into(language), style="bold red")
