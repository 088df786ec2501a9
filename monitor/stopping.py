"""Obeying the order to stop: what may send falls silent at once, and whoever else is to know is told after that."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from monitor.halt import HaltFile
from monitor.switch import Switch
from probes.wire import NotLooked
from probes.wire.packets.client import PacketClient

log = logging.getLogger(__name__)

GLANCE = 0.25
"""Seconds between two looks at the order: the wire is to be silent within a second of it."""


class Obedience:
    """Turns *switch* as *file* orders, and tells *others* of each turn, true for a stop, without waiting for them."""

    def __init__(self, file: HaltFile, switch: Switch, others: Callable[[bool], Awaitable[object]]) -> None:
        self._file, self._switch, self._others = file, switch, others
        self._held = self._stopped = False
        self._telling: asyncio.Task[None] | None = None

    async def watch(self) -> None:
        """Do as is ordered, from now on until cancelled."""
        while True:
            self.glance()
            await asyncio.sleep(GLANCE)

    def glance(self) -> None:
        """Do as is ordered at this moment."""
        ordered = self._held or self._file.ordered()
        if ordered == self._stopped:
            return
        self._stopped = ordered
        if ordered:
            self._switch.stop()
        else:
            self._switch.resume()
        # Who is still being told the opposite need not hear the end of it.
        if self._telling is not None:
            self._telling.cancel()
        self._telling = asyncio.create_task(self._tell(ordered))

    def order(self, who: str, at: dt.datetime) -> None:
        """Stop, and give the order for it; where that cannot be kept, it holds until lifted or we end."""
        try:
            self._file.give(who, "", at)
        except OSError as fault:
            log.warning("probing stops until it is resumed or we end: %s", fault)
            self._held = True
        self.glance()

    def lift(self) -> None:
        """Take the order back.

        Raises:
            OSError: it cannot be removed.
        """
        self._held = False
        try:
            self._file.lift()
        finally:
            self.glance()

    async def _tell(self, stopped: bool) -> None:
        try:
            await self._others(stopped)
        except Exception:
            log.exception("not everybody could be told to %s", "stop" if stopped else "resume")


@asynccontextmanager
async def halting(file: HaltFile, switch: Switch, packets: PacketClient) -> AsyncIterator[None]:
    """Within this, *switch* and *packets* do as *file* orders."""
    obedience = Obedience(file, switch, lambda stopped: tell(packets, stopped))
    task = asyncio.create_task(obedience.watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def tell(packets: PacketClient, stopped: bool) -> None:
    """Have the packet process stop or go on; without one there is nobody to tell."""
    with suppress(NotLooked):
        await (packets.stop() if stopped else packets.resume())
