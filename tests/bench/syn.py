"""The SYN engine beside masscan and nmap, on the same hosts in the same run: `python -m tests.bench.syn [--json FILE]`.

1,000 hosts × 1,000 ports a family, some silent, the engine at full speed and at fixed rates. The kernel of the hosts
answers on the same machine, so that about half of the time is theirs; ratios travel, absolute figures do not. CPU is
that of the scanning program alone, start and end included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

import numpy

from probes.target import Family
from probes.wire import PortState
from probes.wire.packets.client import PacketClient
from tests.probes.syn_bed import Bed, bed, host, truth

MEANT = {family: [host(index, family) for index in range(1000)] for family in Family}
PORTS = range(1, 1001)
UNLIMITED = 1e7
_PLACE = {address: index for addresses in MEANT.values() for index, address in enumerate(addresses)}
_OPEN = frozenset((index, port) for index in range(1000) for port in PORTS if truth(index, port) is PortState.OPEN)
_ANSWERING = sum(truth(index, port) is not PortState.FILTERED for index in range(1000) for port in PORTS)


@dataclass(frozen=True, slots=True)
class Result:
    """One run; *recall* is of open ports, *wrong* counts those said to be open that are not, or else misjudged."""

    who: str
    family: Family
    wall: float
    cpu: float
    recall: float
    wrong: int
    rate: float | None = None
    """Packets a second while the first round was sent."""

    @property
    def speed(self) -> float:
        """Answering ports found a second."""
        return _ANSWERING * self.recall / self.wall

    @property
    def economy(self) -> float:
        """Answering ports found a CPU-second."""
        return _ANSWERING * self.recall / self.cpu


@contextmanager
def _clocked(spent: dict[str, float]) -> Iterator[None]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    yield
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent.setdefault("wall", time.monotonic() - began)
    spent["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def _ours(world: Bed, family: Family, rate: float, ports: Sequence[int] = PORTS) -> Result:
    spent: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, _clocked(spent):
        path = Path(folder) / "packets.sock"
        limits = "--overall=10000000", "--per-host=1000000", "--allow=198.18.80.0/22", "--allow=2001:db8:80::/112"
        process = await asyncio.create_subprocess_exec(
            *world.ours.enter(sys.executable, "-m", "probes.wire.packets.process", *limits, f"--socket={path}"),
            stderr=subprocess.DEVNULL,
        )
        while not path.exists():
            await asyncio.sleep(0.01)
        client = PacketClient(path)
        watching = asyncio.create_task(_rate(world, len(ports) * 1000))
        began = time.monotonic()
        swept = await client.scan(MEANT[family], ports, rate=rate, per_host=UNLIMITED)
        spent["wall"] = time.monotonic() - began
        measured = await watching
        await client.close()
        process.terminate()
        await process.wait()
    found, wrong = set(), 0
    for index, address in enumerate(MEANT[family]):
        for look in swept.looks[address]:
            if look.state is PortState.OPEN:
                found.add((index, look.port))
            wrong += look.state is not truth(index, look.port)
    true = {(index, port) for index, port in _OPEN if port in ports}
    return Result("diaolou", family, spent["wall"], spent["cpu"], len(found & true) / len(true), wrong, measured)


async def _rate(world: Bed, packets: int) -> float:
    """Return how many packets a second leave, over the middle of the first round of *packets*."""
    before, (first, last) = _sent(world), (packets * 0.2, packets * 0.8)
    while (begin := _sent(world)) - before < first:
        await asyncio.sleep(0.02)
    began = time.monotonic()
    while (end := _sent(world)) - before < last:
        await asyncio.sleep(0.02)
    return (end - begin) / (time.monotonic() - began)


def _sent(world: Bed) -> int:
    told = Path(f"/proc/{world.ours.holder.pid}/net/dev").read_text(encoding="ascii")
    return int(next(line for line in told.splitlines() if line.strip().startswith("out:")).split()[10])


def _peer(who: str, world: Bed, family: Family, command: Sequence[str], pattern: str) -> Result:
    spent: dict[str, float] = {}
    with _clocked(spent):
        told = subprocess.run(world.ours.enter(*command), capture_output=True, text=True, check=True).stdout
    found = {(_PLACE[ip_address(address)], int(port)) for address, port in _pairs(who, told, pattern)}
    recall, wrong = len(found & _OPEN) / len(_OPEN), len(found - _OPEN)
    return Result(who, family, spent["wall"], spent["cpu"], recall, wrong)


def _pairs(who: str, told: str, pattern: str) -> Iterator[tuple[str, str]]:
    for line in told.splitlines():
        if who == "masscan":
            if match := re.match(pattern, line):
                yield match["address"], match["port"]
        elif match := re.match(pattern, line):
            for port in re.findall(r"(\d+)/open/tcp", line):
                yield match["address"], port


def _masscan(world: Bed, family: Family) -> Result:
    hosts = f"{MEANT[family][0]}-{MEANT[family][-1]}"
    mac = _mac(world)
    command = ["masscan", "-p1-1000", hosts, "--rate=1000000", "--wait=4", "-i", "out", "-oL", "-"]
    own = "198.18.79.2" if family is Family.IPV4 else "2001:db8:79::2"
    more = [f"--router-mac-{family}={mac}", f"--adapter-ip={own}"]
    return _peer("masscan", world, family, command + more, r"open tcp (?P<port>\d+) (?P<address>\S+)")


def _mac(world: Bed) -> str:
    told = world.theirs.run("ip -o link show in")
    return told.split("link/ether ")[1].split()[0]


def _nmap(world: Bed, family: Family) -> Result:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
        listing.write("\n".join(map(str, MEANT[family])))
        listing.flush()
        hosts = ["-iL", listing.name]
        six = ["-6"] if family is Family.IPV6 else []
        command = ["nmap", *six, "-sS", "-n", "-Pn", "-T4", "--min-rate=50000", "-p1-1000", "-oG", "-", *hosts]
        return _peer("nmap", world, family, command, r"Host: (?P<address>\S+) .*Ports: ")


async def _measure(peers: Sequence[str], rates: Sequence[float]) -> list[Result]:
    results = []
    with bed() as world:
        for family in Family:
            results.append(await _ours(world, family, UNLIMITED))
            for name in peers:
                results.append((_masscan if name == "masscan" else _nmap)(world, family))
        for rate in rates:
            for family in Family:
                ports = range(1, 1 + max(10, min(1000, int(rate * 6 / 1000))))
                results.append(await _ours(world, family, rate, ports))
    return results


def main() -> None:
    """Measure, and print a table; with --json, write the figures too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers", nargs="*", default=["masscan", "nmap"])
    parser.add_argument("--rates", nargs="*", type=float, default=[1000.0, 10_000.0, 50_000.0])
    options = parser.parse_args()
    peers = [name for name in options.peers if shutil.which(name)]
    results = asyncio.run(_measure(peers, options.rates))
    print(f"{platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, numpy {numpy.__version__}")
    for each in results:
        rate = "" if each.rate is None else f"  {each.rate:9,.0f} packets/s"
        print(
            f"{each.who:8} {each.family}  {each.wall:6.1f} s  {each.cpu:6.1f} CPU s  "
            f"recall {each.recall:.4f}  wrong {each.wrong}{rate}"
        )
    for family in Family:
        ours, *others = [each for each in results if each.family is family][: 1 + len(peers)]
        for other in others:
            print(
                f"{family}: {ours.speed / other.speed:.2f} × {other.who} a second, "
                f"{ours.economy / other.economy:.2f} × a CPU-second"
            )
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in results], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
