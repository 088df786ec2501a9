"""Checking many websites over HTTPS: by our own engine, and by Prometheus's blackbox_exporter."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from math import inf
from pathlib import Path

from probes.target import Address
from probes.wire import HttpRequest
from probes.wire.account import Account, Budget
from probes.wire.guard import Guard
from probes.wire.http1 import Http1Reply
from probes.wire.http_asking import asking
from probes.wire.ledger import What
from probes.wire.scope import Limits, Scope
from probes.wire.tcp import Dialer
from probes.wire.tls import TlsClient
from probes.wire.tls_chain import ChainJudge
from probes.wire.watch import watched
from tests.bench.web_server import ZONE, WebServer, await_port

AT_ONCE = 50
"""Checks in hand, for everyone."""
SIZE = 8192
PLACES: tuple[Address, ...] = (ip_address("127.0.0.1"), ip_address("::1"))
FREE = Limits(overall=inf, per_host=inf, per_agency=inf, concurrent=1000, per_host_concurrent=1000)
LOOPBACK = Scope(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
_TICK = os.sysconf("SC_CLK_TCK")

Check = tuple[Address, str]
"""An address to check, and the name to ask it for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a client needed for *checks* checks, and how many of them it got wrong."""

    checks: int
    wall: float
    cpu: float
    wrong: int

    @property
    def per_check(self) -> float:
        """Milliseconds of processor time for a check."""
        return self.cpu / self.checks * 1000


def checks(sites: int) -> list[Check]:
    """Return both addresses of each of *sites* names."""
    return [(place, f"site{number}.{ZONE}") for number in range(sites) for place in PLACES]


def engine(server: WebServer, todo: Sequence[Check], folder: Path) -> Checked:
    """Check by our own engine: page, verification, and the whole chain, off one connection."""
    return asyncio.run(_engine(server, todo))


async def _engine(server: WebServer, todo: Sequence[Check]) -> Checked:
    guard, dialer, tls, judge = Guard(LOOPBACK, FREE), Dialer(), TlsClient([server.authority]), ChainJudge()

    async def check(place: Address, name: str) -> bool:
        request = HttpRequest("https", place, server.port, name)
        account = Account(name, "bench", budget=Budget())
        async with guard.admit(place, server.port, What.HTTP, account) as errand, watched(request.timeout) as watch:
            stream = await dialer.dial(errand)
            try:
                secured = await tls.start(stream, name, (b"http/1.1",), hold=True)
                reply = Http1Reply(secured, request, watch)
                await reply.run(asking(request, "Diaolou"))
                chain = secured.chain
                faults = judge.faults(chain, secured.complaints, name)
                stream.finish()
                exchange = reply.exchange(0.0, 0.0)
                return exchange.status == 200 and len(exchange.body) == SIZE and len(chain) == 2 and not faults
            finally:
                stream.close()

    wall, cpu = time.perf_counter(), time.process_time()
    wrong = await _all(todo, check)
    return Checked(len(todo), time.perf_counter() - wall, time.process_time() - cpu, wrong)


def blackbox(server: WebServer, todo: Sequence[Check], folder: Path) -> Checked:
    """Check by blackbox_exporter, which tells of a chain when it expires and nothing more."""
    config = folder / "blackbox.yml"
    config.write_text(
        "modules: {https: {prober: http, timeout: 10s, http: {fail_if_not_ssl: true, "
        f"tls_config: {{ca_file: {server.authority}}}}}}}}}\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = int(sock.getsockname()[1])
    program = shutil.which("prometheus-blackbox-exporter") or "/usr/bin/prometheus-blackbox-exporter"
    listen = f"--web.listen-address=127.0.0.1:{port}"
    exporter = subprocess.Popen([program, f"--config.file={config}", listen, "--log.level=error"])
    try:
        await_port(port, exporter)
        return asyncio.run(_blackbox(server, todo, port, exporter.pid))
    finally:
        exporter.terminate()
        exporter.wait()


async def _blackbox(server: WebServer, todo: Sequence[Check], port: int, pid: int) -> Checked:
    async def check(place: Address, name: str) -> bool:
        literal = f"[{place}]" if place.version == 6 else str(place)
        asked = f"/probe?module=https&hostname={name}&target=https://{literal}:{server.port}/"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {asked} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        try:
            return b"\nprobe_success 1\n" in await reader.read(-1)
        finally:
            writer.close()

    wall, cpu = time.perf_counter(), _cpu(pid)
    wrong = await _all(todo, check)
    return Checked(len(todo), time.perf_counter() - wall, _cpu(pid) - cpu, wrong)


async def _all(todo: Sequence[Check], check: Callable[[Address, str], Awaitable[bool]]) -> int:
    """Do all checks, AT_ONCE in hand; return how many came out wrong."""
    left, wrong = iter(todo), 0

    async def work() -> None:
        nonlocal wrong
        for place, name in left:
            wrong += not await check(place, name)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return wrong


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
