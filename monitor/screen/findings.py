"""A list of findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.terminal import NARROW, level, local, plain, table
from rules.finding import Finding
from rules.text import Language, Text

SHOWN = 6
"""Characters of an id that are shown; a command takes them for the whole."""

HEADINGS = (
    Text("编号", "id"),
    Text("级别", "level"),
    Text("未达到的要求", "not met"),
    Text("目标", "target"),
    Text("对象", "subject"),
    Text("单位", "agency"),
    Text("状态", "state"),
    Text("发现于", "since"),
    Text("期限", "deadline"),
)
NARROW_HEADINGS = (
    Text("级别 · 编号", "level · id"),
    Text("未达到的要求 · 目标 · 对象", "not met · target · subject"),
    Text("状态 · 期限", "state · deadline"),
)


def show_findings(
    console: Console, known: Known, findings: Sequence[Finding], today: dt.date, language: Language
) -> None:
    """Print *findings* as they are ordered; where there is little room, several things to a cell."""
    narrow = console.width < NARROW
    title = Text(f"隐患 {len(findings)} 项", f"{len(findings)} findings").into(language)
    shown = table(title, NARROW_HEADINGS if narrow else HEADINGS, language)
    for finding in findings:
        cells = _cells(finding, known, today, language)
        shown.add_row(*(_together(cells) if narrow else cells))
    console.print(shown)


def _cells(finding: Finding, known: Known, today: dt.date, language: Language) -> list[Line]:
    zone, key = known.config.daemon.time_zone, finding.key
    rule, agency = known.rules.get(key.rule), known.config.tree.agencies.get(finding.agency)
    return [
        Line(key.id[:SHOWN], style="dim"),
        level(finding.level, language),
        plain(rule.title.into(language) if rule else key.rule),
        plain(key.target),
        plain(key.subject),
        plain(agency.name.into(language) if agency else finding.agency),
        _state(finding, language),
        plain(local(finding.first_seen, zone)[:10]),
        _deadline(finding, today, language),
    ]


def _together(cells: Sequence[Line]) -> list[Line]:
    name, graveness, title, target, subject, _, state, _, deadline = cells
    return [
        Line("\n").join([graveness, name]),
        Line("\n").join([title, target, subject]),
        Line("\n").join([state, deadline]),
    ]


def _state(finding: Finding, language: Language) -> Line:
    waived = Text("（已豁免）", " (waived)").into(language) if finding.waived else ""
    return plain(word(finding.state, language) + waived)


def _deadline(finding: Finding, today: dt.date, language: Language) -> Line:
    if finding.deadline is None:
        return Line("—", style="dim")
    if not finding.overdue(today):
        return plain(finding.deadline)
    late = (today - finding.deadline).days
    told = Text(f"{finding.deadline}（超期 {late} 天）", f"{finding.deadline} ({late} days overdue)")
    return Line(told.into(language), style="bold red")
