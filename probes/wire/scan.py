"""Ports of one address, by whichever engine there is: SYNs through the packet process, or connections of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import TypeVar

from probes.observation import Failure
from probes.target import Address
from probes.wire import NotLooked, PortLook, PortState, Unreached
from probes.wire.account import Account
from probes.wire.gathering import Gathering, Sweeper
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.tcp import TcpConnector

T = TypeVar("T")

_PORTS_AT_ONCE = 1024
_CONNECTING = 4.0
"""Seconds a port has to answer a connection."""
_CLOSED = frozenset({Failure.CONNECTION_REFUSED, Failure.CONNECTION_RESET})
_UNREACHABLE = frozenset({Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.ADMIN_PROHIBITED})


class PortScanner:
    """Answers which ports are open, closed, filtered and unreachable; both engines give the same answers."""

    def __init__(self, guard: Guard, sweeper: Sweeper, connector: TcpConnector) -> None:
        self._guard, self._sweeper, self._connector = guard, sweeper, connector
        self._gathering = Gathering(sweeper)

    async def scan(self, address: Address, ports: Sequence[int], account: Account) -> tuple[PortLook, ...]:
        """Look at *ports* of *address*.

        Raises:
            NotLooked: at one of them could not be looked; then none is waited for.
        """
        mapped = getattr(address, "ipv4_mapped", None) is not None
        if self._guard.limits.syn and not mapped and await self._sweeper.can_scan():
            # A second's worth at a time: the guard goes on being asked, and others get their turns.
            size = int(min(max(self._guard.limits.per_host, 1), _PORTS_AT_ONCE))
            parts = [ports[at : at + size] for at in range(0, len(ports), size)]
            swept = await _all(self._sweep(address, part, account) for part in parts)
            return tuple(look for looks in swept for look in looks)
        waiting = iter(ports)

        async def some() -> list[PortLook]:
            return [await self._connect(address, port, account) for port in waiting]

        # The guard lets no more of them through at once, and the others would only wait.
        found = await _all(some() for _ in ports[: self._guard.limits.per_host_concurrent])
        looks = {look.port: look for part in found for look in part}
        return tuple(looks[port] for port in ports)

    async def _sweep(self, address: Address, ports: Sequence[int], account: Account) -> tuple[PortLook, ...]:
        limits = self._guard.limits
        async with self._guard.admit(address, 0, What.SYN, account, packets=len(ports)) as errand:
            swath = await self._gathering.scan(address, ports, rate=limits.overall, per_host=limits.per_host)
            errand.resent(swath.again)
            if isinstance(swath.looks, NotLooked):
                raise type(swath.looks)(swath.looks.reason, swath.looks.detail)
            return swath.looks

    async def _connect(self, address: Address, port: int, account: Account) -> PortLook:
        try:
            patience = _CONNECTING * self._guard.limits.patience
            seconds = await self._connector.connect(address, port, patience, account)
        except Unreached as refusal:
            return PortLook(port, refused(refusal.failure))
        return PortLook(port, PortState.OPEN, seconds)


def refused(failure: Failure) -> PortState:
    """Return what a port is that a connection to ended with *failure*."""
    if failure in _CLOSED:
        return PortState.CLOSED
    return PortState.UNREACHABLE if failure in _UNREACHABLE else PortState.FILTERED


async def _all(looks: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """Take all *looks* together; one that raises ends the others."""
    running = [asyncio.ensure_future(look) for look in looks]
    try:
        return await asyncio.gather(*running)
    finally:
        for unfinished in running:
            unfinished.cancel()
        await asyncio.gather(*running, return_exceptions=True)
