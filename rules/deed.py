"""What people did, and the tower in answer: a log that only grows, each entry sealed together with the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rules.finding import Key

BEGINNING = "0" * 64
"""The seal before the first entry."""


class Move(StrEnum):
    """What was done. `verified` and `sent_back` are the tower's answers to a claim, on evidence."""

    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    CLAIMED_FIXED = "claimed_fixed"
    VERIFIED = "verified"
    SENT_BACK = "sent_back"
    FALSE_POSITIVE = "false_positive"
    COMMENTED = "commented"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    NOTICE_ISSUED = "notice_issued"
    NOTICE_RECEIVED = "notice_received"
    NOTICE_ANSWERED = "notice_answered"
    NOTICE_RETESTED = "notice_retested"
    NOTICE_CLOSED = "notice_closed"
    NOTICE_CHASED = "notice_chased"
    NOTICE_ESCALATED = "notice_escalated"
    ALERT_RAISED = "alert_raised"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    ALERT_ESCALATED = "alert_escalated"
    ALERT_RESOLVED = "alert_resolved"
    EMERGENCY_BEGUN = "emergency_begun"
    EMERGENCY_LIFTED = "emergency_lifted"
    EMERGENCY_EXPIRED = "emergency_expired"
    RESPONSE_BEGUN = "response_begun"
    RESPONSE_STEP = "response_step"
    RESPONSE_NOTED = "response_noted"
    RESPONSE_GRADED = "response_graded"
    RESPONSE_REPORTED = "response_reported"
    RESPONSE_CLOSED = "response_closed"


@dataclass(frozen=True, slots=True)
class Deed:
    """One act, signed.

    *account* is the login it was done from, *who* the name given for it. *keys* are the findings it is about, and
    *notice* the number of a notice, empty without one. *to* is the person assigned, or the agency a notice goes to;
    *until* the day a false positive or an emergency ends, or a deadline; *value* what was observed when it was done.
    *about* is what else it is on: an alert, an emergency or a response, by kind and name (`alert/1a2b...`), or empty.
    """

    move: Move
    who: str
    at: dt.datetime
    why: str = ""
    keys: tuple[Key, ...] = ()
    notice: str = ""
    to: str = ""
    until: dt.date | None = None
    value: str = ""
    account: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: its number, counted from 1, the deed, the seal of the line before and its own."""

    number: int
    deed: Deed
    previous: str
    seal: str


def sealed(number: int, deed: Deed, previous: str) -> Entry:
    """Return *deed* as line *number*, after a line with the seal *previous*."""
    return Entry(number, deed, previous, _seal(number, deed, previous))


@dataclass(frozen=True, slots=True)
class Breach:
    """The first line at which the log is not what was written, and whether that is the line or the one before it."""

    number: int
    missing: bool


def breach(entries: Iterable[Entry]) -> Breach | None:
    """Return where the chain is broken, None if it is whole; *entries* are in order, the first one first."""
    previous, expected = BEGINNING, 1
    for entry in entries:
        if entry.number != expected:
            return Breach(expected, missing=True)
        if entry.previous != previous or entry.seal != _seal(entry.number, entry.deed, entry.previous):
            return Breach(entry.number, missing=False)
        previous, expected = entry.seal, expected + 1
    return None


def _seal(number: int, deed: Deed, previous: str) -> str:
    # Every field by name, times in whole microseconds: what is sealed must read the same in ten years.
    said: dict[str, object] = {
        "number": number,
        "previous": previous,
        "move": deed.move.value,
        "who": deed.who,
        "account": deed.account,
        "at": deed.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "why": deed.why,
        "keys": [[key.rule, key.target, key.subject] for key in deed.keys],
        "notice": deed.notice,
        "to": deed.to,
        "until": deed.until.isoformat() if deed.until else "",
        "value": deed.value,
    }
    if deed.about:
        # Lines older than this field were sealed without it.
        said["about"] = deed.about
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
