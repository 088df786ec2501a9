"""When campaigns tick: one job a probe, and an eye on the clock."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
from collections import Counter
from collections.abc import Callable, Coroutine

from apscheduler.events import (
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from monitor.campaign import Campaigns, Plan
from monitor.clock import Jumps

log = logging.getLogger(__name__)

TICK = 5.0
"""Seconds between two times a probe asks who is due."""


class Beat(IntervalTrigger):  # type: ignore[misc]
    """A steady beat that does not count through the time it missed, be it a suspend or a clock that was at 1970."""

    def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        """Return the first beat after *now*."""
        following: dt.datetime = super().get_next_fire_time(previous, now)
        if following <= now:
            following += self.interval * ((now - following) // self.interval + 1)
        return following


class Scheduler:
    """Lets each campaign tick, never twice at a time.

    *missed* counts, by probe, ticks that did not take place because the one before was still running or because we
    were too late. *jumped* is called when the clock was set.
    """

    def __init__(self, campaigns: Campaigns, jumped: Callable[[], None] = lambda: None, *, tick: float = TICK) -> None:
        self.missed: Counter[str] = Counter()
        self._campaigns, self._jumped, self._tick = campaigns, jumped, tick
        self._jumps = Jumps(campaigns.clock)
        self._setting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._scheduler.add_listener(self._count_missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        # It tells of every tick, and complains of every skipped one; we count those.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    @property
    def jumps(self) -> int:
        """How often the clock was set while we ran."""
        return self._jumps.count

    async def start(self) -> None:
        """Take up the plan and begin.

        Raises:
            StoreUnavailable: the schedule could not be written.
        """
        await self.adopt(self._campaigns.plan)
        self._scheduler.start()
        self._spawn(self._watch_the_clock())

    async def adopt(self, plan: Plan) -> None:
        """Go on with another plan; what is running ends by the old one.

        Raises:
            StoreUnavailable: the schedule could not be written; the old plan stays.
        """
        await self._campaigns.adopt(plan)
        known = {job.id: job for job in self._scheduler.get_jobs()}
        for name in known.keys() - plan.probes.keys():
            known[name].remove()
        for name in plan.probes.keys() - known.keys():
            self._scheduler.add_job(
                self._beat,
                Beat(seconds=self._tick),
                args=(name,),
                id=name,
                next_run_time=dt.datetime.now(dt.UTC),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=math.ceil(self._tick),
            )

    async def stop(self) -> None:
        """End at once: what is being looked at is cut short and stays due."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        # The scheduler ends in the next turn of the loop, not in this one.
        await asyncio.sleep(0)

    def pause(self) -> None:
        """Hand out no more targets; batches that are out go on."""
        self._scheduler.pause()

    def resume(self) -> None:
        """Hand out targets again, beginning with those that fell due meanwhile."""
        self._scheduler.resume()

    async def _beat(self, name: str) -> None:
        """Run one tick as a task of our own, which `stop` can end and the scheduler need not tell about."""
        await asyncio.wait({self._spawn(self._guarded(name))})

    async def _guarded(self, name: str) -> None:
        try:
            await self._mind_the_clock()
            await self._campaigns.tick(name)
        except Exception:
            log.exception("a tick of %s failed", name)
            self._campaigns.defects[name] += 1

    async def _watch_the_clock(self) -> None:
        # Not a job of the scheduler: it sleeps by the clock on the wall, for a day when that goes back by one.
        while True:
            await asyncio.sleep(min(1.0, self._tick))
            await self._mind_the_clock()

    async def _mind_the_clock(self) -> None:
        async with self._setting:
            step = self._jumps.glance()
            if step is None:
                return
            log.warning("the clock was set by %s", step)
            await self._campaigns.shift(step)
            self._jumped()
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=dt.datetime.now(dt.UTC))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _count_missed(self, event: JobExecutionEvent | JobSubmissionEvent) -> None:
        self.missed[event.job_id] += 1
