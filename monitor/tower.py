"""The tower: looks at targets, keeps what it saw, judges, and knows how the city stands."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from exporters.posture import Campaign, HostPosture, Posture
from monitor.judgement import Judge
from monitor.overview import lately, overview
from monitor.quiet import quiet_until
from monitor.settings import Config
from monitor.sight import AGE, Sight
from monitor.spool import Sheet, Spool
from monitor.store import RunId, Store, StoreUnavailable
from probes.framework import Look, sweep
from probes.observation import WHOLE, Gap, GapReason, Record
from probes.registry import Probe
from probes.target import Target
from probes.wire import BatchWire, Wire
from probes.wire.scope import Limits
from probes.wire.sighted import SightedWire
from rules.rule import Rule

log = logging.getLogger(__name__)

BATCH = 100
"""Looks kept in memory before they are written down."""

CHUNK = 200
"""Hosts judged in one transaction."""

FEWEST = 16
"""Looks of one probe at the same time at least: most of them wait for an answer, and one at a time."""

SELF = "vantage_self"


class Watch(Protocol):
    """Somebody who wants to see how far a round has come."""

    def begin(self, what: str, planned: int) -> None:
        """*what* begins, over *planned* targets."""

    def step(self, what: str, done: int = 1) -> None:
        """*done* more of *what* are done."""


class Unwatched:
    """Nobody looks."""

    def begin(self, what: str, planned: int) -> None:
        """Note nothing."""

    def step(self, what: str, done: int = 1) -> None:
        """Note nothing."""


class Tower:
    """One tower over one configuration and store.

    *refresh* forgets what targets shared (addresses above all), so that it is measured again. *batch_wire*, if there
    is one, is what probes prepare their batches with.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        rules: Mapping[str, Rule],
        probes: Mapping[str, Probe],
        wire_for: Callable[[Target], Wire],
        clock: Callable[[], dt.datetime],
        refresh: Callable[[], None],
        spool: Spool | None = None,
        batch_wire: BatchWire | None = None,
    ) -> None:
        self.config, self.store, self.rules, self.clock = config, store, rules, clock
        self.probes = {name: probe for name, probe in probes.items() if name != SELF}
        self.sight = Sight(config.vantage, probes[SELF], wire_for)
        self._wire_for, self._refresh, self._batch_wire = wire_for, refresh, batch_wire
        self.spool = spool or Spool(store)
        self._judge = Judge(config, rules, store, self.spool)
        self._campaigns: Sequence[Campaign] = ()
        self._hosts: dict[str, HostPosture] = {}
        self._round: dt.datetime | None = None
        self.defects: Counter[str] = Counter()

    def remember(self) -> None:
        """Take up how the city stood when the store was last written."""
        self._hosts = dict(self._judge.standing(list(self.config.targets)))

    async def look(self, probe: Probe, hosts: Sequence[str], watch: Watch | None = None) -> None:
        """Look at *hosts* with *probe* and keep what is seen, batch by batch."""
        watch = watch or Unwatched()
        targets = [self.config.targets[host] for host in hosts if host in self.config.targets]
        targets = [target for target in targets if probe.suits(target)]
        await self._prove(AGE)
        watch.begin(probe.name, len(targets))
        began, vantage = self.clock(), self.config.vantage.name
        run = await asyncio.to_thread(self.spool.begin, probe.name, vantage, began, len(targets))
        batch: list[Look] = []
        complete = False
        concurrency = looks_at_once(self.config.limits)
        try:
            whole = True
            ahead = self._batch_wire
            looks = sweep(probe, targets, vantage, self._sighted, concurrency=concurrency, batch_wire=ahead)
            async for seen in looks:
                batch.append(seen)
                whole &= seen.complete
                watch.step(probe.name)
                if len(batch) >= BATCH:
                    await self._keep(run, probe.name, began, batch)
                    batch = []
            await self._keep(run, probe.name, began, batch)
            complete = whole
        finally:
            # Not in a thread: whoever ends us does not wait for one, and an unfinished run is to be told as such.
            self.spool.end(run, self.clock(), complete=complete)

    async def judge(self, hosts: Collection[str], watch: Watch | None = None) -> Mapping[str, frozenset[str]]:
        """Judge *hosts* anew; return those with something to confirm, and the probes that would."""
        watch = watch or Unwatched()
        watch.begin("judge", len(hosts))
        unsettled: dict[str, frozenset[str]] = {}
        for chunk in _chunks(list(hosts), CHUNK):
            judged = await asyncio.to_thread(self._judge.judge, chunk, self.clock())
            self._hosts.update(judged.hosts)
            unsettled.update(judged.unsettled)
            watch.step("judge", len(chunk))
        return unsettled

    async def round(self, hosts: Sequence[str] | None = None, watch: Watch | None = None) -> int:
        """Look at *hosts* (all, if None) with every probe, judge them, and confirm what is new.

        Targets in quiet hours are left alone; return how many.
        """
        self._round = self.clock()
        everyone = list(self.config.targets) if hosts is None else list(hosts)
        asleep = [host for host in everyone if self._asleep(host)]
        await self._leave_alone(asleep)
        needs = dict.fromkeys((host for host in everyone if host not in set(asleep)), frozenset(self.probes))
        for _ in range(self.config.policy.confirmations):
            if not needs:
                break
            # A second look that met the first one's memory would confirm nothing.
            self._refresh()
            for stage in sorted({probe.stage for probe in self.probes.values()}):
                now = [probe for probe in self.probes.values() if probe.stage == stage]
                looks = [
                    self.look(probe, mine, watch)
                    for probe in now
                    if (mine := [host for host, probes in needs.items() if probe.name in probes])
                ]
                await asyncio.gather(*looks)
            needs = dict(await self.judge(list(needs), watch))
        return len(asleep)

    def _asleep(self, host: str) -> bool:
        spans = (*self.config.schedule.quiet, *self.config.targets[host].quiet)
        return quiet_until(self.clock(), spans, self.config.daemon.time_zone) is not None

    async def _leave_alone(self, hosts: Sequence[str]) -> None:
        """Note a gap of every probe for each of *hosts*, and judge by it."""
        at, vantage = self.clock(), self.config.vantage.name
        for name in self.probes if hosts else ():
            run = await asyncio.to_thread(self.spool.begin, name, vantage, at, len(hosts))
            gaps = tuple(Gap(name, host, vantage, WHOLE, at, GapReason.QUIET_HOURS) for host in hosts)
            await asyncio.to_thread(self.spool.record, run, Sheet(name, vantage, at, at, gaps, frozenset()))
            await asyncio.to_thread(self.spool.end, run, at, complete=False)
        await self.judge(hosts)

    def host(self, name: str) -> HostPosture | None:
        """Return how one host stood when last judged, None before that."""
        return self._hosts.get(name)

    def snapshot(self) -> None:
        """Keep where everyone stands as the record of this local day."""
        now = self.posture()
        day = now.at.astimezone(self.config.daemon.time_zone).date()
        self.store.snapshot(day, now.hosts, (now.city, *now.agencies))

    def posture(self) -> Posture:
        """Return how the city stands."""
        now = self.clock()
        hosts = [host for name, host in self._hosts.items() if name in self.config.targets]
        return overview(self.config, self.rules, hosts, self._lately(now), [self.sight.health()], now)

    def _lately(self, now: dt.datetime) -> Sequence[Campaign]:
        """Return what was done lately, or as last read where the store does not answer."""
        try:
            self._campaigns = lately(self.store, self.config, self.probes, now, self._round)
        except StoreUnavailable as trouble:
            log.warning("the campaigns could not be read: %s", trouble)
        return self._campaigns

    def _sighted(self, target: Target) -> Wire:
        return SightedWire(self._wire_for(target), self.sight.families)

    async def _prove(self, age: float) -> None:
        seen = await self.sight.prove(age)
        if seen is not None:
            await self._keep_self(seen)

    async def _keep_self(self, seen: Look) -> None:
        at = self.clock()
        run = await asyncio.to_thread(self.spool.begin, SELF, self.config.vantage.name, at, 1)
        sheet = self._sheet(SELF, at, seen.records, [seen])
        await asyncio.to_thread(self.spool.record, run, sheet)
        await asyncio.to_thread(self.spool.end, run, self.clock(), complete=seen.complete)

    async def _keep(self, run: RunId | None, probe: str, began: dt.datetime, batch: Sequence[Look]) -> None:
        """Write down a batch; what was met over a family that we lack ourselves by now says nothing."""
        if not batch:
            return
        self.defects[probe] += sum(seen.defect for seen in batch)
        # No proof older than what was met says whose fault it was; silence may hide in facts as well as in failures.
        await self._prove(0.0)
        records = [self.sight.excuse(record) for seen in batch for record in seen.records]
        await asyncio.to_thread(self.spool.record, run, self._sheet(probe, began, records, batch))

    def _sheet(self, probe: str, began: dt.datetime, records: Sequence[Record], looks: Sequence[Look]) -> Sheet:
        complete = frozenset(seen.target for seen in looks if seen.complete)
        return Sheet(probe, self.config.vantage.name, began, self.clock(), tuple(records), complete)


def looks_at_once(limits: Limits) -> int:
    """Return how many looks of one probe keep the wire busy; more would only wait, while their deadlines run."""
    return max(FEWEST, limits.concurrent // limits.per_host_concurrent)


def _chunks(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
