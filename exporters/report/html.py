"""The monthly report as one self-contained page."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from exporters.report.charts import ladder_bars, level_bars
from exporters.rollout import outlook
from exporters.scoring import figure, judged
from exporters.words import EXEMPT, word
from probes.target import Family
from rules.finding import Act
from rules.policy import Level, Stage
from rules.text import Language, Text

if TYPE_CHECKING:
    from enum import StrEnum

    from exporters.report.model import MonthlyReport


def render_html(report: MonthlyReport, language: Language, zone: ZoneInfo) -> str:
    """Return *report* in *language*, times in *zone*; the page needs nothing from anywhere else."""

    def say(zh: str, en: str) -> str:
        return Text(zh, en).into(language)

    def name(member: StrEnum | None) -> str:
        return word(member, language)

    def local(moment: dt.datetime | None) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else name(None)

    return (
        _environment()
        .get_template("monthly.html.j2")
        .render(
            report=report,
            posture=report.posture,
            language=language,
            say=say,
            word=name,
            local=local,
            text=lambda text: text.into(language),
            rule_title=lambda rule: (
                report.posture.rules[rule][0 if language is Language.ZH else 1]
                if rule in report.posture.rules
                else rule
            ),
            exempt_word=EXEMPT.into(language),
            stages=[*Stage, None],
            families=list(Family),
            outlook=outlook,
            figure=figure,
            judged=judged,
            levels=list(Level),
            acts=list(Act),
            ladder=ladder_bars(report, language),
            level_chart=level_bars(report, language),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("exporters"),
        autoescape=select_autoescape(["j2", "html"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
