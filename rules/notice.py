"""Rectification notices: findings of one agency under a number and a deadline, from issue to closure.

issued → received → answered → retested → closed; a re-test that still finds something returns it to be answered again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.deed import Deed, Move
from rules.finding import Finding, Key, State


class NoticeState(StrEnum):
    """Where a notice stands, in the order in which it gets there; `returned` is answered and found wanting."""

    ISSUED = "issued"
    RECEIVED = "received"
    ANSWERED = "answered"
    RETURNED = "returned"
    RETESTED = "retested"
    CLOSED = "closed"


class NoticeObjection(StrEnum):
    """Why something cannot be done about a notice."""

    NO_FINDINGS = "no_findings"
    NOT_NOW = "not_now"
    NOT_LATER = "not_later"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as it stands. *keys* are its findings, *remaining* those a re-test still found, empty before one."""

    number: str
    agency: str
    deadline: dt.date
    keys: tuple[Key, ...]
    state: NoticeState
    deeds: tuple[Deed, ...]
    remaining: tuple[Key, ...] = ()

    @property
    def issued_at(self) -> dt.datetime:
        """When it was issued."""
        return self.deeds[0].at

    @property
    def done(self) -> bool:
        """Whether all it asked for was seen to be mended."""
        return self.state in (NoticeState.RETESTED, NoticeState.CLOSED)

    def overdue(self, today: dt.date) -> bool:
        """Say whether its deadline has passed with something left to mend."""
        return not self.done and today > self.deadline

    def last(self, move: Move) -> Deed | None:
        """Return the latest deed of that kind on it."""
        return next((deed for deed in reversed(self.deeds) if deed.move is move), None)

    def after(self, deed: Deed) -> Notice:
        """Return the notice once *deed* was done too."""
        then = replace(self, deeds=(*self.deeds, deed))
        if deed.move is Move.NOTICE_RETESTED:
            state = NoticeState.RETURNED if deed.keys else NoticeState.RETESTED
            return replace(then, state=state, remaining=deed.keys)
        return replace(then, state=_LEADS_TO.get(deed.move, self.state))


_LEADS_TO: Mapping[Move, NoticeState] = {
    Move.NOTICE_RECEIVED: NoticeState.RECEIVED,
    Move.NOTICE_ANSWERED: NoticeState.ANSWERED,
    Move.NOTICE_CLOSED: NoticeState.CLOSED,
}
_FROM: Mapping[Move, frozenset[NoticeState]] = {
    Move.NOTICE_RECEIVED: frozenset({NoticeState.ISSUED}),
    Move.NOTICE_ANSWERED: frozenset({NoticeState.RECEIVED, NoticeState.RETURNED}),
    Move.NOTICE_RETESTED: frozenset({NoticeState.ANSWERED, NoticeState.RETURNED}),
    Move.NOTICE_CLOSED: frozenset({NoticeState.RETESTED}),
}


def notices(deeds: Iterable[Deed]) -> Mapping[str, Notice]:
    """Return, by number, the notices that *deeds* (oldest first) amount to."""
    found: dict[str, Notice] = {}
    for deed in deeds:
        if deed.move is Move.NOTICE_ISSUED and deed.until is not None:
            found[deed.notice] = Notice(deed.notice, deed.to, deed.until, deed.keys, NoticeState.ISSUED, (deed,))
        elif deed.notice in found:
            found[deed.notice] = found[deed.notice].after(deed)
    return found


def objection(deed: Deed, notice: Notice) -> NoticeObjection | None:
    """Say why *deed* cannot be done about *notice*, None if it can."""
    if deed.move in _FROM and notice.state not in _FROM[deed.move]:
        return NoticeObjection.NOT_NOW
    if deed.move is Move.NOTICE_ANSWERED and not deed.why:
        return NoticeObjection.NO_ANSWER
    return None


def next_number(known: Iterable[str], year: int) -> str:
    """Return the number after those given out in *year*."""
    last = max((int(number[5:]) for number in known if number.startswith(f"{year}-")), default=0)
    return f"{year}-{last + 1:04d}"


def to_notify(findings: Iterable[Finding], agencies: frozenset[str], known: Iterable[Notice]) -> Sequence[Finding]:
    """Return what a notice to *agencies* would ask for: open, not waived, and under no notice still going on."""
    under_way = {key for notice in known if notice.state is not NoticeState.CLOSED for key in notice.keys}
    wanted = [
        finding
        for finding in findings
        if finding.state is State.OPEN
        and not finding.waived
        and finding.agency in agencies
        and finding.key not in under_way
    ]
    return sorted(wanted, key=lambda finding: (finding.level.rank, finding.key.target, finding.key.rule))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a re-test may say by now: the findings still there, and those nobody has looked at since the answer."""

    remaining: tuple[Key, ...]
    unseen: tuple[Key, ...]


def outcome(notice: Notice, findings: Mapping[Key, Finding]) -> Outcome:
    """Hold the findings of *notice* against looks later than its answer; what was withdrawn or waived is settled."""
    answer = notice.last(Move.NOTICE_ANSWERED)
    answered = answer.at if answer else notice.issued_at
    there = [
        found
        for key in notice.keys
        if (found := findings.get(key)) is not None and found.state is not State.CLOSED and not found.waived
    ]
    unseen = [each.key for each in there if each.last_confirmed <= answered or each.passes]
    return Outcome(tuple(each.key for each in there), tuple(unseen))


def due_for_chasing(notice: Notice, today: dt.date, ahead: int) -> bool:
    """Say whether to remind its agency *today*: *ahead* days before the deadline and later, once a day at most."""
    if notice.done or today < notice.deadline - dt.timedelta(days=ahead):
        return False
    chased = notice.last(Move.NOTICE_CHASED)
    return chased is None or chased.at.date() < today


def due_for_escalation(notice: Notice, today: dt.date, after: int) -> bool:
    """Say whether the superior agency is to hear of it: *after* days past the deadline, once."""
    late = today > notice.deadline + dt.timedelta(days=after)
    return late and not notice.done and notice.last(Move.NOTICE_ESCALATED) is None
