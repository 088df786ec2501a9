"""The store: everything the tower remembers, behind one door.

All methods are synchronous and short; an event loop calls them through `asyncio.to_thread`. One writer at a time,
readers beside it on connections of their own. Every write is one transaction, may be repeated without harm, and is on
disk when it returns. Every method may raise `StoreUnavailable`, after which the store may be asked again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from exporters.posture import AgencyPosture, Campaign, HostPosture
from monitor.store import (
    appointments,
    audit,
    days,
    judging,
    ledger,
    pruning,
    reading,
    recording,
    runs,
    samples,
    sendings,
)
from monitor.store.door import Door
from monitor.store.nouns import (
    Appointment,
    AuditEntry,
    Day,
    Judgement,
    Recorded,
    RunId,
    Sample,
    Scope,
    Spell,
    StoredRecord,
    StoredVerdict,
)
from monitor.store.sendings import Sending
from probes.observation import Record
from probes.registry import Probe
from probes.target import Target
from probes.wire.ledger import Line
from rules.deed import Deed, Entry
from rules.finding import Event, Finding, State
from rules.policy import Level
from rules.verdict import Outcome

FIRST_ROUND = 300.0
"""Seconds over which the first looks at new targets are spread."""


class Store(Door):
    """The tower's memory; see `Door` for how it is opened and closed."""

    # --- what was seen -------------------------------------------------------------------------------------

    def begin_run(self, probe: str, vantage: str, at: dt.datetime, planned: int) -> RunId:
        """Open a run of one probe over *planned* targets; it looks at each of them once."""
        with self._write() as connection:
            return runs.begin(connection, probe, vantage, at, planned)

    def record(self, run: RunId, records: Sequence[Record], complete: Iterable[str] = ()) -> Recorded:
        """Take in what *run* brought back; *complete* names the targets whose look ran to its end.

        Only a complete look ends subjects that were not met again. A look's records may come in several calls, the
        last of them naming it complete. Many looks in one call cost little more than one.

        Raises:
            ValueError: a record belongs to another probe or vantage than the run.
        """
        with self._write() as connection:
            return recording.record(
                connection, run, records, complete, coder=self._coder, silence=self._silence, zone=self._zone
            )

    def end_run(self, run: RunId, at: dt.datetime, *, complete: bool) -> None:
        """Close *run*; *complete* when it looked at all it had planned."""
        with self._write() as connection:
            runs.end(connection, run.number, at, complete=complete)

    def state(self, targets: Collection[str] | None = None, as_of: dt.datetime | None = None) -> Iterator[StoredRecord]:
        """Yield one record per subject, by target, probe, vantage and subject; None means every target, and now.

        A past record's time is when it is known to have been met last by then, to within the store's silence.
        """
        with self._read() as connection:
            yield from self._reader.state(connection, targets, as_of)

    def looked(
        self, targets: Collection[str] | None = None, as_of: dt.datetime | None = None
    ) -> Mapping[tuple[str, str], frozenset[str]]:
        """Return, by target and vantage, the probes that have looked to the end at least once."""
        with self._read() as connection:
            return reading.looked(connection, targets, as_of)

    def history(
        self, target: str, since: dt.datetime | None = None, until: dt.datetime | None = None
    ) -> Iterator[Spell]:
        """Yield every value of *target* that held in the span, in the order in which they began."""
        with self._read() as connection:
            yield from self._reader.history(connection, target, since, until)

    @property
    def undecodable(self) -> Mapping[str, int]:
        """How many stored values were met, by probe, that the probes of today do not understand."""
        return {probe: len(values) for probe, values in self._reader.undecodable.items()}

    def campaigns(self, since: Mapping[str, dt.datetime] | None = None) -> list[Campaign]:
        """Return one campaign per probe: its runs since the moment given for it, taken together, or its last one."""
        with self._read() as connection:
            return runs.campaigns(connection, since or {})

    def samples(
        self, targets: Collection[str], since: dt.date, until: dt.date, probes: Collection[str] | None = None
    ) -> list[Sample]:
        """Return the daily figures that *probes* (all, if None) brought, from *since* to *until*, both included."""
        with self._read() as connection:
            return list(samples.read(connection, targets, since, until, probes))

    # --- what was concluded --------------------------------------------------------------------------------

    def judged(self, judgements: Sequence[Judgement], at: dt.datetime) -> None:
        """Replace what was concluded of the targets named, and add what happened to the log, all or nothing."""
        with self._write() as connection:
            judging.judged(connection, judgements, at)

    def verdicts(self, targets: Collection[str] | None = None) -> list[StoredVerdict]:
        """Return the verdicts as they stand, by target, rule, subject and vantage."""
        with self._read() as connection:
            return list(judging.verdicts(connection, targets))

    def verdict_counts(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Return how many verdicts of each outcome each target has."""
        with self._read() as connection:
            return judging.counts(connection)

    def findings(
        self,
        targets: Collection[str] | None = None,
        states: Collection[State] | None = None,
        *,
        withdrawn: bool = False,
    ) -> list[Finding]:
        """Return findings by target, rule and subject; with *withdrawn* those of targets no longer watched too."""
        with self._read() as connection:
            return list(judging.findings(connection, targets, states, withdrawn=withdrawn))

    def events(
        self,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        targets: Collection[str] | None = None,
    ) -> list[Event]:
        """Return the acts on findings from *since* to before *until*, oldest first."""
        with self._read() as connection:
            return list(judging.events(connection, since, until, targets))

    def worst_open(self, targets: Collection[str] | None = None) -> Mapping[str, Level]:
        """Return the worst level among the open, unwaived findings of each target that has any."""
        with self._read() as connection:
            return judging.worst_open(connection, targets)

    # --- what was done about it -----------------------------------------------------------------------------

    def did(
        self, decide: Callable[[Sequence[Entry]], Sequence[Deed]], *, about: str | None = None, after: int = 0
    ) -> list[Entry]:
        """Add the deeds that *decide* answers with, given all there are, to the log, all or nothing.

        With *about* it is given only those on things whose name begins so, with *after* only those behind that number.
        Nobody else adds any between the question and the answer.
        """
        with self._write() as connection:
            return ledger.add(connection, decide, about, after)

    def deeds(self, after: int = 0, *, about: str | None = None) -> list[Entry]:
        """Return the log of deeds, in order, from the line behind number *after* on; *about* as for `did`."""
        with self._read() as connection:
            return list(ledger.read(connection, after, about))

    # --- day by day ----------------------------------------------------------------------------------------

    def snapshot(self, day: dt.date, hosts: Iterable[HostPosture], agencies: Iterable[AgencyPosture]) -> None:
        """Keep where everyone stands as the record of *day*, in place of an earlier one of the same day."""
        figures = [*(days.of_host(day, host) for host in hosts), *(days.of_agency(day, row) for row in agencies)]
        with self._write() as connection:
            days.write(connection, day, figures)

    def days(self, scope: Scope, since: dt.date, until: dt.date, subject: str | None = None) -> list[Day]:
        """Return the days kept from *since* to *until*, both included, by subject and day."""
        with self._read() as connection:
            return list(days.read(connection, scope, subject, since, until))

    # --- what was sent -------------------------------------------------------------------------------------

    def sent(self, batch: int, lines: Sequence[Line]) -> None:
        """Add *lines* to the ledger; a *batch*, by its number, is added once, however often it is given."""
        with self._write() as connection:
            sendings.write(connection, batch, lines)

    def sendings(self, since: dt.datetime, until: dt.datetime, target: str | None = None) -> list[Sending]:
        """Return what began to be sent from *since* to before *until*, for *target* (all, if None), oldest first."""
        with self._read() as connection:
            return list(sendings.read(connection, since, until, target))

    def condense(self, before: dt.datetime) -> None:
        """Keep of the ledger's days that ended by *before* no more than their sums."""
        with self._write() as connection:
            sendings.condense(connection, before)

    # --- who did what --------------------------------------------------------------------------------------

    def audit(self, actor: str, act: str, subject: str, detail: str = "", *, at: dt.datetime) -> None:
        """Append to the log of who did what."""
        with self._write() as connection:
            audit.add(connection, AuditEntry(at, actor, act, subject, detail))

    def audit_log(self, since: dt.datetime | None = None) -> list[AuditEntry]:
        """Return the log of who did what, from *since* on, in the order it was written."""
        with self._read() as connection:
            return list(audit.read(connection, since))

    def prune(self, before: dt.datetime) -> None:
        """Drop observations, runs, samples and sendings from before *before*; current state, findings and logs stay."""
        with self._write() as connection:
            pruning.prune(connection, before)

    # --- who is due when -----------------------------------------------------------------------------------

    def sync(
        self,
        targets: Sequence[Target],
        probes: Sequence[Probe],
        now: dt.datetime,
        *,
        spread: float = FIRST_ROUND,
        vantage: str = "",
    ) -> None:
        """Make the schedule that of *targets* and *probes*; what vanished leaves the current state, not history.

        The first looks at new targets are spread over *spread* seconds. A target that comes back starts anew. With a
        *vantage*, what others saw leaves the current state too: nobody looks from there any more.
        """
        with self._write() as connection:
            appointments.sync(connection, targets, probes, now, spread)
            if vantage:
                appointments.leave_others(connection, vantage, now)

    def watched_since(self) -> Mapping[str, dt.datetime]:
        """Return since when each target of the inventory has been in it."""
        with self._read() as connection:
            return appointments.watched_since(connection)

    def claim(self, probe: str, now: dt.datetime, limit: int, lease: float) -> list[str]:
        """Take at most *limit* due targets, the longest overdue first, for *lease* seconds."""
        with self._write() as connection:
            return appointments.claim(connection, probe, now, limit, dt.timedelta(seconds=lease))

    def due(self, probe: str, now: dt.datetime, limit: int) -> list[str]:
        """Return what `claim` would take, taking nothing: all there is when the disk is full."""
        with self._read() as connection:
            return appointments.due(connection, probe, now, limit)

    def backlog(self, now: dt.datetime) -> Mapping[str, int]:
        """Return, by probe, how many targets are due and not being looked at."""
        with self._read() as connection:
            return appointments.backlog(connection, now)

    def standings(self, probe: str, targets: Iterable[str]) -> Mapping[str, str]:
        """Return the standing each target was given at its last look, empty before the first."""
        with self._read() as connection:
            return appointments.standings(connection, probe, targets)

    def reschedule(self, probe: str, given: Iterable[Appointment]) -> None:
        """Give targets back, each with its next appointment."""
        with self._write() as connection:
            appointments.reschedule(connection, probe, given)

    def release(self, probe: str, targets: Collection[str]) -> None:
        """Give targets back without a look: they stay due as they were."""
        with self._write() as connection:
            appointments.release(connection, probe, targets)

    def hasten(self, probes: Mapping[str, Collection[str]], at: dt.datetime) -> None:
        """Make targets due at *at* that were due later; *probes* names for each target those that are to look."""
        with self._write() as connection:
            appointments.hasten(connection, probes, at)

    def shift(self, step: dt.timedelta) -> None:
        """Move every appointment by *step*, as the clock was moved."""
        with self._write() as connection:
            appointments.shift(connection, step)
