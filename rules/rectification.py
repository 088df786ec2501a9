"""How well agencies mend: in time or not, how long it takes, how old what is left has grown, and what comes back."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.agency import Tree
from rules.finding import Act, Event, Finding, State
from rules.notice import Notice, NoticeState

WINDOW = dt.timedelta(days=90)
"""How far back rates and durations look."""

WITHDRAWN = "withdrawn"
"""What the closing of a finding says that the policy no longer asks for: nobody mended anything."""


class Age(StrEnum):
    """How long an open finding has been known."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    OLDER = "older"

    @classmethod
    def of(cls, days: float) -> Age:
        """Return the bucket of an age in days; the upper end belongs to it."""
        return next((age for age, limit in _LIMITS if days <= limit), cls.OLDER)


_LIMITS = ((Age.WEEK, 7), (Age.MONTH, 30), (Age.QUARTER, 90))


@dataclass(frozen=True, slots=True)
class Rectification:
    """The record of one agency with all below it, over the last `WINDOW`.

    *due* are the findings mended within it, or left, whose deadline has been met or missed; *in_time* those mended by
    it. *seconds* are, for each finding mended, from first seen to closed. *closed* and *reopened* count acts.
    """

    ages: Mapping[Age, int] = field(default_factory=Counter)
    due: int = 0
    in_time: int = 0
    seconds: tuple[float, ...] = ()
    closed: int = 0
    reopened: int = 0
    notices: Mapping[NoticeState, int] = field(default_factory=Counter)
    notices_overdue: int = 0

    @property
    def on_time(self) -> float | None:
        """Share mended by the deadline, None where none was due."""
        return self.in_time / self.due if self.due else None

    @property
    def mean(self) -> float | None:
        """Mean seconds to mend, None where nothing was mended."""
        return sum(self.seconds) / len(self.seconds) if self.seconds else None

    @property
    def recurrence(self) -> float | None:
        """How many came back for each that was closed, None where none was."""
        return self.reopened / self.closed if self.closed else None


def rectification(
    tree: Tree,
    findings: Iterable[Finding],
    events: Iterable[Event],
    notices: Iterable[Notice],
    now: dt.datetime,
) -> Mapping[str, Rectification]:
    """Return the record of every agency of *tree* that has any, as of *now*, whose zone is that of deadlines."""
    known = {finding.key: finding for finding in findings}
    acts = [event for event in events if now - WINDOW <= event.at <= now]
    withdrawn = {event.key for event in acts if event.act is Act.CLOSED and event.detail == WITHDRAWN}
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for finding in known.values():
        for tally in _lines(tree, finding.agency, tallies):
            tally.take(finding, now, withdrawn=finding.key in withdrawn)
    for event in acts:
        owner = known.get(event.key)
        for tally in _lines(tree, owner.agency, tallies) if owner else ():
            tally.reopened += event.act is Act.REOPENED
            tally.closed += event.act is Act.CLOSED and event.key not in withdrawn
    for notice in notices:
        for tally in _lines(tree, notice.agency, tallies):
            tally.notices[notice.state] += 1
            tally.overdue += notice.overdue(now.date())
    return {code: tally.sum() for code, tally in tallies.items()}


def _lines(tree: Tree, agency: str, tallies: dict[str, _Tally]) -> list[_Tally]:
    """Return the tallies of *agency* and of all above it."""
    if agency not in tree.agencies:
        return []
    return [tallies[code] for code in (agency, *tree.ancestors(agency))]


@dataclass(slots=True)
class _Tally:
    ages: Counter[Age] = field(default_factory=Counter)
    due: int = 0
    in_time: int = 0
    seconds: list[float] = field(default_factory=list)
    closed: int = 0
    reopened: int = 0
    notices: Counter[NoticeState] = field(default_factory=Counter)
    overdue: int = 0

    def take(self, finding: Finding, now: dt.datetime, *, withdrawn: bool) -> None:
        if finding.state is State.OPEN:
            self.ages[Age.of((now - finding.first_seen) / dt.timedelta(days=1))] += 1
            self.due += finding.overdue(now.date())
        mended = finding.closed_at if finding.state is State.CLOSED and not withdrawn else None
        if mended is None or mended < now - WINDOW:
            return
        self.seconds.append((mended - finding.first_seen).total_seconds())
        if finding.deadline is not None and not finding.waived:
            self.due += 1
            self.in_time += mended.astimezone(now.tzinfo).date() <= finding.deadline

    def sum(self) -> Rectification:
        return Rectification(
            self.ages,
            self.due,
            self.in_time,
            tuple(self.seconds),
            self.closed,
            self.reopened,
            self.notices,
            self.overdue,
        )


NOTHING = Rectification()
"""The record of an agency that nothing was ever asked of."""
