"""The pictures of the report: plain SVG, so that page and print show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from exporters.words import word
from rules.policy import Level, Stage
from rules.text import Language

if TYPE_CHECKING:
    from exporters.report.model import MonthlyReport

STAGE_COLOURS: dict[Stage | None, str] = {
    Stage.NONE: "#b3261e",
    Stage.PUBLISHED: "#e08a1e",
    Stage.REACHABLE: "#e3c53a",
    Stage.EQUAL: "#4c9f70",
    Stage.DEEP: "#2c7da0",
    Stage.IPV6_ONLY: "#1d4e89",
    None: "#c4c7cc",
}
LEVEL_COLOURS = {
    Level.CRITICAL: "#8c1d18",
    Level.HIGH: "#c8553d",
    Level.MEDIUM: "#e08a1e",
    Level.LOW: "#e3c53a",
    Level.NOTICE: "#9aa5b1",
}

LABEL, BAR, ROW = 190, 430, 24


@dataclass(frozen=True, slots=True)
class _Part:
    value: int
    colour: str
    label: str


def ladder_bars(report: MonthlyReport, language: Language) -> Markup:
    """Draw each agency's hosts by stage of the ladder, as shares of its hosts."""
    rows = [
        (
            row.agency.name.into(language),
            [
                _Part(count, STAGE_COLOURS[stage], word(stage, language))
                for stage, count in report.stages(row).items()
                if count
            ],
        )
        for row in report.rows
    ]
    legend = [_Part(0, STAGE_COLOURS[stage], word(stage, language)) for stage in (*Stage, None)]
    return _stacked(rows, legend, whole=None)


def level_bars(report: MonthlyReport, language: Language) -> Markup:
    """Draw each agency's open findings by level, to one scale."""
    rows = [
        (
            row.agency.name.into(language),
            [
                _Part(row.findings.get(level, 0), LEVEL_COLOURS[level], word(level, language))
                for level in Level
                if row.findings.get(level, 0)
            ],
        )
        for row in report.rows
    ]
    most = max((sum(part.value for part in parts) for _, parts in rows), default=0)
    legend = [_Part(0, LEVEL_COLOURS[level], word(level, language)) for level in Level]
    return _stacked(rows, legend, whole=max(most, 1))


def _stacked(rows: Sequence[tuple[str, Sequence[_Part]]], legend: Sequence[_Part], whole: int | None) -> Markup:
    """Draw one bar a row; *whole* is the value of a full bar, None: each row is its own whole."""
    height = ROW * len(rows) + 30
    out = [f'<svg class="chart" viewBox="0 0 {LABEL + BAR + 40} {height}" role="img" font-size="11" fill="#1c2430">']
    x = 40.0
    for item in legend:
        out.append(f'<rect x="{x:.0f}" y="4" width="10" height="10" fill="{item.colour}"/>')
        out.append(f'<text x="{x + 14:.0f}" y="13" font-size="10">{escape(item.label)}</text>')
        x += 32 + sum(10 if ord(character) > 0x2E7F else 5.6 for character in item.label)
    for place, (label, parts) in enumerate(rows):
        y = 26 + place * ROW
        out.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>')
        total = whole or sum(part.value for part in parts) or 1
        x = float(LABEL)
        for part in parts:
            width = BAR * part.value / total
            out.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="18" fill="{part.colour}">'
                f"<title>{escape(part.label)} {part.value}</title></rect>"
            )
            if width > 14:
                middle = f'x="{x + width / 2:.1f}" y="{y + 13}" text-anchor="middle"'
                out.append(f'<text {middle} font-size="10" fill="#ffffff">{part.value}</text>')
            x += width
    out.append("</svg>")
    return Markup("".join(out))  # noqa: S704 - every text above is escaped
