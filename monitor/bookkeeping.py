"""Bookkeeping: what the wire has sent is written into the store while it goes on, and once more at the end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from monitor.store import Store, StoreUnavailable
from probes.wire.ledger import Ledger, Line

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two times the ledger is written down."""

MOST = 200_000
"""Lines kept in memory while the store takes none; beyond, the oldest are let go."""


class Books:
    """Writes the lines of *ledger* into *store*; what that does not take is kept, and written when it does again."""

    def __init__(self, ledger: Ledger, store: Store, *, most: int = MOST) -> None:
        self._ledger, self._store, self._most = ledger, store, most
        self._owed: deque[tuple[int, tuple[Line, ...]]] = deque()

    async def keep(self) -> None:
        """Write down what was sent since the last time.

        Raises:
            StoreUnavailable: the store does not take it now.
        """
        if lines := self._ledger.take():
            self._owed.append((secrets.randbits(62), lines))
        while len(self._owed) > 1 and sum(len(each) for _, each in self._owed) > self._most:
            log.error("%d lines of the ledger were let go: the store takes nothing", len(self._owed.popleft()[1]))
        while self._owed:
            await asyncio.to_thread(self._store.sent, *self._owed[0])
            self._owed.popleft()


@asynccontextmanager
async def keeping(ledger: Ledger, store: Store | None) -> AsyncIterator[None]:
    """Within this, write *ledger* into *store*, if there is one, again and again; at the end, all that it takes."""
    if store is None:
        yield
        return
    books = Books(ledger, store)

    async def go_on() -> None:
        while True:
            await asyncio.sleep(EVERY)
            with suppress(StoreUnavailable):
                await books.keep()

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            await asyncio.shield(books.keep())
        except StoreUnavailable as trouble:
            log.error("what was sent could not be written down: %s", trouble)
