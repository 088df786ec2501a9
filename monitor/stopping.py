"""Obeying the order to stop while something is being looked at: every guard, and the packet process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from monitor.halt import HaltFile, obey
from monitor.switch import Switch
from probes.wire import NotLooked
from probes.wire.packets.client import PacketClient


@asynccontextmanager
async def halting(file: HaltFile, switch: Switch, packets: PacketClient) -> AsyncIterator[None]:
    """Within this, *switch* and *packets* do as *file* orders."""

    async def stop() -> None:
        switch.stop()
        with suppress(NotLooked):
            await packets.stop()

    async def resume() -> None:
        switch.resume()
        with suppress(NotLooked):
            await packets.resume()

    task = asyncio.create_task(obey(file, stop, resume))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
