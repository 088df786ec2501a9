"""The tower: looks at targets, keeps what it saw, judges, and knows how the city stands."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from exporters.posture import HostPosture, Posture
from monitor.judgement import Judge
from monitor.settings import Config
from monitor.sight import AGE, Sight
from monitor.situation import posture
from monitor.store import RunId, Store
from probes.framework import Look, sweep
from probes.registry import Probe
from probes.target import Target
from probes.wire import BatchWire, Wire
from probes.wire.sighted import SightedWire
from rules.rule import Rule

log = logging.getLogger(__name__)

BATCH = 100
"""Looks kept in memory before they are written down."""

CHUNK = 200
"""Hosts judged in one transaction."""

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
        batch_wire: BatchWire | None = None,
    ) -> None:
        self.config, self.store, self.rules, self.clock = config, store, rules, clock
        self.probes = {name: probe for name, probe in probes.items() if name != SELF}
        self.sight = Sight(config.vantage, probes[SELF], wire_for)
        self._wire_for, self._refresh, self._batch_wire = wire_for, refresh, batch_wire
        self._judge = Judge(config, rules, store)
        self._hosts: dict[str, HostPosture] = {}
        self._round: dt.datetime | None = None
        self.defects: dict[str, int] = {}

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
        run = await asyncio.to_thread(
            self.store.begin_run, probe.name, self.config.vantage.name, self.clock(), len(targets)
        )
        batch: list[Look] = []
        complete = True
        concurrency = max(1, self.config.limits.concurrent // 2)
        async for seen in sweep(
            probe,
            targets,
            self.config.vantage.name,
            self._sighted,
            concurrency=concurrency,
            batch_wire=self._batch_wire,
        ):
            batch.append(seen)
            complete &= seen.complete
            watch.step(probe.name)
            if len(batch) >= BATCH:
                await self._keep(run, batch)
                batch = []
        await self._keep(run, batch)
        await asyncio.to_thread(self.store.end_run, run, self.clock(), complete=complete)

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

    async def round(self, hosts: Sequence[str] | None = None, watch: Watch | None = None) -> None:
        """Look at *hosts* (all, if None) with every probe, judge them, and confirm what is new."""
        self._round = self.clock()
        everyone = list(self.config.targets) if hosts is None else list(hosts)
        needs = dict.fromkeys(everyone, frozenset(self.probes))
        for _ in range(self.config.policy.confirmations):
            if not needs:
                return
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
        since = {
            probe.name: max(
                now - dt.timedelta(seconds=probe.every), self._round or dt.datetime.min.replace(tzinfo=dt.UTC)
            )
            for probe in self.probes.values()
        }
        return posture(
            now,
            self.config.daemon.city,
            self.config.tree,
            self.config.policy,
            [host for name, host in self._hosts.items() if name in self.config.targets],
            [campaign for campaign in self.store.campaigns(since) if campaign.probe != SELF],
            [self.sight.health()],
            {rule.id: rule.title for rule in self.rules.values()},
        )

    def _sighted(self, target: Target) -> Wire:
        return SightedWire(self._wire_for(target), self.sight.families)

    async def _prove(self, age: float) -> None:
        seen = await self.sight.prove(age)
        if seen is not None:
            await self._keep_self(seen)

    async def _keep_self(self, seen: Look) -> None:
        run = await asyncio.to_thread(self.store.begin_run, SELF, self.config.vantage.name, self.clock(), 1)
        await asyncio.to_thread(self.store.record, run, seen.records, [seen.target] if seen.complete else [])
        await asyncio.to_thread(self.store.end_run, run, self.clock(), complete=seen.complete)

    async def _keep(self, run: RunId, batch: Sequence[Look]) -> None:
        """Write down a batch; what was met over a family that we lack ourselves by now says nothing."""
        if not batch:
            return
        for seen in batch:
            if seen.defect:
                self.defects[seen.probe] = self.defects.get(seen.probe, 0) + 1
        await self._prove(1.0)
        records = [self.sight.excuse(record) for seen in batch for record in seen.records]
        complete = [seen.target for seen in batch if seen.complete]
        await asyncio.to_thread(self.store.record, run, records, complete)


def _chunks(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
