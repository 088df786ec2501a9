"""The packet process's own pace: so many packets a second in all, and so many to one address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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

Slots = NDArray[np.int64]
"""Addresses by their places in the columns of a pace."""


@dataclass(slots=True)
class Turn:
    """Whose turn it is at one address; *slot* is its place in the columns of all."""

    slot: int
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
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
        # The gaps are longer by what may be made good: no second sees more than its due.
        self._gap, self._address_gap = ((1 + _TOLERANCE + _HAIR) / rate for rate in (overall, per_address))
        self._clock, self._sleep = clock, sleep
        self._everyone = asyncio.Lock()
        self._queued, self._free_at = 0, 0.0
        self._turns: dict[Address, Turn] = {}
        self._slots: list[int] = []
        self._free_from = np.zeros(0)
        self._singles = np.zeros(0, np.int64)

    @asynccontextmanager
    async def turn(self, address: Address) -> AsyncIterator[None]:
        """Wait until one packet may leave for *address*; send it inside, without waiting for anything else.

        Raises:
            NotLooked: OVERLOADED, because too many are waiting.
        """
        turn = self._taken(address)
        self._singles[turn.slot] += 1
        try:
            async with turn.lock:
                while (free_from := float(self._free_from[turn.slot])) > self._clock():  # a scan may have gone first
                    await self._wait_until(free_from)
                await self._queue()
                self._free_from[turn.slot] = self._clock() + self._address_gap
                yield
        finally:
            self._singles[turn.slot] -= 1
            turn.users -= 1
            self._forget()

    @contextmanager
    def many(self, addresses: Iterable[Address]) -> Iterator[Slots]:
        """Keep the slots of *addresses* for many packets, which `free` and `claim` let out without waiting."""
        turns = [self._taken(address) for address in addresses]
        try:
            yield np.array([turn.slot for turn in turns], np.int64)
        finally:
            for turn in turns:
                turn.users -= 1
            self._forget()

    def free(self, slots: Slots) -> tuple[int, float]:
        """Return for how many of *slots*, from the first, it is time now, and when it is for the one after."""
        now = self._clock()
        count = self._ready(slots, now)
        if count == len(slots):
            return count, now
        free_from = float(self._free_from[slots[count]])
        return count, free_from if free_from > now else now + self._address_gap

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

    def claim(self, slots: Slots, gap: float = 0.0) -> int:
        """Count a packet at each of *slots*, none twice, from the first until one is not free; return how many.

        Packets to one address are at least *gap* seconds apart, but for late ones made good.
        """
        now = self._clock()
        claimed = slots[: self._ready(slots, now)]
        self._free_from[claimed] = np.maximum(self._free_from[claimed], now - _TOLERANCE) + max(gap, self._address_gap)
        return len(claimed)

    def _ready(self, slots: Slots, now: float) -> int:
        """Return for how many, from the first, it is time; who waits for a single packet goes before."""
        busy = (self._free_from[slots] > now) | (self._singles[slots] > 0)
        return int(np.argmax(busy)) if busy.any() else len(slots)

    def _taken(self, address: Address) -> Turn:
        if (turn := self._turns.get(address)) is None:
            if not self._slots:
                size = len(self._free_from)
                grown = max(64, size)
                self._free_from = np.concatenate([self._free_from, np.zeros(grown)])
                self._singles = np.concatenate([self._singles, np.zeros(grown, np.int64)])
                self._slots.extend(range(size + grown - 1, size - 1, -1))
            turn = self._turns[address] = Turn(self._slots.pop())
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
            for address, turn in list(self._turns.items()):
                if not turn.users and self._free_from[turn.slot] <= now:
                    del self._turns[address]
                    self._free_from[turn.slot] = 0.0
                    self._slots.append(turn.slot)
