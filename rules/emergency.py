"""An emergency, 重保: for a time chosen targets are looked at more often, and less is asked before a finding opens."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from rules.deed import Deed, Move
from rules.policy import Policy

ABOUT = "emergency"
"""Its name in the log of deeds; there is one at a time."""

LONGEST = dt.timedelta(days=60)
"""How long one may last; whoever needs more orders it again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an emergency changes, and for whom.

    *agencies* stand for those below too; with no *agencies* and no *targets* it is for everyone. *revisit* is what the
    time between two looks is multiplied with, 0..1; *confirmations* how many failures open a finding, at most;
    *profile* names one of the policy's that counts for all concerned, empty for none.
    """

    agencies: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    revisit: float = 0.25
    confirmations: int = 1
    profile: str = ""

    def covers(self, host: str, agencies: Collection[str]) -> bool:
        """Say whether a target is concerned, whose agency and those above it are *agencies*."""
        everyone = not self.agencies and not self.targets
        return everyone or host in self.targets or not self.agencies.isdisjoint(agencies)


USUAL = Terms()
"""What an emergency changes where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """One emergency as it was ordered by a deed; *until* is its last day."""

    terms: Terms
    order: Deed
    until: dt.date

    def holds(self, today: dt.date) -> bool:
        """Say whether it is on: through its last day, by the local calendar."""
        return today <= self.until


def begun(terms: Terms, until: dt.date, deed: Deed) -> Deed:
    """Return *deed*, which says who orders it and why, as the order of an emergency."""
    said = {
        "agencies": sorted(terms.agencies),
        "targets": sorted(terms.targets),
        "revisit": terms.revisit,
        "confirmations": terms.confirmations,
        "profile": terms.profile,
    }
    value = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return replace(deed, move=Move.EMERGENCY_BEGUN, until=until, value=value, about=ABOUT)


def ordered(deeds: Iterable[Deed]) -> Emergency | None:
    """Return the emergency that *deeds* (oldest first) ordered last and nobody lifted, over or not.

    Whether it is over the calendar alone says, so that a clock put right puts this right as well.
    """
    found: Emergency | None = None
    for deed in deeds:
        if deed.move is Move.EMERGENCY_BEGUN and deed.until is not None:
            found = Emergency(_terms(deed.value), deed, deed.until)
        elif deed.move is Move.EMERGENCY_LIFTED:
            found = None
    return found


def expiry(deeds: Iterable[Deed], today: dt.date, who: str, now: dt.datetime) -> Deed | None:
    """Return the deed that notes the end of an emergency which is over *today*; None if that was noted, or none is."""
    known = [deed for deed in deeds if deed.about == ABOUT]
    over = ordered(known)
    if over is None or over.holds(today) or known[-1].move is Move.EMERGENCY_EXPIRED:
        return None
    return Deed(Move.EMERGENCY_EXPIRED, who, now, until=over.until, about=ABOUT)


def strained(policy: Policy, terms: Terms) -> Policy:
    """Return *policy* as it reads for those concerned: fewer failures open a finding, as many passes close it."""
    clauses = {}
    for rule, clause in policy.clauses.items():
        proof = policy.proof(clause)
        eager = replace(proof, failures=min(proof.failures, terms.confirmations))
        clauses[rule] = replace(clause, proof=eager)
    return replace(policy, clauses=clauses)


def _terms(value: str) -> Terms:
    said = json.loads(value)
    return Terms(
        frozenset(said["agencies"]),
        frozenset(said["targets"]),
        float(said["revisit"]),
        int(said["confirmations"]),
        str(said["profile"]),
    )
