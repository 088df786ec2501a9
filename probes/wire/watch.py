"""One deadline for a whole exchange, and the name of the failure that missing it now would be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.observation import Failure
from probes.wire import Unreached


class Watch:
    """A stop watch by the monotonic clock. *stage* is what running out of time means at the moment."""

    def __init__(self) -> None:
        self.stage = Failure.CONNECTION_TIMEOUT
        self._began = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def lap(self) -> float:
        """Return the seconds since the last lap, and begin another."""
        last, self._last = self._last, time.monotonic()
        return self._last - last


@asynccontextmanager
async def watched(timeout: float) -> AsyncIterator[Watch]:
    """Hold what is done inside to *timeout* seconds in all.

    Raises:
        Unreached: time ran out; also any other raised inside, with its seconds filled in.
    """
    watch = Watch()
    try:
        async with asyncio.timeout(timeout):
            yield watch
    except TimeoutError:
        raise Unreached(watch.stage, f"nothing within {timeout:g} s", watch.seconds) from None
    except Unreached as refusal:
        refusal.seconds = watch.seconds
        raise
