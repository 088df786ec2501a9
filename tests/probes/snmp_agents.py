"""SNMP agents on loopback: a real one, and one that misbehaves as told."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

from probes.wire.snmp import Oid
from probes.wire.snmp.ber import OCTETS, SEQUENCE, expect, read, read_integer, write, write_integer, write_oid
from probes.wire.snmp.pdu import RESPONSE

Answer = Callable[[int, bytes], bytes | None]
"""Says what to answer to the request of a number, and its octets; None keeps silent."""

CONFIGURATION = """\
rocommunity public 127.0.0.1
rocommunity6 public ::1
createUser monitor SHA-256 "labauthpass" AES "labprivpass"
createUser longer SHA-512 "labauthpass" AES "labprivpass"
rouser monitor authpriv
rouser longer authpriv
sysName core
sysDescr a router
agentaddress udp:127.0.0.1:{port},udp6:[::1]:{port}
"""


def free_port() -> int:
    """Return a UDP port of loopback that nobody listens to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def snmpd(folder: Path) -> Iterator[int]:
    """Run net-snmp's agent over both families, and yield its port."""
    port = free_port()
    (folder / "snmpd.conf").write_text(CONFIGURATION.format(port=port), encoding="ascii")
    program = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin") or "snmpd"
    own = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder / "var"), "MIBS": ""}
    files = {"-Lf": "log", "-c": "snmpd.conf", "-p": "pid"}
    told = [word for option, name in files.items() for word in (option, str(folder / name))]
    command = [program, "-f", "-C", *told]
    with subprocess.Popen(command, env=own) as agent:
        try:
            _appear(port)
            yield port
        finally:
            agent.terminate()


def _appear(port: int) -> None:
    for _ in range(100):
        looked = subprocess.run(
            ["snmpget", "-v2c", "-cpublic", "-t0.1", "-r0", f"127.0.0.1:{port}", "1.3.6.1.2.1.1.3.0"],
            capture_output=True,
            env={**os.environ, "MIBS": ""},
            check=False,
        )
        if looked.returncode == 0:
            return
    raise TimeoutError("snmpd does not answer")


class _Odd(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self._answer, self.asked = answer, 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        at, end = expect(data, 0, len(data), SEQUENCE)
        _, at = read_integer(data, at, end)
        _, at = expect(data, at, end, OCTETS)
        _, at, end = read(data, at, end)
        said = self._answer(read_integer(data, at, end)[0], data)
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)


@asynccontextmanager
async def odd(answer: Answer) -> AsyncIterator[int]:
    """Serve *answer*, and yield its port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Odd(answer), local_addr=("127.0.0.1", 0))
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


def said(number: int, *bindings: tuple[Oid, bytes], status: int = 0, community: bytes = b"public") -> bytes:
    """Return a v2c response."""
    written = [write(SEQUENCE, write_oid(oid), value) for oid, value in bindings]
    parts = write_integer(number), write_integer(status), write_integer(0), write(SEQUENCE, *written)
    return write(SEQUENCE, write_integer(1), write(OCTETS, community), write(RESPONSE, *parts))
