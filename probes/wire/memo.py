"""Measurements that many targets share: taken once, by whoever asks first, and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar, cast

T = TypeVar("T")


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[object]
    waiting: int = 0


class Memo:
    """Results by key, at most *size* of them, each for *lifetime* seconds.

    Those who ask while a measurement runs wait for it. It is ended early only when all of them have gone, so the
    deadline of one target does not spoil another's look. What raised is not kept.
    """

    def __init__(
        self, lifetime: float = 600.0, size: int = 200_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lifetime, self._size, self._clock = lifetime, size, clock
        self._kept: OrderedDict[tuple[str, ...], tuple[float, object]] = OrderedDict()
        self._running: dict[tuple[str, ...], _Running] = {}

    async def once(self, key: tuple[str, ...], measure: Callable[[], Awaitable[T]]) -> T:
        """Return what is known under *key*, measuring it first when nothing is."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            return cast(T, kept[1])
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running(asyncio.ensure_future(self._measure(key, measure)))
        running.waiting += 1
        try:
            return cast(T, await asyncio.shield(running.task))
        finally:
            running.waiting -= 1
            if not running.waiting and not running.task.done():
                running.task.cancel()
                self._forget_running(key, running)

    def knows(self, key: tuple[str, ...]) -> bool:
        """Say whether a result is kept under *key*."""
        kept = self._kept.get(key)
        return kept is not None and kept[0] > self._clock()

    def keep(self, key: tuple[str, ...], result: object) -> None:
        """Keep *result* as if it had been measured now."""
        self._kept[key] = (self._clock() + self._lifetime, result)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def forget(self, key: tuple[str, ...] | None = None) -> None:
        """Drop what is kept under *key*, or everything."""
        if key is None:
            self._kept.clear()
        else:
            self._kept.pop(key, None)

    async def _measure(self, key: tuple[str, ...], measure: Callable[[], Awaitable[object]]) -> object:
        running = self._running[key]
        try:
            result = await measure()
        finally:
            self._forget_running(key, running)
        self.keep(key, result)
        return result

    def _forget_running(self, key: tuple[str, ...], running: _Running) -> None:
        if self._running.get(key) is running:
            del self._running[key]
