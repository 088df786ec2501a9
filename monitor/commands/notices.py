"""Rectification notices: issued, received, answered, re-tested, closed, chased; all of it deeds in the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.store import Store
from rules.agency import Tree
from rules.deed import Deed, Entry, Move
from rules.finding import Finding
from rules.notice import (
    Notice,
    NoticeObjection,
    Outcome,
    due_for_chasing,
    due_for_escalation,
    next_number,
    notices,
    objection,
    outcome,
    to_notify,
)
from rules.policy import Level

USUAL = dt.timedelta(days=15)
"""Time to mend where no finding of a notice has a deadline that lies ahead."""


class NoSuchNotice(Exception):
    """The number is nobody's."""


class Refused(Exception):
    """It cannot be done."""

    def __init__(self, why: NoticeObjection) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Asked:
    """What a notice is to ask for: of whom, of which levels, and by when; None leaves that to the findings."""

    agency: str
    agencies: frozenset[str]
    levels: frozenset[Level]
    until: dt.date | None


def everything(store: Store) -> Mapping[str, Notice]:
    """Return all notices, by number."""
    return notices(entry.deed for entry in store.deeds())


def issue(store: Store, asked: Asked, deed: Deed, today: dt.date) -> Notice:
    """Issue a notice of what *asked* means and no other notice has under way; *deed* says who issues it and why.

    Raises:
        Refused: nothing is left to ask for, or the deadline does not lie ahead.
    """
    if asked.until is not None and asked.until <= today:
        raise Refused(NoticeObjection.NOT_LATER)
    findings = [finding for finding in store.findings() if finding.level in asked.levels]

    def decide(known: Sequence[Entry]) -> list[Deed]:
        before = notices(entry.deed for entry in known)
        wanted = to_notify(findings, asked.agencies, before.values())
        if not wanted:
            raise Refused(NoticeObjection.NO_FINDINGS)
        number = next_number(before, today.year)
        until = asked.until or _deadline(wanted, today)
        keys = tuple(finding.key for finding in wanted)
        return [replace(deed, keys=keys, notice=number, to=asked.agency, until=until)]

    (entry,) = store.did(decide)
    return notices([entry.deed])[entry.deed.notice]


def _deadline(findings: Sequence[Finding], today: dt.date) -> dt.date:
    ahead = [finding.deadline for finding in findings if finding.deadline is not None and finding.deadline > today]
    return min(ahead, default=today + USUAL)


def do(store: Store, number: str, deed: Deed) -> Notice:
    """Do *deed* about the notice *number*.

    Raises:
        NoSuchNotice: there is none.
        Refused: it cannot be done now.
    """

    def decide(known: Sequence[Entry]) -> list[Deed]:
        notice = _of(notices(entry.deed for entry in known), number)
        if (why := objection(deed, notice)) is not None:
            raise Refused(why)
        return [replace(deed, notice=number)]

    store.did(decide)
    return everything(store)[number]


def seen(store: Store, number: str) -> Outcome:
    """Return what looks later than the answer to the notice *number* say of its findings."""
    notice = _of(everything(store), number)
    return outcome(notice, {finding.key: finding for finding in of(store, notice)})


def of(store: Store, notice: Notice) -> list[Finding]:
    """Return the findings of *notice* as they stand, in its order; those the policy gave up are left out."""
    targets = {key.target for key in notice.keys}
    known = {finding.key: finding for finding in store.findings(targets, withdrawn=True)} if targets else {}
    return [known[key] for key in notice.keys if key in known]


def retest(store: Store, number: str, deed: Deed) -> Notice:
    """Write down what a re-test of the notice *number* said, whose findings were all seen."""
    return do(store, number, replace(deed, keys=seen(store, number).remaining))


@dataclass(frozen=True, slots=True)
class Patience:
    """How many days before its deadline an agency is reminded, and how many after it its superior hears of it."""

    ahead: int = 3
    after: int = 3


def chase(store: Store, tree: Tree, patience: Patience, sign: Callable[[Move], Deed], today: dt.date) -> list[Deed]:
    """Remind whoever is to be reminded today, and tell the superiors; a second time the same day does nothing."""

    def decide(known: Sequence[Entry]) -> list[Deed]:
        done: list[Deed] = []
        for number, notice in sorted(notices(entry.deed for entry in known).items()):
            if due_for_chasing(notice, today, patience.ahead):
                done.append(replace(sign(Move.NOTICE_CHASED), notice=number, to=notice.agency))
            above = tree.agencies[notice.agency].parent if notice.agency in tree.agencies else ""
            if above and due_for_escalation(notice, today, patience.after):
                done.append(replace(sign(Move.NOTICE_ESCALATED), notice=number, to=above))
        return done

    return [entry.deed for entry in store.did(decide)]


def _of(known: Mapping[str, Notice], number: str) -> Notice:
    if number not in known:
        raise NoSuchNotice(number)
    return known[number]
