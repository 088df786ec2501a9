"""Putting the wire together for one configuration: guard, engines, resolver, and the packet process beside us."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.refusal import Unequipped
from monitor.settings import Config
from probes.wire import Surroundings
from probes.wire.dns import Asker
from probes.wire.foresight import Foresight
from probes.wire.guard import Guard
from probes.wire.ledger import Ledger
from probes.wire.live import LiveWire
from probes.wire.memo import Memo
from probes.wire.pace import Pacer
from probes.wire.packets.client import PacketClient
from probes.wire.resolve import Resolver
from probes.wire.tcp import Dialer
from rules.text import Text

CAP_NET_RAW = 13
MEMORY = 120.0
"""Seconds for which targets share a measurement; less than passes before a look that has to confirm another."""

STARTING = 5.0
"""Seconds the packet process may take to begin to listen."""


@dataclass(frozen=True, slots=True)
class Outfit:
    """The wire, the packet process behind it, and the eye that runs ahead of a batch."""

    live: LiveWire
    packets: PacketClient
    foresight: Foresight


def equip(config: Config, socket: Path, pacer: Pacer | None = None, ledger: Ledger | None = None) -> Outfit:
    """Return the wire of *config*, its packet process at *socket*.

    It keeps the pace of *pacer* and writes into *ledger*, or else has its own.

    Raises:
        Unequipped: the authorities to trust cannot be read.
    """
    surroundings = around(config)
    memo = Memo(lifetime=MEMORY)
    guard = Guard(config.scope, config.limits, surroundings, pacer=pacer, ledger=ledger)
    packets = PacketClient(socket, config.limits.patience)
    resolver = Resolver(surroundings, memo)
    try:
        live = LiveWire(
            guard,
            surroundings,
            asker=Asker(
                Dialer(config.limits.source_ports, patience=config.limits.patience), config.limits.source_ports
            ),
            resolver=resolver,
            echoer=packets,
            sweeper=packets,
            memo=memo,
            authorities=config.daemon.authorities,
            keys=config.snmp_keys,
        )
    except OSError as fault:
        raise _untrusted(config, fault) from fault
    return Outfit(live, packets, Foresight(guard, resolver))


def _untrusted(config: Config, fault: OSError) -> Unequipped:
    files = ", ".join(map(str, config.daemon.authorities))
    why = fault.strerror or str(fault)
    return Unequipped(
        Text(
            f"diaolou.yaml: authorities（{files}）中有文件读不出证书，应为 PEM 格式：{why}",
            f"authorities ({files}) must be PEM files that can be read: {why}",
        )
    )


def around(config: Config) -> Surroundings:
    """Return the vantage's surroundings with the ports that the policy wants looked at."""
    ports = {*config.policy.dangerous_ports, *config.policy.watched_ports}
    return replace(config.surroundings, scan_ports=tuple(sorted(ports)))


@asynccontextmanager
async def packet_process(directory: Path, socket: Path) -> AsyncIterator[Path]:
    """Yield the socket of a packet process: the service's, if there is one, or that of a child of ours.

    Without the right to raw sockets no child is started, pings become gaps, and ports are looked at by connecting.
    """
    if socket.exists() or not may_send_raw():
        yield socket
        return
    with tempfile.TemporaryDirectory(prefix="diaolou-") as folder:
        own = Path(folder) / "packets.sock"
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "probes.wire.packets.process",
            "--config",
            str(directory),
            "--socket",
            str(own),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _appear(own, child)
            yield own
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


def may_send_raw() -> bool:
    """Say whether this process holds CAP_NET_RAW."""
    status = Path(f"/proc/{os.getpid()}/status").read_text(encoding="ascii", errors="replace")
    effective = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) >> CAP_NET_RAW & 1)


async def _appear(path: Path, child: asyncio.subprocess.Process) -> None:
    """Wait until *path* is there; a child that ends first is one that cannot look, which is a gap."""
    for _ in range(int(STARTING / 0.05)):
        if path.exists() or child.returncode is not None:
            return
        await asyncio.sleep(0.05)
