"""The tower: a lookout over a city, and the rounds in which everyone is looked at, judged and looked at again."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from exporters.posture import Posture
from monitor.almanac import Almanac
from monitor.city import City
from monitor.claims import TOWER, Claims
from monitor.lookout import Lookout
from monitor.settings import Config
from monitor.spool import Spool
from monitor.store import Store
from monitor.watch import Watch
from probes.registry import Probe
from probes.target import Target
from probes.wire import BatchWire, Wire
from rules.deed import Deed, Entry
from rules.emergency import ABOUT, Terms, expiry
from rules.rule import Rule

SELF = "vantage_self"


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
        self.config, self.store, self.rules = config, store, rules
        self.probes = {name: probe for name, probe in probes.items() if name != SELF}
        self.spool = spool or Spool(store)
        self.lookout = Lookout(config, probes[SELF], self.spool, wire_for, clock, refresh, batch_wire)
        self.city = City(config, rules, self.probes, store, self.spool, clock)
        self.almanac = Almanac(store, config.daemon)
        self.claims, self.affairs = Claims(store, rules), self.city.affairs
        self._refresh, self._clock = refresh, clock
        self._begun: dt.datetime | None = None

    async def round(self, hosts: Sequence[str] | None = None, watch: Watch | None = None) -> frozenset[str]:
        """Look at *hosts* (all, if None) with every probe, judge them, and confirm what is new.

        Return those that were left alone, being in quiet hours when their turn came.
        """
        self._begun = self._clock()
        everyone = list(self.config.targets) if hosts is None else hosts
        needs: Mapping[str, frozenset[str]] = dict.fromkeys(everyone, frozenset(self.probes))
        asleep: set[str] = set()
        for _ in range(self.config.policy.confirmations):
            if not needs:
                break
            # A second look that met the first one's memory would confirm nothing.
            self._refresh()
            asleep |= await self._look(needs, watch)
            needs = await self.city.judge(list(needs), watch)
        if self.spool.trouble is None:
            await asyncio.to_thread(self.claims.settle, self._clock())
        return frozenset(asleep)

    async def _look(self, needs: Mapping[str, frozenset[str]], watch: Watch | None) -> set[str]:
        """Look at each host with the probes it *needs*, stage by stage; return those left alone."""
        asleep: set[str] = set()
        for stage in sorted({probe.stage for probe in self.probes.values()}):
            looks = [
                self.lookout.look(probe, mine, watch)
                for probe in self.probes.values()
                if probe.stage == stage and (mine := [host for host, names in needs.items() if probe.name in names])
            ]
            asleep.update(*await asyncio.gather(*looks))
        return asleep

    def haste(self, now: dt.datetime) -> Callable[[Target], float]:
        """Return what an emergency multiplies the time between two looks at each target with; 1 outside of one."""
        emergency = self.affairs.emergency(now)

        def of(target: Target) -> float:
            if emergency is None:
                return 1.0
            concerned = emergency.terms.covers(target.host, self.config.addressee(target).agencies)
            return emergency.terms.revisit if concerned else 1.0

        return of

    def concerned(self, terms: Terms) -> Mapping[str, frozenset[str]]:
        """Return the targets that an emergency is about, each with the probes that look at it."""
        return {
            host: frozenset(probe.name for probe in self.probes.values() if probe.suits(target))
            for host, target in self.config.watched.items()
            if terms.covers(host, self.config.addressee(target).agencies)
        }

    def expire(self, now: dt.datetime) -> None:
        """Note that an emergency is over, where that is so and not noted yet."""
        today = now.astimezone(self.config.daemon.time_zone).date()

        def decide(known: Iterable[Entry]) -> list[Deed]:
            noted = expiry((entry.deed for entry in known), today, TOWER, now)
            return [noted] if noted else []

        if decide(self.store.deeds(about=ABOUT)):
            self.store.did(decide, about=ABOUT)

    def posture(self) -> Posture:
        """Return how the city stands."""
        return self.city.posture([self.lookout.sight.health()], self._begun)
