"""The packet process's own pace: so many packets a second in all, and so many to one address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from probes.observation import GapReason
from probes.target import Address
from probes.wire import NotLooked

QUEUE_LIMIT = 10.0
"""Longest a packet may wait for the pace of all, in seconds."""
_TOLERANCE = 0.02
"""Seconds a late wake-up may be made good."""
_HAIR = 0.001
"""How much longer than need be the gaps are, so that rounding never puts one packet too many into a second."""
_REMEMBERED = 4096


@dataclass(slots=True)
class Turn:
    """Whose turn it is at one address."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    users: int = 0


class Pace:
    """Spaces packets evenly, first come first served. Rates are packets per second."""

    def __init__(
        self,
        overall: float,
        per_address: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        # The gaps of all are longer by what may be made good: no second sees more than its due.
        self._gap, self._address_gap = (1 + _TOLERANCE + _HAIR) / overall, (1 + _HAIR) / per_address
        self._clock, self._sleep = clock, sleep
        self._everyone = asyncio.Lock()
        self._queued, self._free_at = 0, 0.0
        self._turns: dict[Address, Turn] = {}
        self._bulk_gap = (1 + _TOLERANCE + _HAIR) / per_address

    @asynccontextmanager
    async def turn(self, address: Address) -> AsyncIterator[None]:
        """Wait until one packet may leave for *address*; send it inside, without waiting for anything else.

        Raises:
            NotLooked: OVERLOADED, because too many are waiting.
        """
        turn = self._taken(address)
        try:
            async with turn.lock:
                while turn.free_at > self._clock():  # a scan may have gone first meanwhile
                    await self._wait_until(turn.free_at)
                await self._queue()
                turn.free_at = self._clock() + self._address_gap
                yield
        finally:
            turn.users -= 1
            self._forget()

    @contextmanager
    def many(self, addresses: Iterable[Address]) -> Iterator[list[Turn]]:
        """Keep the turns of *addresses* for many packets, which `free` and `claim` let out without waiting."""
        turns = [self._taken(address) for address in addresses]
        try:
            yield turns
        finally:
            for turn in turns:
                turn.users -= 1
            self._forget()

    def free(self, turns: Iterable[Turn]) -> tuple[int, float]:
        """Return for how many of *turns*, from the first, it is time now, and when it is for the one after."""
        now, count = self._clock(), 0
        for turn in turns:
            if turn.free_at > now:
                return count, turn.free_at
            if turn.lock.locked():  # who waits for a single packet goes first
                return count, now + self._address_gap
            count += 1
        return count, now

    async def burst(self, most: int) -> int:
        """Wait until packets may leave for anyone; return how many, one to *most*, all counted as sent."""
        self._queued += 1
        try:
            async with self._everyone:
                await self._wait_until(self._free_at)
                now = self._clock()
                begin = max(now - _TOLERANCE, self._free_at)
                count = max(1, min(most, int((now - begin) / self._gap) + 1))
                self._free_at = begin + count * self._gap
                return count
        finally:
            self._queued -= 1

    def claim(self, turns: Iterable[Turn], gap: float = 0.0) -> int:
        """Count a packet at each of *turns*, from the first, until one is not free; return how many.

        Packets to one address are at least *gap* seconds apart, but for late ones made good.
        """
        now, count, gap = self._clock(), 0, max(gap, self._bulk_gap)
        earliest = now - _TOLERANCE
        for turn in turns:
            if turn.free_at > now or turn.lock.locked():
                break
            turn.free_at = (turn.free_at if turn.free_at > earliest else earliest) + gap
            count += 1
        return count

    def _taken(self, address: Address) -> Turn:
        turn = self._turns.setdefault(address, Turn())
        turn.users += 1
        return turn

    async def _queue(self) -> None:
        if self._queued * self._gap > QUEUE_LIMIT:
            raise NotLooked(GapReason.OVERLOADED, f"{self._queued} packets are waiting")
        self._queued += 1
        try:
            async with self._everyone:
                await self._wait_until(self._free_at)
                self._free_at = max(self._clock() - _TOLERANCE, self._free_at) + self._gap
        finally:
            self._queued -= 1

    async def _wait_until(self, moment: float) -> None:
        if (wait := moment - self._clock()) > 0:
            await self._sleep(wait)

    def _forget(self) -> None:
        if len(self._turns) > _REMEMBERED:
            now = self._clock()
            self._turns = {address: turn for address, turn in self._turns.items() if turn.users or turn.free_at > now}
