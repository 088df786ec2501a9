"""How the city stands: the ranking, the ladder and the worst findings."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from exporters.posture import AgencyPosture, HostPosture, Posture
from exporters.words import word
from monitor.screen.terminal import LEVEL_STYLES, NARROW, level, plain, table
from rules.finding import Finding
from rules.policy import Level, Stage
from rules.text import Language, Text


def show(console: Console, posture: Posture, language: Language, worst: int = 10) -> None:
    """Print the ranking, the ladder and the worst findings."""
    console.print(_headline(posture, language))
    console.print(_ranking(posture, language, narrow=console.width < NARROW))
    console.print(_findings(posture, language, worst))
    for vantage in posture.vantages:
        blind = [word(family, language) for family, alive in vantage.families.items() if not alive]
        if blind:
            note = Text(
                "监测点自身未能证明可用的协议族，相应结论一律为“未知”：", "the vantage could not prove it has: "
            )
            console.print(Line(note.into(language) + " ".join(blind), style="bold yellow"))


def _headline(posture: Posture, language: Language) -> Line:
    city = posture.city
    name, score = city.agency.name.into(language), city.score
    risk = f"{score.risk:.1f}" if score.coverage else "—"
    text = Text(
        f"{name}：风险 {risk}，覆盖度 {score.coverage:.0%}，目标 {city.hosts} 个，未整改隐患 "
        f"{sum(city.findings.values())} 项（{posture.policy.title.zh} {posture.policy.version}，自评参考口径）",
        f"{name}: risk {risk}, coverage {score.coverage:.0%}, {city.hosts} targets, "
        f"{sum(city.findings.values())} open findings ({posture.policy.title.en} {posture.policy.version}, "
        "self-assessment)",
    )
    return Line(text.into(language), style="bold")


def _ranking(posture: Posture, language: Language, *, narrow: bool) -> Table:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).into(language)

    ranking = table(say("单位排名（风险由低到高）", "Agencies, safest first"))
    ranking.add_column(say("名次", "rank"), justify="right", overflow="fold")
    ranking.add_column(say("单位", "agency"), width=_name_width(posture, language), overflow="fold")
    ranking.add_column(say("风险", "risk"), justify="right", no_wrap=True)
    ranking.add_column(say("覆盖度", "coverage"), justify="right", overflow="fold")
    ranking.add_column("IPv6", justify="left", overflow="fold")
    levels = [word(each, language) for each in Level]
    for heading in ["/".join(name[0].upper() for name in levels)] if narrow else levels:
        ranking.add_column(heading, justify="right", no_wrap=True)
    ranking.add_column(say("超期", "overdue"), justify="right", overflow="fold")
    for row in posture.agencies:
        ranking.add_row(
            str(row.rank or "—"),
            row.agency.name.into(language),
            f"{row.score.risk:.1f}" if row.score.coverage else "—",
            f"{row.score.coverage:.0%}",
            _ladder(row, language),
            *(_together(row) if narrow else _apart(row)),
            str(row.overdue or "·"),
        )
    return ranking


def _name_width(posture: Posture, language: Language) -> int:
    """Return the columns that the longest name takes, within what a narrow terminal can spare."""
    return min(26, max((cell_len(row.agency.name.into(language)) for row in posture.agencies), default=0))


def _ladder(row: AgencyPosture, language: Language) -> str:
    steps: list[Stage | None] = [*reversed(Stage), None]
    told = [f"{word(stage, language)} {row.stages[stage]}" for stage in steps if row.stages.get(stage)]
    return " · ".join(told)


def _apart(row: AgencyPosture) -> list[Line]:
    return [_count(row.findings.get(level, 0), LEVEL_STYLES[level]) for level in Level]


def _together(row: AgencyPosture) -> list[Line]:
    """Return the findings of all levels in one cell: five columns would leave no room for the names."""
    return [Line("/", style="dim").join(_apart(row))]


def _count(number: int, style: str) -> Line:
    return Line(str(number), style=style) if number else Line("·", style="dim")


def _findings(posture: Posture, language: Language, most: int) -> Table:
    found = [(host, finding) for host in posture.hosts for finding in host.findings if not finding.waived]
    found.sort(key=lambda item: (item[1].level.rank, -item[0].score.risk, item[0].target.host, item[1].key.subject))
    title = Text(f"最严重的隐患（共 {len(found)} 项）", f"Worst findings, of {len(found)}")
    headings = (
        Text("级别", "level"),
        Text("单位", "agency"),
        Text("目标", "target"),
        Text("对象", "subject"),
        Text("未达到的要求", "not met"),
    )
    shown = table(title.into(language), headings, language)
    for host, finding in found[:most]:
        shown.add_row(*_finding(posture, host, finding, language))
    return shown


def _finding(posture: Posture, host: HostPosture, finding: Finding, language: Language) -> list[Line]:
    titles = posture.rules.get(finding.key.rule, (finding.key.rule, finding.key.rule))
    return [
        level(finding.level, language),
        plain(posture.tree.agencies[host.target.agency].name.into(language)),
        plain(host.target.host),
        plain(finding.key.subject),
        plain(Text(*titles).into(language)),
    ]
