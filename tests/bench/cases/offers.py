"""What TLS servers accept, found out by our hellos and by nmap's ssl-enum-ciphers, at one nginx in one run."""

from __future__ import annotations

import asyncio
import re
import resource
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from probes.offer import Offer
from probes.target import Address
from probes.wire.account import Account, Budget
from probes.wire.greeter import Greeter
from probes.wire.greeting import Greeting, Hello, TlsVersion
from probes.wire.guard import Guard
from probes.wire.tcp import Dialer
from probes.wire.tls_suites import SuiteKind
from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.web_clients import FREE, LOOPBACK, PLACES
from tests.bench.web_server import ZONE, nginx

TITLE = Text("TLS 版本与套件清点", "An inventory of TLS versions and suites")
LIMIT = 120.0
SERVICES = 200
BY_NMAP = 10
"""Services nmap has to look at: it takes half a second for one."""
AT_ONCE = 20
TRUE = {"TLSv1.2", "TLSv1.3"}
BAR = 0.04
"""What our processor time for a service may be, as a ratio to nmap's, whose start is part of it."""


def run(folder: Path) -> Iterator[Figure]:
    """Look at services in order, by both."""
    with nginx(folder, 100) as server:
        wall, cpu = time.perf_counter(), time.process_time()
        questions, wrong = asyncio.run(_all(server.port))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peer, missed = _nmap(server.port)
    yield figure("engine.rate", "清点的服务", "services understood", SERVICES / wall, "/s")
    yield figure("engine.connections", "每个服务的连接数", "connections to a service", questions / SERVICES, "", 5)
    yield figure("engine.cpu", "每个服务的处理器时间", "CPU per service", cpu / SERVICES * 1000, "ms")
    yield figure("engine.wrong", "与事实不符", "not true", wrong, "", 0)
    yield figure("nmap.cpu", "nmap：每个服务的处理器时间", "nmap: CPU per service", peer * 1000, "ms")
    yield figure("nmap.wrong", "nmap：与事实不符", "nmap: not true", missed)
    zh, en = "每个服务的处理器时间与 nmap 之比", "CPU per service, ratio to nmap"
    yield figure("ratio.nmap", zh, en, cpu / SERVICES / peer, "×", BAR)


async def _all(port: int) -> tuple[int, int]:
    """Look at all services; return how many questions that took, and how many services were misunderstood."""
    greeter, left = Greeter(Guard(LOOPBACK, FREE), Dialer()), iter(range(SERVICES))
    asked, wrong = 0, 0

    async def ask(place: Address, name: str, newest: TlsVersion, kinds: frozenset[SuiteKind]) -> Greeting:
        nonlocal asked
        asked += 1
        return await greeter.greet(Hello(place, port, name, newest, kinds), Account(name, "bench", budget=Budget()))

    async def work() -> None:
        nonlocal wrong
        for number in left:
            offer = Offer(partial(ask, PLACES[number % 2], f"site{number}.{ZONE}"))
            await offer.explore()
            wrong += set(offer.accepted) != TRUE or bool(offer.weaknesses) or offer.open_versions or offer.open_suites

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return asked, wrong


def _nmap(port: int) -> tuple[float, int]:
    """Return nmap's processor seconds for a service, and how many it misunderstood."""
    before, wrong = _children(), 0
    for number in range(BY_NMAP):
        place = PLACES[number % 2]
        family = ["-6"] if place.version == 6 else []
        command = ["nmap", *family, "-n", "-Pn", "-p", str(port), "--script", "ssl-enum-ciphers", str(place)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        wrong += set(re.findall(r"TLSv1\.\d", said)) != TRUE
    return (_children() - before) / BY_NMAP, wrong


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
