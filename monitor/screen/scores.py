"""Scores: of every agency and target, or one target's with all it is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from rich.console import Console
from rich.text import Text as Line

from exporters.posture import HostPosture, Posture
from exporters.scoring import figure, judged
from exporters.words import EXEMPT, word
from monitor.screen.terminal import local, plain, table
from rules.score import Score
from rules.templates import Templates
from rules.text import Language, Text

_FIGURES = (Text("风险", "risk"), Text("覆盖度", "coverage"), Text("最旧的观测", "oldest fact"), Text("IPv6", "IPv6"))
_TEMPLATES = Text("网站检查", "inspection"), Text("风险等级", "grade")


def show_scores(
    console: Console, posture: Posture, below: Collection[str], language: Language, zone: dt.tzinfo
) -> None:
    """Print the agencies *below* by rank, then their targets by risk."""
    titles = Text("单位", "Agencies"), Text("目标", "Targets")
    index = Text("IPv6 指标", "IPv6 index")
    agencies = table(
        titles[0].into(language), (Text("名次", "rank"), Text("单位", "agency"), *_FIGURES, index), language
    )
    for row in posture.agencies:
        if row.agency.code in below:
            stages = " · ".join(f"{word(stage, language)} {count}" for stage, count in row.stages.items())
            name = row.agency.name.into(language)
            agencies.add_row(
                str(row.rank or "—"), plain(name), *_figures(row.score, zone), stages, figure(row.index.value)
            )
    headings = Text("目标", "target"), Text("单位", "agency"), *_FIGURES, index, *_TEMPLATES
    hosts = table(titles[1].into(language), headings, language)
    for host in posture.hosts:
        if host.target.agency in below:
            name = posture.tree.agencies[host.target.agency].name.into(language)
            hosts.add_row(
                plain(host.target.host),
                plain(name),
                *_figures(host.score, zone),
                _stage(host, language),
                *_by_templates(host.templates, language),
            )
    console.print(agencies)
    console.print(hosts)


def show_host(console: Console, host: HostPosture, posture: Posture, language: Language, zone: dt.tzinfo) -> None:
    """Print what the score of *host* is made of; the points sum to its risk."""
    score = host.score
    title = Text(
        f"{host.target.host}：风险 {score.risk:.1f}，覆盖度 {score.coverage:.0%}，{_stage(host, language)}",
        f"{host.target.host}: risk {score.risk:.1f}, coverage {score.coverage:.0%}, {_stage(host, language)}",
    )
    made = table(title.into(language), (Text("分", "points"), Text("来自", "from"), Text("对象", "subject")), language)
    for part in score.contributions:
        rule, _, subject = part.source.partition(" ")
        name = Text(*posture.rules.get(rule, (rule, rule))).into(language)
        made.add_row(f"{part.points:.2f}", plain(name), plain(subject))
    console.print(made)
    if score.oldest is not None:
        oldest = Text("最旧的观测：", "oldest fact: ").into(language)
        console.print(Line(oldest + local(score.oldest, zone), style="dim"))


def _by_templates(said: Templates, language: Language) -> tuple[str, str, str]:
    index = figure(said.index.value) if said.index is not None else "—"
    inspected = "—"
    if said.inspected is not None:
        inspected = f"{said.inspected.points:.0f} {judged(said.inspected).into(language)}"
    return index, inspected, "—" if said.grade is None else str(said.grade)


def _figures(score: Score, zone: dt.tzinfo) -> tuple[str, str, str]:
    oldest = local(score.oldest, zone) if score.oldest else "—"
    return f"{score.risk:.1f}" if score.coverage else "—", f"{score.coverage:.0%}", oldest


def _stage(host: HostPosture, language: Language) -> str:
    return EXEMPT.into(language) if host.readiness.exempt else word(host.readiness.stage, language)
