"""Whether the vantage itself can see: no verdict about others is worth more than that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from exporters.posture import VantageHealth
from probes.framework import Look, look
from probes.observation import Failure, Gap, GapReason, Observation, Record, Subject
from probes.registry import Probe
from probes.target import Family, Kind, Target, Vantage
from probes.vantage_self import ECHO, VantageSelf
from probes.wire import Wire

AGE = 10.0
"""Seconds for which a proof holds while targets answer as they should."""

PING = "icmp_echo"
"""The probe whose failures rest on more than a family: on pings of ours coming back."""


_OF_DNS = frozenset(failure for failure in Failure if failure.name.startswith("DNS_"))
"""Failures of questions, which are asked over either family."""


class Sight:
    """Proves the vantage's families, and turns what a blind vantage met into gaps.

    A family that could not be proven counts as missing: better to say nothing than to blame an agency.
    """

    def __init__(self, vantage: Vantage, probe: Probe, wire_for: Callable[[Target], Wire]) -> None:
        self._target = Target(vantage.name, "", Kind.NETWORK_DEVICE)
        self._vantage, self._probe, self._wire_for = vantage, probe, wire_for
        self._known = health(vantage, ())
        self._proven: frozenset[Family] = frozenset()
        self._pings: frozenset[Family] = frozenset()
        self._kept_from: frozenset[Family] = frozenset()
        self._begun: float | None = None
        self._turn = asyncio.Lock()

    @property
    def families(self) -> frozenset[Family]:
        """The families that the last look at ourselves proved to work."""
        return self._proven

    @property
    def unseen(self) -> Mapping[Family, GapReason]:
        """The families we cannot see over, and why not."""
        missing = [family for family in Family if family not in self._proven]
        return {
            family: GapReason.STOPPED if family in self._kept_from else GapReason.blind(family) for family in missing
        }

    def health(self) -> VantageHealth:
        """Return what is known of the vantage."""
        return self._known

    async def prove(self, age: float = 0.0) -> Look | None:
        """Look at ourselves, unless a look begun less than *age* seconds ago is over; return the look if there was one.

        With an *age* of 0 whatever was met before the call is covered: those who ask at the same time share one look.
        """
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._turn:
            if self._begun is not None and self._begun > asked - age:
                return None
            begun = loop.time()
            seen = await look(self._probe, self._target, self._vantage.name, self._wire_for(self._target))
            # A proof that was stopped covers nothing, and is to be tried again at once.
            self._begun = None if any(map(stopped, seen.records)) else begun
            self._learn(seen.records)
            return seen

    def _learn(self, records: Collection[Record]) -> None:
        """Take up what a look at ourselves said; what a stop kept it from saying is as it was, and proves nothing."""
        before, latest = self._known, health(self._vantage, records)
        self._proven = frozenset(family for family, alive in latest.families.items() if alive)
        self._pings = frozenset(family for family in Family if _alive(records, family, ECHO))
        silent = {family for family, alive in latest.families.items() if alive is None}
        halted = any(map(stopped, records))
        self._kept_from = frozenset(silent) if halted else frozenset()
        kept = {family: before.families[family] for family in self._kept_from}
        self._known = replace(latest, families={**latest.families, **kept})

    def excuse(self, record: Record) -> Record:
        """Return *record*, or a gap where what was met at an address may well be our own blindness.

        An address that does not answer ping is no news either where no control does.
        Facts about more than one address lose the silences that may be ours. What DNS said of a family was asked
        over either, and stays.
        """
        if not isinstance(record, Observation):
            return record
        address = record.subject.address
        if address is None:
            deaf, family = frozenset(Family) - self.families, record.subject.family
            if family in deaf and record.failure is not None and record.failure not in _OF_DNS:
                return self._blind(record, family)
            left = record.facts and record.facts.unheard(deaf)
            return record if left is record.facts else replace(record, facts=left)
        family = Family.of(address)
        unanswered = record.probe == PING and record.failure is not None and family not in self._pings
        if family in self.families and not unanswered:
            return record
        return self._blind(record, family)

    def _blind(self, record: Observation, family: Family) -> Gap:
        return Gap(
            record.probe,
            record.target,
            record.vantage,
            record.subject,
            record.at,
            self.unseen.get(family, GapReason.blind(family)),
            record.failure.value if record.failure else "",
        )


def stopped(record: Record) -> bool:
    """Say whether *record* is there because an operator stopped all probing."""
    return isinstance(record, Gap) and record.reason is GapReason.STOPPED


def health(vantage: Vantage, records: Collection[Record]) -> VantageHealth:
    """Return what *records* of a look at ourselves say of *vantage*; without any, nothing is known."""
    families = {family: _alive(records, family) for family in sorted(vantage.families)}
    latest = max((record.at for record in records), default=None)
    return VantageHealth(vantage.name, families, _resolver(records), latest)


def _alive(records: Iterable[Record], family: Family, scheme: str = "") -> bool | None:
    asked = Subject(family=family, scheme=scheme)
    for record in records:
        if isinstance(record, Observation) and record.subject == asked:
            return record.facts.alive if isinstance(record.facts, VantageSelf) else False
    return None


def _resolver(records: Iterable[Record]) -> bool | None:
    """Say whether any resolver answers; None when none was asked."""
    answers = [
        isinstance(record.facts, VantageSelf) and record.facts.alive
        for record in records
        if isinstance(record, Observation) and record.subject.server
    ]
    return any(answers) if answers else None
