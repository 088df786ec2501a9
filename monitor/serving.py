"""Serving the metrics page while the daemon runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from exporters.metrics_app import MetricsApp
from monitor.inbox import Inbox
from monitor.refusal import EX_FAILED, Unequipped
from monitor.settings.daemon import Endpoint
from probes.target import Family
from rules.text import Text

METRICS = Text("指标", "the metrics")


class _Server(uvicorn.Server):
    """A server that leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serving(app: MetricsApp | Inbox, listen: Endpoint, what: Text = METRICS) -> AsyncIterator[None]:
    """Serve *app* at *listen* as long as the context lasts; *what* it is, should that not be possible.

    Raises:
        Unequipped: the address cannot be listened at.
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
    try:
        outlet = socket.create_server((str(listen.address), listen.port), family=family)
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        text = Text(f"{what.zh}地址 {listen} 无法监听：{why}", f"{what.en} cannot be served at {listen}: {why}")
        raise Unequipped(text, EX_FAILED) from fault
    task = asyncio.create_task(server.serve([outlet]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
