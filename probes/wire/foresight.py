"""Finding the addresses of a batch's names at once, so that the looks that follow need not ask one by one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from probes.wire.account import Account
from probes.wire.dns_bulk import ROWS, Manner, ask
from probes.wire.dns_columns import Names, plain
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.resolve import Resolver, canonical
from probes.wire.scope import Limits

NAMES = 65_536
"""Names asked for at once."""
WINDOW = 1024
"""Questions under way at most: more would overrun the buffers of many servers."""
DEADLINE = 60.0
"""Seconds a batch waits for it at most; names not found by then are resolved when they are looked at."""
_SHARE = 0.01
"""The part of a second's datagrams let out at once: more would overrun the pace."""
_OURSELVES = ""


class Foresight:
    """Asks our first resolver that works for many names, and has *resolver* remember what it said plainly.

    Failures of any kind are not remembered: whatever was not plain is asked for again, with all the care it needs.
    Datagrams count against the overall pace, like any to a resolver of ours.
    """

    def __init__(self, guard: Guard, resolver: Resolver) -> None:
        self._guard, self._resolver = guard, resolver

    async def resolve_all(self, names: Iterable[str]) -> None:
        """Find the addresses of those *names* that are not known."""
        wanted = (name for name in dict.fromkeys(map(canonical, names)) if plain(name))
        unknown = (name for name in wanted if not self._resolver.knows(name))
        while batch := list(islice(unknown, NAMES)):
            await self._ask(batch)

    async def _ask(self, batch: list[str]) -> None:
        server = self._resolver.recursion.first()
        if server is None:
            return
        port, account = self._resolver.recursion.port, Account(_OURSELVES)
        harvest = await ask(
            server,
            port,
            Names.of(batch),
            lambda packets: self._guard.admit(server, port, What.DNS, account, packets=packets),
            _manner(self._guard.limits),
        )
        for number, resolution in harvest.resolutions():
            self._resolver.learn(batch[number], resolution)


def _manner(limits: Limits) -> Manner:
    burst = int(min(ROWS, max(1.0, limits.overall * _SHARE)))
    return Manner(burst, max(1, min(WINDOW, limits.concurrent // 2)), DEADLINE)
