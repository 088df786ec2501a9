"""The lookout: looks at targets with a probe, and has what it saw written down, as far as we could see ourselves."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from monitor.quiet import Rest, considerate
from monitor.settings import Config
from monitor.sight import AGE, Sight
from monitor.spool import Sheet, Spool
from monitor.store import RunId
from monitor.watch import Unwatched, Watch
from probes.framework import Look, sweep
from probes.observation import Gap, GapReason, Record
from probes.registry import Probe
from probes.target import Target
from probes.wire import BatchWire, Wire
from probes.wire.scope import Limits
from probes.wire.sighted import SightedWire

BATCH = 100
"""Looks kept in memory before they are written down."""

FEWEST = 16
"""Looks of one probe at the same time at least: most of them wait for an answer, and one at a time."""


class Lookout:
    """Looks from the vantage of one configuration; *sight* says whether that can see, *defects* counts our own.

    *ourselves* is the probe of the vantage. *refresh* forgets what targets shared. *batch_wire*, if there is one, is
    what probes prepare their batches with.
    """

    def __init__(
        self,
        config: Config,
        ourselves: Probe,
        spool: Spool,
        wire_for: Callable[[Target], Wire],
        clock: Callable[[], dt.datetime],
        refresh: Callable[[], None],
        batch_wire: BatchWire | None = None,
    ) -> None:
        self._config, self._ourselves, self._spool, self._clock = config, ourselves, spool, clock
        self._wire_for, self._refresh, self._batch_wire = wire_for, refresh, batch_wire
        self._rest = Rest(config.schedule.quiet, config.daemon.time_zone)
        self.sight = Sight(config.vantage, ourselves, wire_for)
        self.defects: Counter[str] = Counter()

    async def look(self, probe: Probe, hosts: Iterable[str], watch: Watch | None = None) -> frozenset[str]:
        """Look at *hosts* with *probe*, and keep what is seen batch by batch; return those left alone as asleep.

        Hosts that are not in the inventory, not to be seen from our zone, or none of the probe's are passed over.
        """
        watch = watch or Unwatched()
        known, vantage = self._config.targets, self._config.vantage
        targets = [known[host] for host in hosts if host in known]
        targets = [target for target in targets if vantage.sees(target) and probe.suits(target)]
        await self._prove(AGE)
        watch.begin(probe.name, len(targets))
        began = self._clock()
        opening = asyncio.ensure_future(
            asyncio.to_thread(self._spool.begin, probe.name, vantage.name, began, len(targets))
        )
        try:
            run = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # A thread cannot be called back: what it begins although we are ended must not stay unfinished.
            self._spool.end(await opening, self._clock(), complete=False)
            raise
        batch: list[Look] = []
        asleep: set[str] = set()
        complete = False
        try:
            whole = True
            async for seen in self._sweep(probe, targets):
                batch.append(seen)
                whole &= seen.complete
                if _left_alone(seen):
                    asleep.add(seen.target)
                watch.step(probe.name)
                if len(batch) >= BATCH:
                    await self._keep(run, probe.name, began, batch)
                    batch = []
            await self._keep(run, probe.name, began, batch)
            complete = whole
        finally:
            # Not in a thread: whoever ends us does not wait for one, and an unfinished run is to be told as such.
            self._spool.end(run, self._clock(), complete=complete)
        return frozenset(asleep)

    def _sweep(self, probe: Probe, targets: Sequence[Target]) -> AsyncIterator[Look]:
        concurrency = looks_at_once(self._config.limits)
        return sweep(
            considerate(probe, self._asleep),
            targets,
            self._config.vantage.name,
            self._sighted,
            concurrency=concurrency,
            batch_wire=self._batch_wire,
        )

    def _asleep(self, target: Target) -> bool:
        return self._rest.until(target, self._clock()) is not None

    def _sighted(self, target: Target) -> Wire:
        return SightedWire(self._wire_for(target), self.sight.unseen)

    async def _prove(self, age: float) -> None:
        before = self.sight.families
        seen = await self.sight.prove(age)
        if seen is None:
            return
        if not before <= self.sight.families:
            # What was measured for several targets while we went deaf must not be told of the next one.
            self._refresh()
        writing = asyncio.ensure_future(asyncio.to_thread(self._write_proof, seen, self._clock()))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise

    def _write_proof(self, seen: Look, at: dt.datetime) -> None:
        name = self._ourselves.name
        run = self._spool.begin(name, self._config.vantage.name, at, 1)
        self._spool.record(run, self._sheet(name, at, seen.records, [seen]))
        self._spool.end(run, self._clock(), complete=seen.complete)

    async def _keep(self, run: RunId | None, probe: str, began: dt.datetime, batch: Sequence[Look]) -> None:
        """Write down a batch; what was met over a family that we lack ourselves by now says nothing."""
        if not batch:
            return
        self.defects[probe] += sum(seen.defect for seen in batch)
        # No proof older than what was met says whose fault it was; silence may hide in facts as well as in failures.
        await self._prove(0.0)
        records = [self.sight.excuse(record) for seen in batch for record in seen.records]
        await asyncio.to_thread(self._spool.record, run, self._sheet(probe, began, records, batch))

    def _sheet(self, probe: str, began: dt.datetime, records: Sequence[Record], looks: Sequence[Look]) -> Sheet:
        complete = frozenset(seen.target for seen in looks if seen.complete)
        return Sheet(probe, self._config.vantage.name, began, self._clock(), tuple(records), complete)


def looks_at_once(limits: Limits) -> int:
    """Return how many looks of one probe keep the wire busy; more would only wait, while their deadlines run."""
    return max(FEWEST, limits.concurrent // limits.per_host_concurrent)


def _left_alone(seen: Look) -> bool:
    return any(isinstance(record, Gap) and record.reason is GapReason.QUIET_HOURS for record in seen.records)
