"""How a finding is being dealt with: what the deeds on it amount to, and which further deeds are possible."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from rules.deed import Deed, Move
from rules.finding import Finding, Key, State, Waiver

LONGEST_FALSE_POSITIVE = dt.timedelta(days=180)
"""How long a finding may stand as a false positive before somebody has to look at it again."""


class Objection(StrEnum):
    """Why a deed is not possible."""

    NOT_OPEN = "not_open"
    NO_REASON = "no_reason"
    ALREADY_CLAIMED = "already_claimed"
    NOT_LATER = "not_later"
    TOO_LONG = "too_long"
    NO_DEADLINE = "no_deadline"
    NOTHING_ASKED = "nothing_asked"
    SAME_PERSON = "same_person"


@dataclass(frozen=True, slots=True)
class Handling:
    """What the deeds on one finding amount to; None and empty where there was no such deed.

    *claimed* is the claim that waits to be verified. *deadline* is the latest one granted, *asked* the extension that
    waits for a second person. *doubted* is the deed that called it a false positive last.
    """

    deeds: tuple[Deed, ...] = ()
    acknowledged: Deed | None = None
    owner: str = ""
    claimed: Deed | None = None
    deadline: dt.date | None = None
    asked: Deed | None = None
    doubted: Deed | None = None

    def after(self, deed: Deed) -> Handling:
        """Return the handling once *deed* was done too."""
        then = replace(self, deeds=(*self.deeds, deed))
        match deed.move:
            case Move.ACKNOWLEDGED:
                return replace(then, acknowledged=self.acknowledged or deed)
            case Move.ASSIGNED:
                return replace(then, owner=deed.to)
            case Move.CLAIMED_FIXED:
                return replace(then, claimed=deed)
            case Move.VERIFIED | Move.SENT_BACK:
                return replace(then, claimed=None)
            case Move.FALSE_POSITIVE:
                return replace(then, doubted=deed)
            case Move.EXTENSION_ASKED:
                return replace(then, asked=deed)
            case Move.EXTENDED:
                return replace(then, asked=None, deadline=deed.until)
        return then


UNHANDLED = Handling()
"""The handling of a finding that nobody did anything about."""

NOBODYS: Mapping[Key, Handling] = MappingProxyType({})
"""No deeds on any finding."""


def handlings(deeds: Iterable[Deed]) -> Mapping[Key, Handling]:
    """Return, for each finding that *deeds* (oldest first) are about, what they amount to."""
    found: dict[Key, Handling] = defaultdict(Handling)
    for deed in deeds:
        for key in deed.keys:
            found[key] = found[key].after(deed)
    return found


def since(handling: Handling, first_seen: dt.datetime) -> Handling:
    """Return the handling of a finding by deeds of its own life: what was done on an earlier one does not bind it."""
    if all(deed.at >= first_seen for deed in handling.deeds):
        return handling
    mine = Handling()
    for deed in handling.deeds:
        if deed.at >= first_seen:
            mine = mine.after(deed)
    return mine


def handled(finding: Finding, handling: Handling) -> Finding:
    """Return *finding* with the deadline it was granted."""
    granted = since(handling, finding.first_seen).deadline
    if granted is None or finding.deadline is None or granted <= finding.deadline:
        return finding
    return replace(finding, deadline=granted)


def excuses(finding: Finding, handling: Handling) -> Sequence[Waiver]:
    """Return the exception that calling *finding* a false positive amounts to, as long as its value is the same."""
    deed = since(handling, finding.first_seen).doubted
    if deed is None or deed.until is None or deed.value != finding.value:
        return ()
    key = finding.key
    return [Waiver(key.rule, deed.why, deed.who, "", deed.until, key.target, "", key.subject, granted=deed.at.date())]


def objection(deed: Deed, finding: Finding, handling: Handling) -> Objection | None:
    """Say why *deed* cannot be done on *finding*, None if it can."""
    mine = since(handling, finding.first_seen)
    if finding.state is not State.OPEN and deed.move is not Move.COMMENTED:
        return Objection.NOT_OPEN
    if deed.move in (Move.COMMENTED, Move.FALSE_POSITIVE, Move.EXTENSION_ASKED) and not deed.why:
        return Objection.NO_REASON
    match deed.move:
        case Move.CLAIMED_FIXED if mine.claimed is not None:
            return Objection.ALREADY_CLAIMED
        case Move.FALSE_POSITIVE:
            return _false_positive(deed)
        case Move.EXTENSION_ASKED:
            return _extension(deed, finding.deadline)
        case Move.EXTENDED:
            return _grant(deed, mine.asked)
    return None


def _false_positive(deed: Deed) -> Objection | None:
    if deed.until is None or deed.until <= deed.at.date():
        return Objection.NOT_LATER
    return Objection.TOO_LONG if deed.until > deed.at.date() + LONGEST_FALSE_POSITIVE else None


def _extension(deed: Deed, deadline: dt.date | None) -> Objection | None:
    if deadline is None:
        return Objection.NO_DEADLINE
    later = deed.until is not None and deed.until > max(deadline, deed.at.date())
    return None if later else Objection.NOT_LATER


def _grant(deed: Deed, asked: Deed | None) -> Objection | None:
    if asked is None:
        return Objection.NOTHING_ASKED
    same = asked.who.strip().casefold() == deed.who.strip().casefold()
    return Objection.SAME_PERSON if same else None
