"""What a person at a terminal sees: progress while a round runs, and how the city stands when it is done."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Line

from exporters.posture import AgencyPosture, HostPosture, Posture
from exporters.words import word
from rules.finding import Finding
from rules.policy import Level, Stage
from rules.text import Language, Text

LEVEL_STYLES = {
    Level.CRITICAL: "bold white on red",
    Level.HIGH: "red",
    Level.MEDIUM: "yellow",
    Level.LOW: "cyan",
    Level.NOTICE: "dim",
}

PROBES = {
    "vantage_self": Text("自检监测点", "looking at ourselves"),
    "dns_address": Text("查询域名地址", "asking for addresses"),
    "dns_delegation": Text("检查权威域名服务器", "asking name servers"),
    "tcp_ports": Text("探测端口", "looking at ports"),
    "http_home": Text("访问首页", "fetching home pages"),
    "tls_certificate": Text("读取证书", "reading certificates"),
    "icmp_echo": Text("ping", "ping"),
    "judge": Text("评判", "judging"),
}


class Bars:
    """Progress bars, one for each thing a round does; nothing where nobody watches."""

    def __init__(self, console: Console, language: Language) -> None:
        self._language = language
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, what: str, planned: int) -> None:
        """Show that *what* begins, over *planned* targets."""
        label = PROBES[what].into(self._language) if what in PROBES else what
        self._tasks[what] = self._progress.add_task(label, total=planned)

    def step(self, what: str, done: int = 1) -> None:
        """Move the bar of *what* on."""
        self._progress.advance(self._tasks[what], done)


NARROW = 100
"""Columns below which the levels share one."""
WIDE = 120
"""Columns of output that goes to no terminal."""


def terminal() -> Console:
    """Return the console that standard output is; what is piped elsewhere is not squeezed into 80 columns."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


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
    text = Text(
        f"{name}：风险 {score.risk:.1f}，覆盖度 {score.coverage:.0%}，目标 {city.hosts} 个，未整改隐患 "
        f"{sum(city.findings.values())} 项（{posture.policy.title.zh} {posture.policy.version}，自评参考口径）",
        f"{name}: risk {score.risk:.1f}, coverage {score.coverage:.0%}, {city.hosts} targets, "
        f"{sum(city.findings.values())} open findings ({posture.policy.title.en} {posture.policy.version}, "
        "self-assessment)",
    )
    return Line(text.into(language), style="bold")


def _ranking(posture: Posture, language: Language, *, narrow: bool) -> Table:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).into(language)

    title = say("单位排名（风险由低到高）", "Agencies, safest first")
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(say("名次", "rank"), justify="right", overflow="fold")
    table.add_column(say("单位", "agency"), width=_name_width(posture, language), overflow="fold")
    table.add_column(say("风险", "risk"), justify="right", no_wrap=True)
    table.add_column(say("覆盖度", "coverage"), justify="right", overflow="fold")
    table.add_column("IPv6", justify="left", overflow="fold")
    levels = [word(level, language) for level in Level]
    for heading in ["/".join(level[0].upper() for level in levels)] if narrow else levels:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(say("超期", "overdue"), justify="right", overflow="fold")
    for row in posture.agencies:
        table.add_row(
            str(row.rank or "—"),
            row.agency.name.into(language),
            f"{row.score.risk:.1f}" if row.score.coverage else "—",
            f"{row.score.coverage:.0%}",
            _ladder(row, language),
            *(_together(row) if narrow else _apart(row)),
            str(row.overdue or "·"),
        )
    return table


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
    def say(zh: str, en: str) -> str:
        return Text(zh, en).into(language)

    found = [(host, finding) for host in posture.hosts for finding in host.findings if not finding.waived]
    found.sort(key=lambda item: (item[1].level.rank, -item[0].score.risk, item[0].target.host, item[1].key.subject))
    title = say(f"最严重的隐患（共 {len(found)} 项）", f"Worst findings, of {len(found)}")
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in (
        ("级别", "level"),
        ("单位", "agency"),
        ("目标", "target"),
        ("对象", "subject"),
        ("未达到的要求", "not met"),
    ):
        table.add_column(say(*heading), overflow="fold")
    for host, finding in found[:most]:
        table.add_row(*_finding(posture, host, finding, language))
    return table


def _finding(posture: Posture, host: HostPosture, finding: Finding, language: Language) -> list[Line]:
    titles = posture.rules.get(finding.key.rule, (finding.key.rule, finding.key.rule))
    return [
        Line(word(finding.level, language), style=LEVEL_STYLES[finding.level]),
        Line(posture.tree.agencies[host.target.agency].name.into(language)),
        Line(host.target.host),
        # A subject may hold a stranger's word, such as a name server's name: text, and never markup.
        Line(finding.key.subject),
        Line(titles[0 if language is Language.ZH else 1]),
    ]
