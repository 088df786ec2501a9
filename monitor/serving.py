"""Serving the metrics page while the daemon runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from exporters.metrics_app import MetricsApp
from monitor.settings.daemon import Endpoint
from probes.target import Family


class _Server(uvicorn.Server):
    """A server that leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serving(app: MetricsApp, listen: Endpoint) -> AsyncIterator[None]:
    """Serve *app* at *listen* as long as the context lasts.

    Raises:
        OSError: the address cannot be listened at.
    """
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            limit_concurrency=64,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=1,
        )
    )
    family = Family.of(listen.address).socket_family
    outlet = socket.create_server((str(listen.address), listen.port), family=family)
    task = asyncio.create_task(server.serve([outlet]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
