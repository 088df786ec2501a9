"""Loopback servers, good and bad, and a guard that lets only loopback be talked to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address, ip_network
from math import inf

from probes.target import Address
from probes.wire import Surroundings
from probes.wire.account import Account
from probes.wire.guard import Guard
from probes.wire.scope import Limits, Scope
from tests.lab.hostile_http import Script, play

V4, V6 = ip_address("127.0.0.1"), ip_address("::1")
LOOPBACK = Scope(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
FREE = Limits(overall=inf, per_host=inf, per_agency=inf, concurrent=1000, per_host_concurrent=1000, syn=True)
ACCOUNT = Account("www.example", "town")

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def guard(scope: Scope = LOOPBACK, limits: Limits = FREE, own: Surroundings | None = None, **more: bool) -> Guard:
    return Guard(scope, limits, own, **more)


@asynccontextmanager
async def serving(handler: Handler, address: Address = V4, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve *handler* on a port of its own; when left, whoever still talks is cut off."""
    talking: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            talking.discard(task)
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle, str(address), 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(talking):
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


def playing(script: Script) -> Handler:
    """Return a handler that waits for a request and then plays *script*."""
    return lambda reader, writer: play(script, reader, writer)


def saying(data: bytes) -> Handler:
    """Return a handler that reads a request, says *data*, and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(data)
        await writer.drain()

    return handle
