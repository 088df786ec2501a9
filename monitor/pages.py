"""The page of metrics, drawn again when something changed, and never while somebody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from zoneinfo import ZoneInfo

from exporters.chore import Chore
from exporters.exposition import Page
from exporters.metrics import Cache
from exporters.posture import Posture
from monitor.chores import Chores

PAUSE = 5.0
"""Seconds between two drawings at least."""

STALE = 60.0
"""Seconds after which the page is drawn again though nothing is known to have changed: deadlines pass by themselves."""


class Pages:
    """Keeps the page; *seconds* is how long the last drawing took, None before the first."""

    def __init__(self, zone: ZoneInfo, chores: Chores, *, pause: float = PAUSE) -> None:
        self._zone, self._chores, self._pause = zone, chores, pause
        self._cache = Cache()
        self._outdated = asyncio.Event()
        self.page, self.seconds = Page(), None

    page: Page
    seconds: float | None

    def outdated(self) -> None:
        """Say that the posture has changed."""
        self._outdated.set()

    async def keep_drawn(self, posture: Callable[[], Posture]) -> None:
        """Draw the page whenever it is outdated, until cancelled; what could not be drawn stays outdated."""
        while True:
            self._outdated.clear()
            if not await self._chores.attempt(Chore.PAGE, lambda: self._draw(posture)):
                self.outdated()
            await asyncio.sleep(self._pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._outdated.wait(), STALE)

    async def _draw(self, posture: Callable[[], Posture]) -> None:
        began = time.monotonic()
        self.page = await asyncio.to_thread(self._drawn, posture)
        self.seconds = time.monotonic() - began

    def _drawn(self, posture: Callable[[], Posture]) -> Page:
        now = posture()
        return self._cache.draw(now, now.at.astimezone(self._zone).date())
