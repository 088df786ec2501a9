"""How the city stands: every host as last judged, and judged again as what is known of it grows old."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from exporters.posture import Campaign, HostPosture, Posture, VantageHealth
from monitor.affairs import Affairs
from monitor.incidents import Incidents
from monitor.judgement import Judge
from monitor.overview import lately, overview
from monitor.records import Records
from monitor.settings import Config
from monitor.spool import Spool
from monitor.store import Store, StoreUnavailable
from monitor.watch import JUDGING, Unwatched, Watch
from probes.registry import Probe
from rules.rule import Rule

log = logging.getLogger(__name__)

CHUNK = 200
"""Hosts judged in one transaction."""

FEW = 50
"""Hosts judged at once where nobody waits for it."""

REST = 4.0
"""How many times longer than a judgement nobody waits for took the pause after it is."""


class City:
    """The hosts of one configuration, judged by what *store* holds and *spool* still owes it."""

    def __init__(
        self,
        config: Config,
        rules: Mapping[str, Rule],
        probes: Mapping[str, Probe],
        store: Store,
        spool: Spool,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._config, self._rules, self._probes = config, rules, probes
        self._store, self._clock = store, clock
        self.affairs = Affairs(config, store)
        self._judge = Judge(config, rules, store, spool, self.affairs)
        self._records, self._incidents = Records(config, store), Incidents(config, store)
        self._campaigns: Sequence[Campaign] = ()
        self._hosts: dict[str, HostPosture] = {}

    async def remember(self) -> None:
        """Take up how everyone stands by what the store holds; those judged meanwhile stay as they were judged."""
        unknown = [host for host in self._config.targets if host not in self._hosts]
        for chunk in _chunks(unknown, CHUNK):
            standing = await asyncio.to_thread(self._judge.standing, chunk, self._clock())
            self._hosts = {**standing, **self._hosts}

    async def judge(self, hosts: Collection[str], watch: Watch | None = None) -> Mapping[str, frozenset[str]]:
        """Judge *hosts* anew; return those with something to confirm, and the probes that would."""
        watch = watch or Unwatched()
        watch.begin(JUDGING, len(hosts))
        unsettled: dict[str, frozenset[str]] = {}
        for chunk in _chunks(list(hosts), CHUNK):
            judged = await asyncio.to_thread(self._judge.judge, chunk, self._clock())
            self._hosts.update(judged.hosts)
            unsettled.update(judged.unsettled)
            watch.step(JUDGING, len(chunk))
        return unsettled

    async def grow_old(self) -> None:
        """Judge everyone again, a few at a time: facts go stale, certificates end and waivers lapse by themselves."""
        loop = asyncio.get_running_loop()
        for chunk in _chunks(list(self._config.targets), FEW):
            began = loop.time()
            await self.judge(chunk)
            await asyncio.sleep(REST * (loop.time() - began))

    def host(self, name: str) -> HostPosture | None:
        """Return how one host stood when last judged, None before that."""
        return self._hosts.get(name)

    def posture(self, vantages: Sequence[VantageHealth], begun: dt.datetime | None = None) -> Posture:
        """Return how the city stands, seen from *vantages*; what campaigns did before *begun* is left out."""
        now = self._clock()
        hosts = list(self._hosts.values())
        drawn = overview(self._config, self._rules, hosts, self._lately(now, begun), vantages, now)
        return self.affairs.onto(self._incidents.onto(self._records.onto(drawn, now), now), now)

    def _lately(self, now: dt.datetime, begun: dt.datetime | None) -> Sequence[Campaign]:
        """Return what was done lately, or as last read where the store does not answer."""
        try:
            self._campaigns = lately(self._store, self._config, self._probes, now, begun)
        except StoreUnavailable as trouble:
            log.warning("the campaigns could not be read: %s", trouble)
        return self._campaigns


def _chunks(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
