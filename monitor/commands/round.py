"""One whole round, now."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from exporters.posture import Posture
from monitor.configuration import Known
from monitor.outfit import equip, packet_process
from monitor.store import Store
from monitor.tower import Tower, Watch


async def run_round(
    directory: Path, known: Known, store: Store, targets: Sequence[str] | None, watch: Watch
) -> Posture:
    """Look at *targets* (all, if None), judge and confirm, keep the day's figures, and return how the city stands."""
    async with packet_process(directory, Path(known.config.daemon.packets_socket)) as socket:
        outfit = equip(known.config, socket)
        live, ahead = outfit.live, outfit.foresight
        tower = Tower(known.config, store, known.rules, known.probes, live.for_target, _utc, live.memo.forget, ahead)
        probes = list(tower.probes.values())
        await asyncio.to_thread(store.sync, list(known.config.targets.values()), probes, _utc())
        await asyncio.to_thread(tower.remember)
        await tower.round(targets or None, watch)
        await asyncio.to_thread(tower.snapshot)
    return await asyncio.to_thread(tower.posture)


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
