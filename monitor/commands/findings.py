"""Findings, as far as somebody wants to see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.handlings import Handlings
from monitor.store import Store
from rules.finding import Finding, State, Waiver
from rules.handling import UNHANDLED
from rules.policy import Level
from rules.waiving import excused


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings are wanted: of these agencies, levels and states, of one *rule* unless that is empty."""

    agencies: frozenset[str]
    levels: frozenset[Level]
    rule: str
    states: frozenset[State]
    overdue: bool


def chosen(store: Store, waivers: Sequence[Waiver], wanted: Wanted, today: dt.date) -> list[Finding]:
    """Return the findings *wanted*, the gravest and then the most urgent first, as waivers and deeds have them."""
    handled = Handlings(store).now()
    stored = store.findings(states=wanted.states)
    current = (excused(finding, waivers, handled.get(finding.key, UNHANDLED), today) for finding in stored)
    found = [finding for finding in current if _wanted(finding, wanted, today)]
    return sorted(
        found,
        key=lambda finding: (finding.level.rank, finding.deadline or dt.date.max, finding.key.target, finding.key.rule),
    )


def _wanted(finding: Finding, wanted: Wanted, today: dt.date) -> bool:
    return (
        finding.agency in wanted.agencies
        and finding.level in wanted.levels
        and wanted.rule in ("", finding.key.rule)
        and (not wanted.overdue or finding.overdue(today))
    )
