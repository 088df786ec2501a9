"""The page of metrics, drawn again when something changed, and never while somebody waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from exporters.exposition import Page
from exporters.metrics import Cache
from exporters.posture import Posture
from monitor.store import StoreUnavailable

log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds between two drawings at least."""

STALE = 60.0
"""Seconds after which the page is drawn again though nothing is known to have changed: deadlines pass by themselves."""


class Pages:
    """Keeps the page; *seconds* is how long the last drawing took, None before the first."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone, self._cache = zone, Cache()
        self._outdated = asyncio.Event()
        self._outdated.set()
        self.page, self.seconds = Page(), None

    page: Page
    seconds: float | None

    def outdated(self) -> None:
        """Say that the posture has changed."""
        self._outdated.set()

    async def keep_drawn(self, posture: Callable[[], Posture]) -> None:
        """Draw the page whenever it is outdated, until cancelled."""
        while True:
            self._outdated.clear()
            began = time.monotonic()
            try:
                self.page = await asyncio.to_thread(self._draw, posture)
                self.seconds = time.monotonic() - began
            except StoreUnavailable as trouble:
                log.warning("the page of metrics could not be drawn: %s", trouble)
            await asyncio.sleep(PAUSE)
            try:
                await asyncio.wait_for(self._outdated.wait(), STALE)
            except TimeoutError:
                continue

    def _draw(self, posture: Callable[[], Posture]) -> Page:
        now = posture()
        return self._cache.draw(now, now.at.astimezone(self._zone).date())
