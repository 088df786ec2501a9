"""A notice, and the circular on overdue ones, as self-contained pages that print well on A4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from exporters.words import word
from rules.finding import Finding
from rules.notice import Notice
from rules.text import Language, Text


@dataclass(frozen=True, slots=True)
class NoticePage:
    """A notice with all that is printed of it; *seal* is that of its issue in the log of deeds.

    *findings* are those it asks for, as they stand; *titles* and *advice* are of their rules.
    """

    notice: Notice
    issuer: Text
    agency: Text
    contact: str
    findings: tuple[Finding, ...]
    titles: Mapping[str, Text]
    advice: Mapping[str, Text]
    seal: str
    zone: dt.tzinfo


@dataclass(frozen=True, slots=True)
class CircularLine:
    """One overdue notice: how many of its findings are left, and how many days its deadline has passed."""

    notice: Notice
    agency: Text
    superior: Text
    left: int
    days: int


@dataclass(frozen=True, slots=True)
class Circular:
    """What is overdue on *day*, the longest first, as the agency *issuer* circulates it."""

    issuer: Text
    day: dt.date
    lines: tuple[CircularLine, ...]


def render_notice(page: NoticePage, language: Language) -> str:
    """Return the notice as it is sent."""
    year, _, running = page.notice.number.partition("-")
    return template("notice.html.j2").render(page=page, year=year, running=int(running), **tools(page.zone, language))


def render_circular(circular: Circular, language: Language) -> str:
    """Return the circular."""
    return template("circular.html.j2").render(circular=circular, **tools(dt.UTC, language))


def tools(zone: dt.tzinfo, language: Language) -> dict[str, object]:
    """Return what templates of letters say things with: words in *language*, days and moments in *zone*."""

    def day(of: dt.date) -> str:
        return Text(f"{of.year}年{of.month}月{of.day}日", f"{of:%Y-%m-%d}").into(language)

    return {
        "language": language,
        "say": lambda zh, en: Text(zh, en).into(language),
        "text": lambda text: text.into(language),
        "word": lambda member: word(member, language),
        "day": day,
        "local_day": lambda at: day(at.astimezone(zone).date()),
        "moment": lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
    }


@cache
def template(name: str) -> Template:
    """Return the template of that name, which escapes what it is given."""
    environment = Environment(
        loader=PackageLoader("exporters"),
        autoescape=select_autoescape(["j2", "html"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
