"""Scans of single addresses put together: what is asked about the same ports in the same moment becomes one scan."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from probes.target import Address, Family
from probes.wire import NotLooked, PortLook, PortState

_MOMENT = 0.1
"""Seconds to wait for others that ask about the same ports."""
_TOGETHER = 512
"""Addresses of one scan."""
_AT_ONCE = 256
"""Scans under way at once; others wait."""
_UNANSWERED = frozenset({PortState.FILTERED, PortState.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Swept:
    """What a scan has seen of each address, its ports in the order asked, or why not; and the packets it took."""

    looks: Mapping[Address, tuple[PortLook, ...]]
    gaps: Mapping[Address, NotLooked]
    packets: int


class Sweeper(Protocol):
    """Scans with SYNs; the guard has been asked already."""

    async def can_scan(self) -> bool:
        """Say whether there is anybody to scan for us."""

    async def scan(self, addresses: Sequence[Address], ports: Sequence[int], *, rate: float, per_host: float) -> Swept:
        """Look at *ports* of *addresses*, all of one family, at most *rate* and *per_host* packets a second."""


@dataclass(frozen=True, slots=True)
class Swath:
    """What a scan has seen of one address, or why not, and its share of the packets that asked again."""

    looks: tuple[PortLook, ...] | NotLooked
    again: int


@dataclass(frozen=True, slots=True)
class _Asked:
    family: Family
    ports: tuple[int, ...]
    rate: float
    per_host: float


@dataclass(slots=True, eq=False)
class _Batch:
    task: asyncio.Task[None]
    waiting: dict[Address, asyncio.Future[Swath]] = field(default_factory=dict)

    def left(self, _: object) -> None:
        """End the scan when nobody waits for it any more."""
        if all(each.cancelled() for each in self.waiting.values()):
            self.task.cancel()


class Gathering:
    """Asks *sweeper* for many at once."""

    def __init__(self, sweeper: Sweeper) -> None:
        self._sweeper = sweeper
        self._open: dict[_Asked, _Batch] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def scan(self, address: Address, ports: Sequence[int], *, rate: float, per_host: float) -> Swath:
        """Look at *ports* of *address*."""
        asked = _Asked(Family.of(address), tuple(ports), rate, per_host)
        batch = self._open.get(asked)
        if batch is None or address in batch.waiting or len(batch.waiting) >= _TOGETHER:
            batch = self._open[asked] = self._batch(asked)
        told = batch.waiting[address] = asyncio.get_running_loop().create_future()
        told.add_done_callback(batch.left)
        try:
            await asyncio.wait((told, batch.task), return_when=asyncio.FIRST_COMPLETED)
            if not told.done():
                batch.task.result()
            swath: Swath = told.result()
            return swath
        finally:
            told.cancel()

    def _batch(self, asked: _Asked) -> _Batch:
        async def begin() -> None:
            await asyncio.sleep(_MOMENT)
            async with self._places:
                if self._open.get(asked) is batch:
                    del self._open[asked]
                await self._run(asked, {each: told for each, told in batch.waiting.items() if not told.done()})

        batch = _Batch(asyncio.create_task(begin()))
        self._running.add(batch.task)
        batch.task.add_done_callback(self._running.discard)
        return batch

    async def _run(self, asked: _Asked, waiting: Mapping[Address, asyncio.Future[Swath]]) -> None:
        if not waiting:
            return
        try:
            swept = await self._sweeper.scan(tuple(waiting), asked.ports, rate=asked.rate, per_host=asked.per_host)
        except NotLooked as refusal:
            if len(waiting) > 1:  # one that may not be looked at must not hide the others
                for address, told in waiting.items():
                    await self._run(asked, {address: told})
                return
            swept = Swept({}, dict.fromkeys(waiting, refusal), 0)
        again = _shares(swept, len(asked.ports))
        for address, told in waiting.items():
            if not told.done():
                told.set_result(Swath(swept.gaps.get(address) or swept.looks[address], again[address]))


def _shares(swept: Swept, ports: int) -> dict[Address, int]:
    """Return how many packets asked each address again: those who did not answer, as much as they did not."""
    unanswered = {address: sum(look.state in _UNANSWERED for look in looks) for address, looks in swept.looks.items()}
    unanswered.update(dict.fromkeys(swept.gaps, ports))
    again = max(0, swept.packets - ports * len(unanswered))
    weight, shares, given = sum(unanswered.values()), {}, 0
    for address, count in unanswered.items():
        shares[address] = again * count // weight if weight else 0
        given += shares[address]
    first = next(iter(shares))
    return {**shares, first: shares[first] + again - given}
