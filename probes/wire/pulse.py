"""The pulse of our own event loop: how late it was while something was timed, and when it can take on more.

A loop with too much to do measures its own queue, and not the network. So every timed exchange carries how late the
loop was meanwhile, and exchanges that are to be timed begin only as fast as the loop keeps up with.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

BEAT = 0.02
"""Seconds between two beats; there are none while nothing is timed."""
LATE = 0.05
"""Seconds a beat may be late before nobody but the first in line begins."""
TURNS = 8
"""How many begin at a beat that is in time."""
PATIENCE = 1.0
"""Seconds after which one who waits begins all the same."""


class Span:
    """A stretch of time that began at *now*; *lag* is the most the loop was late within it, in seconds."""

    __slots__ = ("_began", "lag")

    def __init__(self, now: float) -> None:
        self._began, self.lag = now, 0.0

    def note(self, now: float, due: float) -> None:
        """Note that a beat was due at *due* and did not come before *now*; what was before the span is not its own."""
        self.lag = max(self.lag, now - max(due, self._began))


class Pulse:
    """Feels the loop it is used in."""

    def __init__(self) -> None:
        self._spans: set[Span] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._due = self._lag = 0.0
        self._beating = False

    @contextmanager
    def felt(self) -> Iterator[Span]:
        """Feel the pulse while something is timed; the span's lag is whole when this is left."""
        loop = asyncio.get_running_loop()
        span = Span(loop.time())
        self._spans.add(span)
        self._begin()
        try:
            yield span
        finally:
            self._spans.discard(span)
            # A beat that is overdue now counts as well.
            span.note(loop.time(), self._due)

    async def turn(self) -> None:
        """Wait until the loop keeps up with what it has to do, for PATIENCE at the most."""
        if not self._spans or (self._lag <= LATE and not self._waiting):
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._begin()
        await asyncio.wait((turn,), timeout=PATIENCE)
        turn.cancel()

    def _begin(self) -> None:
        if not self._beating:
            self._beating, self._lag = True, 0.0
            self._next()

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + BEAT
        loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        now = asyncio.get_running_loop().time()
        self._lag = now - self._due
        for span in self._spans:
            span.note(now, self._due)
        self._let_begin(TURNS if self._lag <= LATE else 1)
        if self._spans or self._waiting:
            self._next()
        else:
            self._beating = False

    def _let_begin(self, turns: int) -> None:
        while turns and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                turns -= 1
