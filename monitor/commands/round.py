"""One whole round, now."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporters.posture import Posture
from monitor.bookkeeping import keeping
from monitor.configuration import Known
from monitor.halt import HaltFile
from monitor.outfit import equip, packet_process
from monitor.stopping import halting
from monitor.store import Store
from monitor.switch import Switch
from monitor.tower import Tower
from monitor.watch import Watch


@dataclass(frozen=True, slots=True)
class Round:
    """How the city stands after a round. *quiet* targets were left alone, *unwritten* records not taken."""

    posture: Posture
    quiet: int
    unwritten: int


async def run_round(
    directory: Path, known: Known, store: Store, targets: Sequence[str] | None, watch: Watch, halted: HaltFile
) -> Round:
    """Look at *targets* (all, if None), judge and confirm, keep the day's figures, and return how the city stands.

    As long as *halted* orders it nothing is sent, and what was to be looked at meanwhile is a gap.

    Raises:
        Unequipped: what the configuration names cannot be read.
        StoreUnavailable: the store takes nothing from the start.
    """
    async with packet_process(directory, Path(known.config.daemon.packets_socket)) as socket:
        outfit = equip(known.config, socket)
        live = outfit.live
        tower = Tower(
            known.config,
            store,
            known.rules,
            known.probes,
            live.for_target,
            _utc,
            live.memo.forget,
            batch_wire=outfit.foresight,
        )
        watched, probes = list(known.config.watched.values()), list(tower.probes.values())
        await asyncio.to_thread(store.sync, watched, probes, _utc(), vantage=known.config.vantage.name)
        switch = Switch()
        switch.govern(live.guard)
        async with keeping(live.guard.ledger, store), halting(halted, switch, outfit.packets):
            quiet = await tower.round(targets, watch)
        await tower.city.remember()
        await asyncio.to_thread(tower.spool.flush)
        posture = await asyncio.to_thread(tower.posture)
        if tower.spool.trouble is None:
            await asyncio.to_thread(tower.almanac.write, posture)
    return Round(posture, len(quiet), tower.spool.owed + tower.spool.lost)


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
