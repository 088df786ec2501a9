"""The daemon: the tower kept running, its posture served, and what an operator signals to it.

SIGHUP reads the configuration again, SIGUSR1 stops all probing within a second, SIGUSR2 lets it go on, SIGTERM ends.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.metadata
import logging
import signal
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporters.chore import Chore
from exporters.metrics_app import MetricsApp
from exporters.metrics_process import DaemonState, OwnMetrics
from monitor.attending import Attending
from monitor.bookkeeping import EVERY, Books
from monitor.campaign import Campaigns
from monitor.chores import Chores
from monitor.clock import SystemClock
from monitor.configuration import Known
from monitor.halt import Halt
from monitor.in_force import InForce, plan_of
from monitor.pages import Pages
from monitor.revisit import Standing
from monitor.scheduler import Scheduler
from monitor.serving import serving
from monitor.signals import Signals
from monitor.spool import Spool
from monitor.stopping import Obedience, tell
from monitor.store import Store, StoreUnavailable
from monitor.switch import Switch
from monitor.tally import Tally
from monitor.tower import SELF
from probes.registry import Probe
from probes.wire.notify import Notifier

log = logging.getLogger(__name__)

KEEPING = 3600.0
"""Seconds between two times the day's figures are written down."""

AGEING = 3600.0
"""Seconds between two times everyone is judged again, at most; a quarter of the time facts count, if that is less."""

COUNTING = 5.0
"""Seconds between two glances at what is counted elsewhere."""

BY_SIGNAL = "signal"
"""Who did what a signal told us to: nobody signs those."""

CONFIRMING = dt.timedelta(minutes=5)
"""How soon what was met for the first time is looked at again."""


class Daemon:
    """One running tower over the configuration in *directory*, which was read as *known*."""

    def __init__(self, directory: Path, known: Known) -> None:
        self._directory, self._known = directory, known
        self._clock, self._ending, self._doubt = SystemClock(), asyncio.Event(), asyncio.Event()
        self._registry = CollectorRegistry()
        self._own = OwnMetrics(self._registry, [name for name in known.probes if name != SELF], self._state)
        self._chores = Chores()
        self._pages = Pages(known.config.daemon.time_zone, self._chores)
        self._switch, self._halt = Switch(), known.halt_file(directory)
        self._backlog: Mapping[str, int] = {}

    async def run(self) -> None:
        """Run until told to end.

        Raises:
            StoreUnavailable: the store cannot be opened.
            Unequipped: the authorities cannot be read, or the metrics not be served where they should.
        """
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        # A word on every table it finds in order would hide those on what is not.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        config, notifier = self._known.config, Notifier()
        async with AsyncExitStack() as stack:
            store = await asyncio.to_thread(Store.open, config.daemon.store_url, zone=config.daemon.time_zone)
            stack.callback(store.close)
            stack.callback(notifier.stopping)
            self._store, self._spool = store, Spool(store)
            stack.callback(self._spool.flush)
            self._in_force = InForce(self._directory, self._known, store, self._spool, self._clock.now, self._switch)
            self._books = Books(self._in_force.ledger, store)
            stack.push_async_callback(self._chores.attempt, Chore.LEDGER, self._books.keep)
            stack.callback(self._switch.stop)
            plan = plan_of(self._known, self._in_force.tower)
            self._campaigns = Campaigns(store, plan, self._batch, self._standing, self._clock)
            self._scheduler = Scheduler(self._campaigns, self._doubt.set)
            self._attending = Attending(store, self._in_force, self._campaigns, self._clock, self._changed)
            self._tally = Tally(
                (self._own.defects, lambda: self._in_force.defects + self._campaigns.defects),
                (self._own.misses, lambda: self._scheduler.missed),
                (self._own.chores, lambda: self._chores.defects),
                (self._own.sent, lambda: {what.value: sent for what, sent in self._in_force.ledger.counts.items()}),
            )
            self._tally.pass_on()
            self._obedience = Obedience(self._halt, self._switch, self._turned)
            if self._halt.ordered():
                # Not one packet between here and the first glance at the order.
                self._switch.stop()
            await self._scheduler.start()
            stack.push_async_callback(self._scheduler.stop)
            app = MetricsApp(lambda: self._pages.page, self._registry, self._writable)
            await stack.enter_async_context(serving(app, config.daemon.metrics))
            await stack.enter_async_context(self._attending.listening(config.alerting.inbox))
            tasks = [asyncio.create_task(each) for each in (*self._work(), notifier.keep_alive())]
            stack.callback(lambda: [task.cancel() for task in tasks])
            self._listen()
            notifier.ready(f"{len(config.targets)} targets")
            log.info("watching %d targets, metrics at %s", len(config.targets), config.daemon.metrics)
            await self._ending.wait()

    # --- what campaigns do ---------------------------------------------------------------------------------

    async def _batch(self, probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        """Look at *hosts*, judge them, and have a second look soon at what is new; return those left alone."""
        asleep = await self._in_force.tower.lookout.look(probe, hosts)
        self._own.looks.labels(probe.name).inc(len(hosts) - len(asleep))
        # Not by the configuration the look began under: another may have come into force.
        unsettled = await self._in_force.tower.city.judge(hosts)
        self._pages.outdated()
        if unsettled:
            await self._campaigns.hasten(unsettled, self._clock.now() + CONFIRMING)
        return asleep

    def _standing(self, host: str) -> Standing:
        """Say how urgent *host* is: by its worst open finding, and dark when nothing of it answers."""
        posture = self._in_force.tower.city.host(host)
        if posture is None:
            return Standing.CLEAN
        levels = [finding.level for finding in posture.findings if not finding.waived]
        dark = bool(posture.looks) and all(look.seconds is None for look in posture.looks if look.probe == "tcp_ports")
        return Standing.of(min(levels, key=lambda level: level.rank, default=None), dark=dark)

    # --- what is done again and again ----------------------------------------------------------------------

    def _work(self) -> Sequence[Coroutine[None, None, None]]:
        """Return what goes on beside the campaigns until it is cancelled."""
        ageing = min(AGEING, self._known.config.policy.freshness / 4)
        return (
            self._keep_drawn(),
            self._chores.repeat(Chore.DAY, self._keep_day, KEEPING),
            self._chores.repeat(Chore.AGE, self._age, ageing, self._doubt),
            self._chores.repeat(Chore.COUNT, self._count, COUNTING),
            self._chores.repeat(Chore.LEDGER, self._books.keep, EVERY),
            self._chores.repeat(Chore.CLAIM, self._look_into_claims, COUNTING),
            self._chores.repeat(Chore.ALERT, self._attending.climb, COUNTING),
            self._chores.repeat(Chore.EMERGENCY, self._attending.mind_the_emergency, COUNTING),
            self._obedience.watch(),
        )

    async def _keep_drawn(self) -> None:
        """Draw no page before everyone is on it: half a city looks like another one."""
        await self._chores.insist(Chore.PAGE, lambda: self._in_force.tower.city.remember(), COUNTING)
        await self._pages.keep_drawn(lambda: self._in_force.tower.posture())

    async def _keep_day(self) -> None:
        tower = self._in_force.tower
        await asyncio.to_thread(lambda: tower.almanac.write(tower.posture()))
        await asyncio.to_thread(tower.almanac.prune, self._clock.now())

    async def _age(self) -> None:
        if await asyncio.to_thread(self._in_force.superseded):
            await self._reload()
        await self._in_force.tower.city.grow_old()
        self._pages.outdated()

    async def _count(self) -> None:
        self._tally.pass_on()
        self._backlog = await asyncio.to_thread(self._store.backlog, self._clock.now())

    async def _look_into_claims(self) -> None:
        """Answer claims of what was mended that a look has decided, and have the others looked at now."""
        claims, now = self._in_force.tower.claims, self._clock.now()
        if await asyncio.to_thread(claims.settle, now):
            self._pages.outdated()
        if waiting := await asyncio.to_thread(claims.waiting, now):
            await self._campaigns.hasten(waiting, now)

    def _changed(self, anew: bool) -> None:
        """Take in that something under way changed, and have everyone judged *anew* where that may change verdicts."""
        self._pages.outdated()
        if anew:
            self._doubt.set()

    # --- what an operator signals --------------------------------------------------------------------------

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        acts = {signal.SIGHUP: self._reload, signal.SIGUSR1: self._order, signal.SIGUSR2: self._lift}
        self._signals = Signals(self._chores, acts)

    async def _order(self) -> None:
        self._obedience.order(BY_SIGNAL, self._clock.now())

    async def _lift(self) -> None:
        self._obedience.lift()

    async def _turned(self, stopped: bool) -> None:
        """Do what else a stop, or going on, takes: the guards have it behind them."""
        halt = self._halt.read() or Halt(BY_SIGNAL)
        if stopped:
            self._scheduler.pause()
            log.warning("probing was stopped by %s: %s", halt.who, halt.why)
        else:
            self._scheduler.resume()
            log.warning("probing goes on")
        await tell(self._in_force.outfit.packets, stopped)
        if stopped:
            await self._note("stop_scanning", halt.why, halt.who)
        else:
            await self._note("resume_scanning")

    async def _reload(self) -> None:
        taken_up = await self._in_force.reload(self._scheduler.adopt)
        if taken_up:
            self._pages.outdated()
            self._doubt.set()
        await self._note("reload", "taken up" if taken_up else "refused")

    async def _note(self, act: str, detail: str = "", who: str = BY_SIGNAL) -> None:
        """Write *act* into the log of who did what."""
        try:
            await asyncio.to_thread(self._store.audit, who, act, "", detail, at=self._clock.now())
        except StoreUnavailable as trouble:
            log.warning("%s was not noted: %s", act, trouble)

    def _writable(self) -> bool:
        return self._campaigns.desk.trouble is None and self._spool.trouble is None

    def _state(self) -> DaemonState:
        return DaemonState(
            version=importlib.metadata.version("diaolou"),
            configuration_valid=self._in_force.valid,
            configuration_loaded=self._in_force.loaded,
            store_available=self._writable(),
            scanning_stopped=self._switch.stopped,
            draw_seconds=self._pages.seconds,
            clock_jumps=self._scheduler.jumps,
            corrupted_stores=self._store.opened.corrupted,
            unwritten=self._spool.owed,
            unwritten_lost=self._spool.lost,
            backlog=self._backlog,
            undecodable=self._store.undecodable,
        )
