"""What is done again and again while the daemon runs; a chore that fails is told of, counted, and tried again."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from monitor.store import StoreUnavailable

log = logging.getLogger(__name__)


class Chores:
    """Does chores by *names*; *defects* counts, for each, how often it ended in an error of ours."""

    def __init__(self, *names: str) -> None:
        self.defects: Counter[str] = Counter(dict.fromkeys(names, 0))
        self._put_off: set[str] = set()

    async def attempt(self, name: str, act: Callable[[], Awaitable[object]]) -> bool:
        """Do *act* once, and say whether it was done."""
        try:
            await act()
        except StoreUnavailable as trouble:
            if name not in self._put_off:
                log.warning("%s: put off: %s", name, trouble)
            self._put_off.add(name)
            return False
        except Exception:
            log.exception("%s failed", name)
            self.defects[name] += 1
            return False
        self._put_off.discard(name)
        return True

    async def insist(self, name: str, act: Callable[[], Awaitable[object]], seconds: float) -> None:
        """Do *act* once; where that fails, again every *seconds*."""
        while True:
            if await self.attempt(name, act):
                return
            await asyncio.sleep(seconds)

    async def repeat(
        self, name: str, act: Callable[[], Awaitable[object]], seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        """Do *act* every *seconds*, and when *wake* is set, until cancelled; not at once."""
        waiting = wake or asyncio.Event()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiting.wait(), seconds)
            waiting.clear()
            await self.attempt(name, act)
