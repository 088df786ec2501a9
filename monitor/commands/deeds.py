"""Deeds on findings: found by the name people type, checked, and added to the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.store import Store
from rules.deed import Breach, Deed, Entry, Move, breach
from rules.finding import Finding
from rules.handling import UNHANDLED, Handling, Objection, handlings, objection, since

SHORTEST = 4
"""Characters of a finding's id that must be typed at least."""


class Unclear(Exception):
    """What was typed names no finding, or several: *findings*."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


class Objected(Exception):
    """The deed is not possible."""

    def __init__(self, why: Objection) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Handled:
    """A finding, and what people have done about it."""

    finding: Finding
    handling: Handling


def named(findings: Iterable[Finding], name: str) -> Finding:
    """Return the finding meant by *name*: its id or the beginning of that, or RULE@TARGET or RULE@TARGET#SUBJECT.

    Raises:
        Unclear: there is none, or more than one.
    """
    rule, is_key, place = name.partition("@")
    target, with_subject, subject = place.partition("#")
    meant = [
        finding
        for finding in findings
        if (
            (finding.key.rule, finding.key.target) == (rule, target)
            and (not with_subject or finding.key.subject == subject)
            if is_key
            else len(name) >= SHORTEST and finding.key.id.startswith(name.lower())
        )
    ]
    if len(meant) != 1:
        raise Unclear(meant)
    return meant[0]


def do(store: Store, finding: Finding, deed: Deed) -> Entry:
    """Do *deed* on *finding*, which it need not name, upon the value observed.

    Raises:
        Objected: it is not possible.
    """
    whole = replace(deed, keys=(finding.key,), value=finding.value)

    def decide(known: Sequence[Entry]) -> list[Deed]:
        handling = handlings(entry.deed for entry in known).get(finding.key, UNHANDLED)
        if (why := objection(whole, finding, handling)) is not None:
            raise Objected(why)
        asked = since(handling, finding.first_seen).asked
        # Whoever grants an extension grants the day that was asked for.
        return [replace(whole, until=asked.until) if deed.move is Move.EXTENDED and asked else whole]

    return store.did(decide)[0]


def shown(store: Store, finding: Finding) -> Handled:
    """Return what was done about *finding*."""
    found = handlings(entry.deed for entry in store.deeds()).get(finding.key, UNHANDLED)
    return Handled(finding, since(found, finding.first_seen))


@dataclass(frozen=True, slots=True)
class Verified:
    """The log of deeds as it was found: how many lines, the last seal, and where it is broken, if anywhere.

    *known* says whether a seal that somebody noted down earlier is still in it; None where none was asked for.
    """

    lines: int
    seal: str
    breach: Breach | None
    known: bool | None


def verify(store: Store, noted: str = "") -> Verified:
    """Read the whole log and hold every line against its seal."""
    entries = store.deeds()
    known = any(entry.seal.startswith(noted.lower()) for entry in entries) if noted else None
    return Verified(len(entries), entries[-1].seal if entries else "", breach(entries), known)
