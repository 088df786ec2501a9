"""What passes the guard leaves nothing for the garbage collector, which would stop the event loop to find it."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress

from probes.observation import Failure
from probes.wire import Unreached
from probes.wire.ledger import What
from probes.wire.tcp import Dialer, TcpConnector
from tests.probes.wire_world import ACCOUNT, V4, guard


def left_over() -> int:
    """Return how many objects only the collector could free; it has not looked since the last call."""
    return gc.collect()


async def test_an_exchange_leaves_no_circle_behind() -> None:
    door = guard()

    async def exchange(number: int) -> None:
        with suppress(Unreached):
            async with door.admit(V4, 80, What.HTTP, ACCOUNT):
                if number % 2:
                    raise Unreached(Failure.CONNECTION_TIMEOUT)

    await exchange(0)
    left_over()
    gc.disable()
    try:
        for number in range(100):
            await exchange(number)
        assert left_over() < 100
    finally:
        gc.enable()


async def test_a_connection_leaves_no_circle_behind() -> None:
    connector = TcpConnector(guard(), Dialer())
    with socket.create_server((str(V4), 0), backlog=200) as listening:
        port = listening.getsockname()[1]
        await connector.connect(V4, port, 2.0, ACCOUNT)
        left_over()
        gc.disable()
        try:
            for _ in range(100):
                await connector.connect(V4, port, 2.0, ACCOUNT)
            assert left_over() < 100
        finally:
            gc.enable()
