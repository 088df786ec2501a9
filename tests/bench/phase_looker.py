"""The phases of the same fetches by our engine and by curl, over a line with delay: run in a namespace of its own.

`python -m tests.bench.phase_looker FOLDER` prints one line of JSON: by client, by phase, the seconds of every fetch.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network
from math import inf
from pathlib import Path

from probes.target import Address
from probes.wire import HttpExchange, HttpRequest
from probes.wire.account import Account, Budget
from probes.wire.guard import Guard
from probes.wire.http import Fetcher
from probes.wire.scope import Limits, Scope
from probes.wire.tcp import Dialer
from probes.wire.tls import TlsClient
from tests.bench.slow_wire import FAR
from tests.bench.web_server import ZONE, WebServer, nginx

DELAY = 0.01
"""Seconds a packet is under way."""
SIZE = 60_000
"""Bytes of the page: some more than a server sends before it has heard from us, in records of its own size."""
STARTS = {"engine": 100.0, "curl": 20.0}
"""Fetches begun each second; curl is a process each time, and would only measure how busy the machine is."""
FETCHES = {"engine": 100, "curl": 30}
"""Fetches of a turn."""
TURNS = 6
"""How often both have their turn: what else the machine does disturbs them alike."""
PHASES = ("connect", "tls", "first_byte", "transfer")
_PLACES: tuple[Address, ...] = tuple(ip_address(each) for each in FAR)
_NAME = f"www.{ZONE}"

Times = dict[str, float]


def main(folder: Path) -> None:
    """Look with both, in turns."""
    wire = subprocess.Popen([sys.executable, "-m", "tests.bench.slow_wire", str(DELAY)], stdout=subprocess.PIPE)
    try:
        assert wire.stdout is not None
        if wire.stdout.readline() != b"ready\n":
            raise SystemExit("no line with delay can be made here")
        with nginx(folder, SIZE, 443) as server:
            found: dict[str, list[Times]] = {"engine": [], "curl": []}
            for _ in range(TURNS):
                found["engine"] += asyncio.run(_engine(server))
                found["curl"] += asyncio.run(_curl(server))
    finally:
        wire.terminate()
        wire.wait()
    print(json.dumps(found))


async def _engine(server: WebServer) -> list[Times]:
    scope = Scope(allow=tuple(ip_network(place) for place in _PLACES))
    limits = Limits(overall=inf, per_host=inf, per_agency=inf, concurrent=1000, per_host_concurrent=1000)
    fetcher = Fetcher(Guard(scope, limits), Dialer(), TlsClient([server.authority]), "Diaolou")

    async def fetch(place: Address) -> Times:
        request = HttpRequest("https", place, server.port, _NAME)
        exchange: HttpExchange = await fetcher.fetch(request, Account(_NAME, "bench", budget=Budget()))
        if len(exchange.body) != SIZE:
            raise SystemExit(f"{len(exchange.body)} bytes came")
        phases = exchange.phases
        return {**{name: getattr(phases, name) for name in PHASES}, "lag": phases.lag, "timely": float(phases.timely)}

    return await _paced("engine", fetch)


async def _curl(server: WebServer) -> list[Times]:
    told = "%{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total}"

    async def fetch(place: Address) -> Times:
        literal = f"[{place}]" if place.version == 6 else str(place)
        where = ["--connect-to", f"{_NAME}:443:{literal}:443", f"https://{_NAME}/"]
        options = ["--http1.1", "--silent", "--cacert", str(server.authority), "--output", "/dev/null"]
        child = await asyncio.create_subprocess_exec(
            "curl", *options, "--write-out", told, *where, stdout=asyncio.subprocess.PIPE
        )
        connect, tls, first, total = map(float, (await child.communicate())[0].split())
        return {"connect": connect, "tls": tls - connect, "first_byte": first - tls, "transfer": total - first}

    return await _paced("curl", fetch)


async def _paced(client: str, fetch: Callable[[Address], Awaitable[Times]]) -> list[Times]:
    loop = asyncio.get_running_loop()
    began, pending = loop.time(), []
    for number in range(FETCHES[client]):
        await asyncio.sleep(began + number / STARTS[client] - loop.time())
        pending.append(asyncio.ensure_future(fetch(_PLACES[number % 2])))
    return await asyncio.gather(*pending)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
