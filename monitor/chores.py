"""What is done again and again while the daemon runs; a chore that fails is told of, counted, and tried again."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from exporters.chore import Chore
from monitor.store import StoreUnavailable

log = logging.getLogger(__name__)


class Chores:
    """Does chores; *defects* counts, for each, how often it ended in an error of ours."""

    def __init__(self) -> None:
        self.defects: Counter[str] = Counter(dict.fromkeys(Chore, 0))
        self._put_off: set[Chore] = set()

    async def attempt(self, chore: Chore, act: Callable[[], Awaitable[object]]) -> bool:
        """Do *act* once, and say whether it was done."""
        try:
            await act()
        except StoreUnavailable as trouble:
            if chore not in self._put_off:
                log.warning("%s: put off: %s", chore, trouble)
            self._put_off.add(chore)
            return False
        except Exception:
            log.exception("%s failed", chore)
            self.defects[chore] += 1
            return False
        self._put_off.discard(chore)
        return True

    async def insist(self, chore: Chore, act: Callable[[], Awaitable[object]], seconds: float) -> None:
        """Do *act* once; where that fails, again every *seconds*."""
        while True:
            if await self.attempt(chore, act):
                return
            await asyncio.sleep(seconds)

    async def repeat(
        self, chore: Chore, act: Callable[[], Awaitable[object]], seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        """Do *act* every *seconds*, and when *wake* is set, until cancelled; not at once."""
        waiting = wake or asyncio.Event()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiting.wait(), seconds)
            waiting.clear()
            await self.attempt(chore, act)
