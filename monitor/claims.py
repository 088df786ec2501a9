"""Claims that something was mended: looked into at once, and answered by evidence alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from monitor.handlings import Handlings
from monitor.store import Store
from rules.deed import Deed, Entry, Move
from rules.finding import Act, Finding, Key, State
from rules.handling import handlings, since
from rules.rule import Rule

TOWER = "diaolou"
"""Who answers claims."""

AGAIN = 60.0
"""Seconds between two looks into a claim."""

MOST = 10
"""Looks into a claim made out of turn; what these cannot decide waits for its turn."""


class Claims:
    """The claims in *store*'s log of deeds that no evidence has answered yet."""

    def __init__(self, store: Store, rules: Mapping[str, Rule]) -> None:
        self._store, self._rules = store, rules
        self._handlings = Handlings(store)
        self._looked: dict[tuple[Key, dt.datetime], list[dt.datetime]] = defaultdict(list)

    def settle(self, now: dt.datetime) -> list[Entry]:
        """Answer every claim that evidence of a later look decides."""
        claimed = {key for key, handling in self._handlings.now().items() if handling.claimed is not None}
        if not claimed:
            return []
        targets = {key.target for key in claimed}
        found = {finding.key: finding for finding in self._store.findings(targets) if finding.key in claimed}
        closings = {event.key: event.detail for event in self._store.events(targets=targets) if event.act is Act.CLOSED}

        def decide(known: Sequence[Entry]) -> list[Deed]:
            handled = handlings(entry.deed for entry in known)
            answers = [
                _answer(finding, since(handled[key], finding.first_seen).claimed, closings.get(key, ""), now)
                for key, finding in found.items()
            ]
            return [answer for answer in answers if answer is not None]

        return self._store.did(decide)

    def waiting(self, now: dt.datetime) -> Mapping[str, frozenset[str]]:
        """Return the targets to be looked at now for a claim, each with the probes that its rule reads."""
        wanted: dict[str, frozenset[str]] = defaultdict(frozenset)
        for key, handling in self._handlings.now().items():
            if handling.claimed is None or key.rule not in self._rules:
                continue
            looks = self._looked[key, handling.claimed.at]
            if len(looks) < MOST and (not looks or (now - looks[-1]).total_seconds() >= AGAIN):
                looks.append(now)
                wanted[key.target] |= self._rules[key.rule].reads
        return wanted


def _answer(finding: Finding, claim: Deed | None, closing: str, now: dt.datetime) -> Deed | None:
    """Return the answer to *claim*; None as long as no later look has decided it."""
    if claim is None or finding.last_confirmed <= claim.at:
        return None
    if finding.state is State.CLOSED:
        return Deed(Move.VERIFIED, TOWER, now, closing, (finding.key,), value=finding.value)
    if finding.state is State.OPEN and finding.passes == 0:
        seen = finding.reason or finding.key.subject
        return Deed(Move.SENT_BACK, TOWER, now, seen, (finding.key,), value=finding.value)
    return None
