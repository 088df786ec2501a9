"""Campaigns: a probe claims the targets that are due, and has them looked at as one batch."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from monitor.clock import Clock
from monitor.desk import Desk
from monitor.quiet import Rest
from monitor.revisit import STEADY, Standing, next_due, settle
from monitor.settings.schedule import SHORTEST, Schedule
from monitor.spread import fraction
from monitor.store import Appointment, Store, StoreUnavailable
from probes.registry import Probe
from probes.target import Target

log = logging.getLogger(__name__)

BATCH = 200
"""Targets handed out at once: after a pause the rest follows tick by tick, not in a burst."""

AFTER_QUIET = 300.0
"""Seconds over which the looks put off by quiet hours are spread when these end."""

Haste = Callable[[Target], float]


def unhurried(_: Target) -> float:
    """Leave the time between two looks as it is."""
    return 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is looked at, by which probes, when, and from which vantage; "" leaves open from where.

    *haste* says for a moment what an emergency multiplies the time between two looks at a target with, 0..1.
    """

    targets: Mapping[str, Target]
    probes: Mapping[str, Probe]
    schedule: Schedule
    zone: dt.tzinfo
    vantage: str = ""
    haste: Callable[[dt.datetime], Haste] = lambda _: unhurried

    def every(self, probe: str) -> float:
        """Return the usual seconds between two looks."""
        return self.schedule.cadence(probe).every or self.probes[probe].every

    def next_due(
        self, probe: str, host: str, standing: Standing, now: dt.datetime, haste: Haste = unhurried
    ) -> dt.datetime:
        """Return when *host* is due again after a look *now* that left it with *standing*."""
        revisit, jitter = self.schedule.revisit, self.schedule.cadence(probe).jitter
        every = self.every(probe)
        if self.probes[probe].steady:
            return next_due(now, probe, host, every=every, standing=standing, revisit=STEADY, jitter=jitter)
        hurried = every * haste(self.targets[host]) if host in self.targets else every
        soon = min(every, max(SHORTEST, hurried))
        return next_due(now, probe, host, every=soon, standing=standing, revisit=revisit, jitter=jitter)

    def wakes(self, probe: str, host: str, now: dt.datetime) -> dt.datetime:
        """Return when *host*, asleep, is to be looked at: soon after its quiet hours, and not all at once."""
        end = Rest(self.schedule.quiet, self.zone).until(self.targets[host], now) if host in self.targets else None
        return (end or now) + dt.timedelta(seconds=AFTER_QUIET * fraction(probe, host))


class Campaigns:
    """The campaigns of a plan, one tick at a time; `monitor.scheduler` says when.

    *run_batch* looks at some targets with a probe and returns those it left alone, being in quiet hours; *standing_of*
    says how urgent a target is after that. *defects* counts, by probe, the batches that ended in an error of ours.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        run_batch: Callable[[Probe, Sequence[str]], Awaitable[Collection[str]]],
        standing_of: Callable[[str], Standing],
        clock: Clock,
        *,
        batch: int = BATCH,
    ) -> None:
        self.plan, self.clock, self.desk = plan, clock, Desk(store, self._suited)
        self.defects: Counter[str] = Counter()
        self._store, self._run_batch, self._standing_of = store, run_batch, standing_of
        self._batch = batch
        self._soon: dict[tuple[str, str], dt.datetime] = {}

    async def adopt(self, plan: Plan) -> None:
        """Go on with another plan; what is running ends by the old one.

        Raises:
            StoreUnavailable: the schedule could not be written; the old plan stays.
        """
        targets, probes = list(plan.targets.values()), list(plan.probes.values())
        await asyncio.to_thread(self._store.sync, targets, probes, self.clock.now(), vantage=plan.vantage)
        self.plan = plan

    async def hasten(self, probes: Mapping[str, Collection[str]], at: dt.datetime) -> None:
        """Have targets looked at from *at* on, if not sooner; *probes* names for each those that are to look.

        Steady probes keep their pace.
        """
        plan = self.plan.probes
        probes = {
            target: [name for name in names if name in plan and not plan[name].steady]
            for target, names in probes.items()
        }
        for target, names in probes.items():
            self._soon.update({(name, target): at for name in names if self.desk.holds(name, target)})
        await asyncio.to_thread(self.desk.hasten, probes, at)

    async def tick(self, name: str) -> None:
        """Claim who is due for a probe, look at them, and say when each is due again."""
        plan, now = self.plan, self.clock.now()
        if name not in plan.probes:
            return
        claimed = await asyncio.to_thread(self.desk.claim, name, now, self._batch)
        try:
            if claimed:
                asleep = await self._look(plan.probes[name], claimed)
                await asyncio.to_thread(self._reschedule, plan, name, claimed, asleep)
        except asyncio.CancelledError:
            self.desk.release(name, claimed)
            raise

    async def shift(self, step: dt.timedelta) -> None:
        """Move every appointment by *step*, as the clock was set: none falls due for it, and none is put off."""
        self._soon = {pair: at + step for pair, at in self._soon.items()}
        await asyncio.to_thread(self.desk.shift, step)

    async def _look(self, probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        """Have *hosts* looked at; return those left alone."""
        try:
            return await self._run_batch(probe, hosts)
        except StoreUnavailable as unavailable:
            log.warning("%s: what was seen of %d targets could not be kept: %s", probe.name, len(hosts), unavailable)
        except Exception:
            # Our defect, and not the targets' fault: they get their next appointment like after any look.
            log.exception("a batch of %s over %d targets failed", probe.name, len(hosts))
            self.defects[probe.name] += 1
        return ()

    def _reschedule(self, plan: Plan, name: str, hosts: Sequence[str], asleep: Collection[str]) -> None:
        now, before = self.clock.now(), self._standings(name, hosts)
        haste = plan.haste(now)
        appointments: list[Appointment] = []
        for host in hosts:
            if host in asleep:
                appointments.append(Appointment(host, plan.wakes(name, host, now), before.get(host, "")))
                continue
            standing = settle(before.get(host), self._standing_of(host))
            due = plan.next_due(name, host, standing, now, haste)
            due = min(due, self._soon.pop((name, host), due))
            appointments.append(Appointment(host, due, standing.value))
        self.desk.give_back(name, appointments)

    def _standings(self, name: str, hosts: Collection[str]) -> Mapping[str, Standing]:
        try:
            known = self._store.standings(name, hosts)
        except StoreUnavailable:
            return {}
        return {host: Standing(standing) for host, standing in known.items() if standing}

    def _suited(self, probe: str) -> list[str]:
        chosen = self.plan.probes.get(probe)
        return [host for host, target in self.plan.targets.items() if chosen is not None and chosen.suits(target)]
