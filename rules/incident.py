"""Incidents: many targets that began to break the same rule at the same time, because of what they share."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.finding import Finding, State

WINDOW = dt.timedelta(hours=2)
"""Within which findings of one incident were first seen."""

LEAST = 3
"""Targets that an incident affects at least."""

SHARE = 0.6
"""Share of the targets with a cause that broke the rule, at least; elsewhere it is at most half as large."""


class CauseKind(StrEnum):
    """What targets may share, the narrowest first: of causes that explain as much, the narrowest is the likely one."""

    CERTIFICATE = "certificate"
    NAME_SERVER = "name_server"
    PREFIX = "prefix"
    VANTAGE = "vantage"


@dataclass(frozen=True, slots=True)
class Cause:
    """Something shared: a certificate's fingerprint, a name server's name, a prefix, or where we look from."""

    kind: CauseKind
    name: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: its likely cause, the findings it explains, by target and rule, and *since* when the first is."""

    cause: Cause
    since: dt.datetime
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        """A short name, the same as long as the cause is."""
        return hashlib.sha256(f"{self.cause.kind}\0{self.cause.name}".encode()).hexdigest()[:8]

    @property
    def targets(self) -> Mapping[str, str]:
        """The affected targets, each with its agency."""
        return {finding.key.target: finding.agency for finding in self.findings}


def incidents(
    findings: Iterable[Finding],
    causes: Mapping[str, frozenset[Cause]],
    known_since: Mapping[str, dt.datetime],
) -> Sequence[Incident]:
    """Return the incidents, the largest first; no finding is in two of them.

    *causes* names what each target has that others may share. A finding counts when its target was watched for a
    `WINDOW` before: what was broken when it was first looked at tells of no event.
    """
    bearers: dict[Cause, set[str]] = defaultdict(set)
    for target, mine in causes.items():
        for cause in mine:
            bearers[cause].add(target)
    left = [each for each in findings if _tells(each, known_since)]
    found: list[Incident] = []
    while candidates := [
        incident for cause in bearers if (incident := _incident(cause, bearers[cause], left, causes.keys()))
    ]:
        largest = min(candidates, key=_order)
        found.append(largest)
        explained = {each.key for each in largest.findings}
        left = [each for each in left if each.key not in explained]
    return found


def _tells(finding: Finding, known_since: Mapping[str, dt.datetime]) -> bool:
    since = known_since.get(finding.key.target)
    return (
        finding.state is State.OPEN
        and not finding.waived
        and since is not None
        and finding.first_seen >= since + WINDOW
    )


def _order(incident: Incident) -> tuple[int, int, str]:
    return -len(incident.targets), list(CauseKind).index(incident.cause.kind), incident.cause.name


def _incident(cause: Cause, bearers: set[str], findings: Sequence[Finding], everyone: Iterable[str]) -> Incident | None:
    """Return what *cause* explains: for each rule, the window in which most of its *bearers* began to break it."""
    if len(bearers) < LEAST:
        return None
    others = set(everyone) - bearers
    explained: list[Finding] = []
    for rule in sorted({each.key.rule for each in findings if each.key.target in bearers}):
        broken = sorted((each for each in findings if each.key.rule == rule), key=lambda each: each.first_seen)
        burst = _burst([each for each in broken if each.key.target in bearers])
        inside = {each.key.target for each in burst}
        if len(inside) < LEAST or len(inside) < SHARE * len(bearers):
            continue
        begin, end = burst[0].first_seen, burst[-1].first_seen
        outside = {each.key.target for each in broken if each.key.target in others and begin <= each.first_seen <= end}
        if not others or len(outside) / len(others) <= len(inside) / len(bearers) / 2:
            explained += burst
    if not explained:
        return None
    ordered = sorted(explained, key=lambda each: (each.key.target, each.key.rule, each.key.subject))
    return Incident(cause, min(each.first_seen for each in ordered), tuple(ordered))


def _burst(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Return the run of *findings*, in order of time, that lies within one window and affects most targets."""
    best: Sequence[Finding] = ()
    most = begin = 0
    for end, last in enumerate(findings):
        while last.first_seen - findings[begin].first_seen > WINDOW:
            begin += 1
        run = findings[begin : end + 1]
        if (affected := len({each.key.target for each in run})) >= most and affected:
            best, most = run, affected
    return best
