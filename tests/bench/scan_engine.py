"""Our own packet process, as fast as it can, in a namespace of the bed; and what a scan by it costs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from probes.target import Address
from probes.wire import NotLooked, PortLook, PortState
from probes.wire.gathering import Swept
from probes.wire.packets.client import PacketClient
from tests.bench.scan_peers import Scan
from tests.bench.timing import MB
from tests.probes.syn_bed import Bed

FASTEST = 1e6
"""Packets a second, which nothing here reaches."""
AT_MOST = 1024
"""Addresses of one request."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Engine:
    """A running packet process, and a connection to it."""

    process: subprocess.Popen[bytes]
    client: PacketClient

    async def scan(self, hosts: Sequence[Address], ports: Sequence[int], rate: float = FASTEST) -> tuple[Scan, Swept]:
        """Scan *hosts*, in as many requests at once as it takes."""
        parts = [hosts[at : at + AT_MOST] for at in range(0, len(hosts), AT_MOST)]
        wall, own, cpu = time.perf_counter(), time.process_time(), self.cpu
        told = await asyncio.gather(
            *(self.client.scan(part, ports, rate=rate / len(parts), per_host=FASTEST) for part in parts)
        )
        wall, cpu = time.perf_counter() - wall, self.cpu - cpu + time.process_time() - own
        swept = _joined(told)
        found = {
            (str(address), look.port)
            for address, looks in swept.looks.items()
            for look in looks
            if look.state is PortState.OPEN
        }
        return Scan(frozenset(found), wall, cpu, swept.packets), swept

    @property
    def cpu(self) -> float:
        """Seconds of processor time the process has taken, sending and receiving in the kernel included."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICK

    @property
    def peak_mb(self) -> float:
        """The most memory the process has had, in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak) * 1024 / MB


@asynccontextmanager
async def engine(bed: Bed, folder: Path, *allow: str) -> AsyncIterator[Engine]:
    """Start a packet process in the bed that may scan the prefixes *allow*, and end it."""
    path = folder / "packets.sock"
    words = ["--overall", str(FASTEST), "--per-host", str(FASTEST), *(f"--allow={prefix}" for prefix in allow)]
    command = bed.ours.enter(sys.executable, "-m", "probes.wire.packets.process", "--socket", str(path), *words)
    process = subprocess.Popen(command)
    client = PacketClient(path)
    try:
        async with asyncio.timeout(30.0):
            while not await client.can_scan():
                await asyncio.sleep(0.05)
        yield Engine(process, client)
        await client.close()
    finally:
        process.terminate()
        process.wait()
        path.unlink(missing_ok=True)


def _joined(swept: Iterable[Swept]) -> Swept:
    looks: dict[Address, tuple[PortLook, ...]] = {}
    gaps: dict[Address, NotLooked] = {}
    packets = 0
    for each in swept:
        looks.update(each.looks)
        gaps.update(each.gaps)
        packets += each.packets
    return Swept(looks, gaps, packets)
